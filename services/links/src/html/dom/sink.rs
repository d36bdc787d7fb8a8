//! html5ever's tree sink: nodes in one list, with text and `href` and no other attributes.

use crate::html::name::Name;
use html5ever::{
    Attribute, LocalName, Namespace, QualName, expanded_name,
    interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink},
    local_name, ns,
    tendril::StrTendril,
};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
};

/// The index of a node in the list.
pub(super) type NodeId = u32;

/// No node.
const NONE: NodeId = NodeId::MAX;

/// The most nodes of a tree, about 40 MB.
const MAX_NODES: usize = 500_000;

/// The most nodes that one token adds to a full tree.
const SLACK: usize = 8192;

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    /// An HTML `a` with its `href`.
    Link(StrTendril),
    /// An HTML `base` with its `href`.
    Base(StrTendril),
    Text(StrTendril),
    Other,
}

pub(super) struct Node {
    pub(super) kind: NodeKind,
    name: Option<QualName>,
    /// The root of a template's contents, which are not its children.
    contents: NodeId,
    holds_html: bool,
    pub(super) parent: NodeId,
    previous: NodeId,
    pub(super) next: NodeId,
    pub(super) first: NodeId,
    last: NodeId,
}

/// The tree during construction.
pub(super) struct Dom {
    nodes: RefCell<Vec<Node>>,
    max_nodes: usize,
    /// How many more elements the builder may examine: its work on one tag grows with depth.
    budget: Cell<usize>,
}

/// An element's name, by value: the list of nodes may be reallocated while the builder holds it.
#[derive(Debug)]
pub(super) struct Named {
    namespace: Namespace,
    local: LocalName,
}

impl ElemName for Named {
    fn ns(&self) -> &Namespace {
        &self.namespace
    }

    fn local_name(&self) -> &LocalName {
        &self.local
    }
}

/// The node of a link between nodes, if there is one.
pub(super) fn linked(node: NodeId) -> Option<NodeId> {
    Some(node).filter(|&node| node != NONE)
}

impl Dom {
    pub(super) const DOCUMENT: NodeId = 0;

    /// An empty tree for a page of that `length`, whose builder may examine as many elements as `budget` says.
    pub(super) fn new(length: usize, budget: usize) -> Self {
        let max_nodes = MAX_NODES.min(length / 8 + 20_000);
        let dom = Self {
            // Reserved once: a growing list is in memory twice, and pages of memory that are not used cost nothing.
            nodes: RefCell::new(Vec::with_capacity(max_nodes + SLACK)),
            budget: Cell::new(budget),
            max_nodes,
        };
        dom.add(NodeKind::Other, None);
        dom
    }

    /// How many more elements the builder may examine.
    pub(super) fn budget(&self) -> usize {
        self.budget.get()
    }

    /// Whether the builder has used up its budget.
    pub(super) fn is_over_budget(&self) -> bool {
        self.budget.get() == 0
    }

    pub(super) fn spend(&self, steps: usize) {
        self.budget.update(|budget| budget.saturating_sub(steps));
    }

    pub(super) fn give_up(&self) {
        self.budget.set(0);
    }

    /// Whether the node is an element that may be on the list of active formatting elements.
    pub(super) fn is_formatting(&self, node: NodeId) -> bool {
        let name = &self.nodes.borrow()[node as usize].name;
        name.as_ref()
            .is_some_and(|name| name.ns == ns!(html) && Name::of(name.local.as_bytes()).is_formatting())
    }

    fn first_child(&self, node: NodeId) -> Option<NodeId> {
        linked(self.nodes.borrow()[node as usize].first)
    }

    fn add(&self, kind: NodeKind, name: Option<QualName>) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        if nodes.len() >= self.max_nodes {
            self.give_up();
        }
        nodes.push(Node {
            kind,
            name,
            contents: NONE,
            holds_html: false,
            parent: NONE,
            previous: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
        });
        NodeId::try_from(nodes.len() - 1).unwrap_or(NONE)
    }

    fn node_for(&self, child: NodeOrText<NodeId>) -> NodeId {
        match child {
            NodeOrText::AppendNode(node) => {
                self.detach(node);
                node
            }
            NodeOrText::AppendText(text) => self.add(NodeKind::Text(text), None),
        }
    }

    fn detach(&self, node: NodeId) {
        let nodes = &mut *self.nodes.borrow_mut();
        let Node { parent, previous, next, .. } = nodes[node as usize];
        if parent == NONE {
            return;
        }
        match nodes.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => nodes[parent as usize].first = next,
        }
        match nodes.get_mut(next as usize) {
            Some(next) => next.previous = previous,
            None => nodes[parent as usize].last = previous,
        }
        let node = &mut nodes[node as usize];
        (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
    }

    /// Inserts a detached `node` into `parent`, before `next` or, if that is `NONE`, at the end.
    fn attach(&self, parent: NodeId, node: NodeId, next: NodeId) {
        let nodes = &mut *self.nodes.borrow_mut();
        let previous = match nodes.get_mut(next as usize) {
            Some(next) => std::mem::replace(&mut next.previous, node),
            None => std::mem::replace(&mut nodes[parent as usize].last, node),
        };
        match nodes.get_mut(previous as usize) {
            Some(previous) => previous.next = node,
            None => nodes[parent as usize].first = node,
        }
        let node = &mut nodes[node as usize];
        (node.parent, node.previous, node.next) = (parent, previous, next);
    }
}

impl TreeSink for Dom {
    type Handle = NodeId;
    type Output = Vec<Node>;
    type ElemName<'a> = Named;

    fn finish(self) -> Vec<Node> {
        self.nodes.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        Self::DOCUMENT
    }

    fn elem_name(&self, target: &NodeId) -> Named {
        self.spend(1);
        match &self.nodes.borrow()[*target as usize].name {
            Some(name) => Named { namespace: name.ns.clone(), local: name.local.clone() },
            None => Named { namespace: ns!(), local: local_name!("") },
        }
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        let href = || attrs.into_iter().find(|a| a.name.expanded() == expanded_name!("", "href"));
        let kind = match name.expanded() {
            expanded_name!(html "a") => href().map_or(NodeKind::Other, |href| NodeKind::Link(href.value)),
            expanded_name!(html "base") => href().map_or(NodeKind::Other, |href| NodeKind::Base(href.value)),
            _ => NodeKind::Other,
        };
        let node = self.add(kind, Some(name));
        let contents = if flags.template { self.add(NodeKind::Other, None) } else { NONE };
        let created = &mut self.nodes.borrow_mut()[node as usize];
        created.contents = contents;
        created.holds_html = flags.mathml_annotation_xml_integration_point;
        node
    }

    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.add(NodeKind::Other, None)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.add(NodeKind::Other, None)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        let node = self.node_for(child);
        self.attach(*parent, node, NONE);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let node = self.node_for(child);
        let parent = self.nodes.borrow()[*sibling as usize].parent;
        self.attach(parent, node, *sibling);
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        prev_element: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        if linked(self.nodes.borrow()[*element as usize].parent).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(prev_element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.nodes.borrow()[*target as usize].contents
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        self.spend(1);
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn add_attrs_if_missing(&self, _: &NodeId, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &NodeId) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        while let Some(child) = self.first_child(*node) {
            self.spend(1);
            self.detach(child);
            self.attach(*new_parent, child, NONE);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &NodeId) -> bool {
        self.nodes.borrow()[*handle as usize].holds_html
    }
}
