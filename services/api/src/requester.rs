//! The request that a page is looked up for.

use kit::{ClientKey, RequestContext, RequestId, Trace};

/// The source of a request: its client, which shares limits with others, its id for the log, and its place in
/// a trace.
#[derive(Clone, Copy)]
pub(crate) struct Requester<'a> {
    pub(crate) client: ClientKey,
    pub(crate) id: &'a RequestId,
    pub(crate) trace: &'a Trace,
    /// The request itself, which counts as waiting while it waits for the fetch of another. None for a page of a batch, which
    /// waits for a fetch to begin as long as that takes.
    pub(crate) request: Option<&'a RequestContext>,
}

impl<'a> Requester<'a> {
    /// The source of the request with this context.
    pub(crate) fn of(context: &'a RequestContext) -> Self {
        let RequestContext { client, id, trace, .. } = context;
        Self { client: client.key(), id, trace, request: Some(context) }
    }
}
