//! The links of a tree, in its order.

use super::{NodeId, NodeKind, NodeTree, linked};
use crate::{
    Extraction, Links, Method,
    html::{
        canonicalizer::TextKind,
        found::FoundLinks,
        text::{self, Collapse},
        title,
        tokenize::Span,
    },
};

/// The links of the tree; `None` where they take too much memory or time: links can
/// hold links, and can be cloned many times.
pub(in crate::html) fn links_of(page: &[u8], nodes: &NodeTree) -> Option<FoundLinks> {
    let mut walk = Walk { page, room: page.len().saturating_mul(8) + 10_000, ..Walk::default() };
    let mut next = Some(NodeTree::DOCUMENT);
    while let Some(node) = next {
        walk.enter(nodes, node)?;
        next = Walk::first_child(nodes, node).or_else(|| walk.after(nodes, node));
    }
    let mut list = Links::default();
    for link in walk.links {
        list.push(&link.href, &link.text);
    }
    let title = walk.title.and_then(|content| title::of_element(&page[content.range()]));
    let extraction = Extraction { links: list, title, method: Method::Tree, ..Extraction::default() };
    Some(FoundLinks { extraction, base: walk.base })
}

#[derive(Default)]
struct Walk<'a> {
    page: &'a [u8],
    links: Vec<GatheredLink>,
    base: Option<String>,
    /// The content of the first title.
    title: Option<Span>,
    /// The nodes of the open links, and their positions among all.
    open: Vec<(NodeId, usize)>,
    /// How many more nodes and bytes of hrefs and texts there is room for.
    room: usize,
}

/// A link whose text may continue after that of other links.
#[derive(Default)]
struct GatheredLink {
    href: String,
    text: String,
    collapse: Collapse,
}

impl Walk<'_> {
    /// Notes what the node means for links; `None` where there is no more room.
    fn enter(&mut self, nodes: &NodeTree, node: NodeId) -> Option<()> {
        self.room = self.room.checked_sub(1)?;
        match nodes.get(node).kind {
            NodeKind::Link(href) => {
                let href = text::attribute_value(&self.page[href.range()]);
                self.room = self.room.checked_sub(href.len())?;
                self.open.push((node, self.links.len()));
                self.links.push(GatheredLink { href, ..GatheredLink::default() });
            }
            NodeKind::Base(href) if self.base.is_none() => {
                self.base = Some(text::attribute_value(&self.page[href.range()]));
            }
            NodeKind::Title(content) if self.title.is_none() => self.title = Some(content),
            NodeKind::Text(span, kind) => self.text(span, kind)?,
            _ => {}
        }
        Some(())
    }

    fn first_child(nodes: &NodeTree, node: NodeId) -> Option<NodeId> {
        let is_template = matches!(nodes.get(node).kind, NodeKind::Template | NodeKind::Patch { .. });
        linked(nodes.get(node).first).filter(|_| !is_template)
    }

    /// The node after `node` and its children.
    fn after(&mut self, nodes: &NodeTree, mut node: NodeId) -> Option<NodeId> {
        loop {
            self.open.pop_if(|(last, _)| *last == node);
            if let Some(sibling) = linked(nodes.get(node).next) {
                return Some(sibling);
            }
            node = linked(nodes.get(node).parent)?;
        }
    }

    fn text(&mut self, span: Span, kind: TextKind) -> Option<()> {
        if self.open.is_empty() {
            return Some(());
        }
        for (index, part) in self.page[span.range()].split(|&c| c == 0).enumerate() {
            if index > 0 && kind.keeps_nul {
                self.push("\u{FFFD}")?;
            }
            let part = text::normalized(part);
            let part = if kind.references { text::with_references_decoded(part) } else { part };
            self.push(&part)?;
        }
        Some(())
    }

    fn push(&mut self, text: &str) -> Option<()> {
        for &(_, link) in &self.open {
            self.room = self.room.checked_sub(text.len())?;
            let link = &mut self.links[link];
            link.collapse.push(text, |words| link.text.push_str(words));
        }
        Some(())
    }
}
