//! What html5ever's builder does without calling the sink, so that it can be charged all the same.
//!
//! For the tag of a formatting element it goes through its list of active formatting elements, and compares attributes
//! at a start tag (the "Noah's Ark clause"). The list is the builder's own: from time to time it is asked for all
//! that it holds; in between, each start tag counts as one entry more.

use super::sink::{Dom, NodeId};
use crate::html::tree::MAX_OPEN;
use html5ever::{
    interface::{TreeSink, tree_builder::Tracer},
    tree_builder::TreeBuilder,
};
use std::cell::Cell;

/// The builder is asked at least once in so many tags.
const TAGS: usize = 256;

/// Bounds of what the builder holds.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// No fewer than the list's entries.
    entries: usize,
    /// Over so many entries, the builder is asked again.
    ask_over: usize,
    /// No formatting element so far has had more attributes.
    attributes: usize,
    tags: usize,
}

impl Load {
    /// Charges a tag before the builder gets it: `attributes` of a formatting element's start tag.
    pub(super) fn start(&mut self, builder: &TreeBuilder<NodeId, Dom>, attributes: Option<usize>) {
        if let Some(attributes) = attributes {
            self.entries += 1;
            self.attributes = self.attributes.max(attributes);
            builder.sink.spend(self.entries * (1 + self.attributes));
        }
        self.tags += 1;
        if self.entries > self.ask_over || self.tags >= TAGS {
            self.ask(builder);
        }
    }

    /// Charges the end tag of a formatting element.
    pub(super) fn end(&self, builder: &TreeBuilder<NodeId, Dom>) {
        builder.sink.spend(self.entries);
    }

    fn ask(&mut self, builder: &TreeBuilder<NodeId, Dom>) {
        let held = BuilderCounts { dom: &builder.sink, all: Cell::new(0), formatting: Cell::new(0) };
        builder.trace_handles(&held);
        builder.sink.spend(held.all.get());
        if held.all.get() > MAX_OPEN {
            builder.sink.give_up();
        }
        *self = Self {
            entries: held.formatting.get(),
            ask_over: held.formatting.get() * 2 + 8,
            attributes: if held.formatting.get() == 0 { 0 } else { self.attributes },
            tags: 0,
        };
    }
}

/// Counts what the builder holds. Open formatting elements count twice, on the stack and on the list.
struct BuilderCounts<'a> {
    dom: &'a Dom,
    all: Cell<usize>,
    formatting: Cell<usize>,
}

impl Tracer for BuilderCounts<'_> {
    type Handle = <Dom as TreeSink>::Handle;

    fn trace_handle(&self, node: &NodeId) {
        self.all.update(|count| count + 1);
        if self.dom.is_formatting(*node) {
            self.formatting.update(|count| count + 1);
        }
    }
}
