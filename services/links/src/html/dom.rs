//! Pages whose links are not in page order: a tree by html5ever's tree builder, scripting off.
//!
//! Its tokens are those of stage 1. Nodes hold no more than links need; a tree that exceeds its budget gives nothing.

mod feed;
mod load;
mod sink;

use super::{encoding::PageEncoding, text::Collapse, tree::Bailout};
use crate::Links;
use html5ever::tendril::StrTendril;
use sink::{Dom, Node, NodeId, NodeKind, linked};

/// The links of `page` and its base, as written.
pub(crate) fn find(
    page: &[u8],
    encoding: &mut PageEncoding,
    steps_left: &mut usize,
) -> Result<(Links, Option<String>), Bailout> {
    walk(&feed::tree_of(page, encoding, steps_left)?, page.len()).ok_or(Bailout::TooCostly)
}

/// Goes through the tree in order, without recursion.
fn walk(nodes: &[Node], page_len: usize) -> Option<(Links, Option<String>)> {
    let mut base = None;
    let mut links: Vec<Gathered> = Vec::new();
    let mut open: Vec<(NodeId, usize)> = Vec::new();
    // Links can hold links, and can be cloned many times: together they must stay in proportion to the page.
    let mut room = page_len.saturating_mul(8) + 10_000;
    let mut next = linked(nodes[Dom::DOCUMENT as usize].first);
    while let Some(node) = next {
        match &nodes[node as usize].kind {
            NodeKind::Link(href) => {
                room = room.checked_sub(href.len())?;
                open.push((node, links.len()));
                links.push(Gathered { href: href.clone(), ..Gathered::default() });
            }
            NodeKind::Base(href) if base.is_none() => base = Some(href.to_string()),
            NodeKind::Text(text) => {
                for &(_, link) in &open {
                    room = room.checked_sub(text.len())?;
                    let link = &mut links[link];
                    link.collapse.push(text, |words| link.text.push_str(words));
                }
            }
            _ => {}
        }
        next = linked(nodes[node as usize].first).or_else(|| {
            let mut node = node;
            loop {
                open.pop_if(|(last, _)| *last == node);
                if let Some(sibling) = linked(nodes[node as usize].next) {
                    return Some(sibling);
                }
                node = linked(nodes[node as usize].parent)?;
            }
        });
    }
    let mut list = Links::default();
    for link in links {
        list.push(&link.href, &link.text);
    }
    Some((list, base))
}

/// A link whose text may continue after that of other links.
#[derive(Default)]
struct Gathered {
    href: StrTendril,
    text: String,
    collapse: Collapse,
}
