//! The way of pages whose links are not in page order: a tree by html5ever's tree builder, scripting off.
//!
//! In: the page, through the tokenizer of stage 1. Out: its links, as written, and the first `<base>`; or
//! nothing, once the tree costs more than it may. Nodes hold no more than links need.

mod feed;
mod load;
mod sink;

use super::text;
use crate::Link;
use sink::{Dom, Kind, NodeId};

/// What a page's tree holds for us.
pub(crate) struct Found {
    pub(crate) links: Vec<Link>,
    pub(crate) base: Option<String>,
}

/// The links of `page`; `None` where the tree gets too deep, too large or too costly, or a formatting element has too many attributes.
pub(crate) fn find(page: &[u8]) -> Option<Found> {
    walk(&feed::tree_of(page)?, page.len())
}

/// Goes through the tree in order, without recursion.
fn walk(dom: &Dom, page_len: usize) -> Option<Found> {
    let mut found = Found { links: Vec::new(), base: None };
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    // Links may hold links, and may have been opened again and again: all of them must not outgrow the page.
    let mut room = page_len.saturating_mul(8) + 10_000;
    let mut next = dom.first_child(Dom::DOCUMENT);
    while let Some(node) = next {
        match &*dom.kind(node) {
            Kind::Link(href) => {
                room = room.checked_sub(href.len())?;
                open.push((node, found.links.len()));
                found.links.push(Link { text: String::new(), href: href.to_string() });
            }
            Kind::Base(href) if found.base.is_none() => found.base = Some(href.to_string()),
            Kind::Text(text) => {
                for &(_, link) in &open {
                    room = room.checked_sub(text.len())?;
                    text::push_collapsed(&mut found.links[link].text, text);
                }
            }
            _ => {}
        }
        next = dom.first_child(node).or_else(|| {
            let mut node = node;
            loop {
                if let Some(&(last, _)) = open.last()
                    && last == node
                {
                    open.pop();
                }
                if let Some(sibling) = dom.next_sibling(node) {
                    return Some(sibling);
                }
                node = dom.parent(node)?;
            }
        });
    }
    for link in &mut found.links {
        text::finish(&mut link.text);
    }
    Some(found)
}
