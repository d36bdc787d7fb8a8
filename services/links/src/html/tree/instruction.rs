//! The processing instructions that `template for` refers to (WHATWG HTML, August 2026): `<?marker name="x">`, and
//! `<?start name="x">` with `<?end>`.

use crate::html::{
    nodes::{NONE, NodeId, NodeKind, NodeTree, linked},
    text,
};

/// The target of a processing instruction, as written between `<?` and `>`, and its data.
fn split(written: &[u8]) -> (&[u8], &[u8]) {
    let written = written.strip_suffix(b"?").unwrap_or(written);
    let end = written.iter().position(u8::is_ascii_whitespace).unwrap_or(written.len());
    written.split_at(end)
}

/// Whether it is one that matters.
pub(super) fn is_known(written: &[u8]) -> bool {
    matches!(split(written).0, b"marker" | b"start" | b"end")
}

/// The pseudo-attribute `name`, in quotes.
fn name(mut data: &[u8]) -> Option<String> {
    loop {
        data = data.trim_ascii_start();
        let end = data.iter().position(|c| c.is_ascii_whitespace() || *c == b'=')?;
        let (attribute, rest) = data.split_at(end);
        let value = rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let (&quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let end = memchr::memchr(quote, value)?;
        if attribute == b"name" {
            return Some(text::attribute_value(&value[..end]));
        }
        data = &value[end + 1..];
    }
}

/// The first `marker` or `start` of that name within `scope`, in the order of the tree.
pub(super) fn find(page: &[u8], nodes: &mut NodeTree, scope: NodeId, wanted: &str) -> Option<NodeId> {
    let mut next = nodes.following(scope, scope, false);
    while let Some(node) = next {
        nodes.steps += 1;
        let kind = nodes.get(node).kind;
        if let NodeKind::Instruction(span) = kind {
            let (target, data) = split(&page[span.range()]);
            if target != b"end" && name(data).is_some_and(|name| name == wanted) {
                return Some(node);
            }
        }
        next = nodes.following(node, scope, matches!(kind, NodeKind::Template | NodeKind::Patch { .. }));
    }
    None
}

/// Removes what stands between a `start` and its `end`, or the end of its parent. Gives the node before which new content
/// goes: the `end`, if there is one, or the marker itself.
pub(super) fn clear(page: &[u8], nodes: &mut NodeTree, marker: NodeId) -> NodeId {
    let target = |nodes: &NodeTree, node: NodeId| match nodes.get(node).kind {
        NodeKind::Instruction(span) => split(&page[span.range()]).0,
        _ => b"",
    };
    if target(nodes, marker) != b"start" {
        return marker;
    }
    let mut depth = 1;
    while let Some(node) = linked(nodes.get(marker).next) {
        match target(nodes, node) {
            b"start" => depth += 1,
            b"end" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return node;
        }
        nodes.detach(node);
        nodes.steps += 1;
    }
    NONE
}
