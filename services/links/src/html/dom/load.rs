//! Charges the budget for work that html5ever's builder does without calling the sink.
//!
//! For each tag of a formatting element it goes through its list of active formatting elements, which is private, but whose
//! nodes can be traced from time to time; in between, each start tag counts as one entry more.

use super::sink::{Dom, NodeId};
use crate::html::tree::MAX_OPEN;
use html5ever::{
    interface::{TreeSink, tree_builder::Tracer},
    tree_builder::TreeBuilder,
};
use std::cell::Cell;

/// The builder's nodes are traced at least once in this many tags.
const TAGS: usize = 256;

/// Upper bounds of what the builder holds.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// At least the number of entries of the list.
    entries: usize,
    /// With more entries than this, the builder is traced again.
    trace_over: usize,
    /// The most attributes of a formatting element so far.
    attributes: usize,
    tags: usize,
}

impl Load {
    /// Charges a start tag before the builder gets it; `attributes` is their number, for a formatting element.
    pub(super) fn start(&mut self, builder: &TreeBuilder<NodeId, Dom>, attributes: Option<usize>) {
        if let Some(attributes) = attributes {
            self.entries += 1;
            self.attributes = self.attributes.max(attributes);
            builder.sink.spend(self.entries * (1 + self.attributes));
        }
        self.tags += 1;
        if self.entries > self.trace_over || self.tags >= TAGS {
            self.trace(builder);
        }
    }

    /// Charges the end tag of a formatting element.
    pub(super) fn end(&self, builder: &TreeBuilder<NodeId, Dom>) {
        builder.sink.spend(self.entries);
    }

    fn trace(&mut self, builder: &TreeBuilder<NodeId, Dom>) {
        let held = BuilderCounts { dom: &builder.sink, all: Cell::new(0), formatting: Cell::new(0) };
        builder.trace_handles(&held);
        builder.sink.spend(held.all.get());
        if held.all.get() > MAX_OPEN {
            builder.sink.give_up();
        }
        *self = Self {
            entries: held.formatting.get(),
            trace_over: held.formatting.get() * 2 + 8,
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
