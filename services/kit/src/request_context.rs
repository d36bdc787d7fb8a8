//! What is known about a request beside its head and its body.

use crate::{Client, RequestId, Trace};

/// The source of a request, for the service; and what the service says about it, for the log and metrics. What is said
/// before the response is there also counts if the request is cut.
pub struct RequestContext {
    /// The client that sent it.
    pub client: Client,
    /// Its id.
    pub id: RequestId,
    /// Its place in a trace.
    pub trace: Trace,
    /// The pattern of its route, such as `/api/{url}`: a bounded label.
    pub route: Option<&'static str>,
    /// The outcome of a cache lookup, such as `hit` or `miss`.
    pub cache: Option<&'static str>,
    /// The URL that it asks about, where its target has it only in the query. What may be secret in it is not logged.
    pub requested_url: Option<String>,
}

impl RequestContext {
    pub(crate) fn new(client: Client, id: RequestId, trace: Trace) -> Self {
        Self { client, id, trace, route: None, cache: None, requested_url: None }
    }
}
