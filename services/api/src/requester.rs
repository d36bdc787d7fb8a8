//! The request that a page is looked up for.

use fetch::JobClient;
use http::Extensions;
use kit::{ClientKey, RequestId, Trace};

/// The source of a request: its client, which shares limits with others, its id for the log, and its place in
/// a trace.
#[derive(Clone, Copy)]
pub(crate) struct Requester<'a> {
    pub(crate) client: ClientKey,
    pub(crate) id: Option<&'a RequestId>,
    pub(crate) trace: Option<&'a Trace>,
    /// Whether it waits for a fetch to begin as long as that takes.
    pub(crate) always_waits: bool,
}

impl<'a> Requester<'a> {
    /// The source of the request with these extensions.
    pub(crate) fn of(extensions: &'a Extensions) -> Self {
        let (client, id, trace) = (JobClient::of(extensions).key, extensions.get(), extensions.get());
        Self { client, id, trace, always_waits: false }
    }

    /// Begins a span of the request's trace, if it has one.
    pub(crate) fn span(&self, name: &'static str) -> Option<Trace> {
        self.trace.map(|trace| trace.child(name))
    }
}
