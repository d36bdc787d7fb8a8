//! The request that a page is looked up for.

use fetch::JobClient;
use http::Extensions;
use kit::RequestId;

/// The source of a request: its client, which shares limits with others, and its id for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requester<'a> {
    pub(crate) client: JobClient,
    pub(crate) id: Option<&'a RequestId>,
}

impl<'a> Requester<'a> {
    /// The source of the request with these extensions.
    pub(crate) fn of(extensions: &'a Extensions) -> Self {
        Self { client: JobClient::of(extensions), id: extensions.get() }
    }
}
