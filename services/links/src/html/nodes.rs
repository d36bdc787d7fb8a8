//! The nodes of a page's tree, for pages whose links are not in page order: in one list, with no more than links need.

mod walk;

pub(super) use walk::links_of;

use super::{canonicalizer::TextKind, tokenize::Span};

/// The index of a node in the list.
pub(super) type NodeId = u32;

/// No node.
pub(super) const NONE: NodeId = NodeId::MAX;

/// The most nodes of a tree, about 20 MB.
const MAX_NODES: usize = 500_000;

#[derive(Clone, Copy, Debug)]
pub(super) enum NodeKind {
    /// An `a` with its `href`.
    Link(Span),
    /// A `base` with its `href`.
    Base(Span),
    /// A `title` with its content.
    Title(Span),
    Text(Span, TextKind),
    /// A `template`, whose children are not part of the document.
    Template,
    /// A `template` whose content goes to a marker instead: before another node there or, if that is [`NONE`], at the end.
    Patch {
        marker: NodeId,
        before: NodeId,
    },
    /// A `select`: the option that it selects by itself, unless it is a list box, and the last one that is marked as
    /// selected. A `select` with `multiple` is [`NodeKind::Other`].
    Select {
        default: NodeId,
        chosen: NodeId,
        is_list: bool,
    },
    /// An `option` of this `select`.
    Option(NodeId),
    /// A disabled `optgroup`.
    DisabledGroup,
    /// A processing instruction `marker`, `start` or `end`, which a `template` may fill.
    Instruction(Span),
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) parent: NodeId,
    previous: NodeId,
    pub(super) next: NodeId,
    pub(super) first: NodeId,
    last: NodeId,
}

/// A place in the tree: in a parent, before one of its children or, if that is [`NONE`], at the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) parent: NodeId,
    pub(super) before: NodeId,
}

#[derive(Debug)]
pub(super) struct NodeTree {
    list: Vec<Node>,
    max: usize,
    /// How many nodes were moved or searched: part of the cost of the tree.
    pub(super) steps: usize,
}

impl NodeTree {
    pub(super) const DOCUMENT: NodeId = 0;

    /// An empty tree for a page of that many bytes.
    pub(super) fn for_page_of(length: usize) -> Self {
        let max = MAX_NODES.min(length / 8 + 20_000);
        let mut nodes = Self { list: Vec::new(), max, steps: 0 };
        nodes.add(NodeKind::Other);
        nodes
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.list.len() > self.max
    }

    pub(super) fn get(&self, node: NodeId) -> &Node {
        &self.list[node as usize]
    }

    pub(super) fn set_kind(&mut self, node: NodeId, kind: NodeKind) {
        self.list[node as usize].kind = kind;
    }

    /// A new node without a parent.
    pub(super) fn add(&mut self, kind: NodeKind) -> NodeId {
        let node = NodeId::try_from(self.list.len()).unwrap_or(NONE);
        self.list.push(Node { kind, parent: NONE, previous: NONE, next: NONE, first: NONE, last: NONE });
        node
    }

    /// Moves a node to a place.
    pub(super) fn insert(&mut self, node: NodeId, place: Place) {
        if place.before == node {
            return; // it is there
        }
        self.steps += 1;
        self.detach(node);
        let list = &mut self.list;
        let previous = match list.get_mut(place.before as usize) {
            Some(before) => std::mem::replace(&mut before.previous, node),
            None => std::mem::replace(&mut list[place.parent as usize].last, node),
        };
        match list.get_mut(previous as usize) {
            Some(previous) => previous.next = node,
            None => list[place.parent as usize].first = node,
        }
        let node = &mut list[node as usize];
        (node.parent, node.previous, node.next) = (place.parent, previous, place.before);
    }

    pub(super) fn append(&mut self, parent: NodeId, node: NodeId) {
        self.insert(node, Place { parent, before: NONE });
    }

    pub(super) fn detach(&mut self, node: NodeId) {
        let list = &mut self.list;
        let Node { parent, previous, next, .. } = list[node as usize];
        if parent == NONE {
            return;
        }
        match list.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => list[parent as usize].first = next,
        }
        match list.get_mut(next as usize) {
            Some(next) => next.previous = previous,
            None => list[parent as usize].last = previous,
        }
        let node = &mut list[node as usize];
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
    }

    /// Moves all children of `from` to the end of `to`.
    pub(super) fn move_children(&mut self, from: NodeId, to: NodeId) {
        while let Some(child) = linked(self.get(from).first) {
            self.append(to, child);
        }
    }

    /// The option that a `select` has selected.
    pub(super) fn selected(&self, select: NodeId) -> Option<NodeId> {
        match self.get(select).kind {
            NodeKind::Select { default, chosen, is_list } => {
                linked(chosen).or_else(|| linked(default).filter(|_| !is_list))
            }
            _ => None,
        }
    }

    /// Whether `node` is in `ancestor`.
    pub(super) fn is_in(&mut self, mut node: NodeId, ancestor: NodeId) -> bool {
        while let Some(parent) = linked(self.get(node).parent) {
            self.steps += 1;
            if parent == ancestor {
                return true;
            }
            node = parent;
        }
        false
    }

    /// Replaces what is in `content` by a clone of what is in the option that `select` shows.
    pub(super) fn show(&mut self, select: NodeId, content: NodeId) {
        while let Some(child) = linked(self.get(content).first) {
            self.steps += 1;
            self.detach(child);
        }
        let Some(option) = self.selected(select) else { return };
        if self.is_in(option, select) {
            self.clone_children(option, content);
        } else if let NodeKind::Select { default, chosen, is_list } = self.get(select).kind {
            // It was in `content` itself: its `select` shows none until another option is inserted.
            let kept = |shown| if shown == option { NONE } else { shown };
            self.set_kind(select, NodeKind::Select { default: kept(default), chosen: kept(chosen), is_list });
        }
    }

    fn clone_children(&mut self, from: NodeId, to: NodeId) {
        let mut parents = vec![(from, to)];
        let mut next = linked(self.get(from).first);
        while let Some(node) = next
            && !self.are_too_many()
        {
            let Node { kind, parent, .. } = *self.get(node);
            while parents.pop_if(|(original, _)| *original != parent).is_some() {}
            let Some(&(_, copied)) = parents.last() else { return };
            let copy = self.add(match kind {
                NodeKind::Link(_)
                | NodeKind::Base(_)
                | NodeKind::Title(_)
                | NodeKind::Text(..)
                | NodeKind::Instruction(_) => kind,
                _ => NodeKind::Other,
            });
            self.append(copied, copy);
            parents.push((node, copy));
            next = self.following(node, from, matches!(kind, NodeKind::Template | NodeKind::Patch { .. }));
        }
    }

    /// The node after `node` in the order of the tree, within `root`; without the node's children if `skip` says so.
    pub(super) fn following(&self, node: NodeId, root: NodeId, skip: bool) -> Option<NodeId> {
        if let Some(first) = linked(self.get(node).first).filter(|_| !skip) {
            return Some(first);
        }
        let mut node = node;
        while node != root {
            if let Some(next) = linked(self.get(node).next) {
                return Some(next);
            }
            node = linked(self.get(node).parent)?;
        }
        None
    }
}

/// The node of a link between nodes, if there is one.
pub(super) fn linked(node: NodeId) -> Option<NodeId> {
    Some(node).filter(|&node| node != NONE)
}
