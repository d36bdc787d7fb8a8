//! What is known about a request beside its head and its body.

use crate::{Client, RequestId, Trace, request_permits::RequestPermit};
use std::sync::{Mutex, PoisonError};

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
    permit: Mutex<Option<RequestPermit>>,
}

impl RequestContext {
    pub(crate) fn new(client: Client, id: RequestId, trace: Trace) -> Self {
        let permit = Mutex::default();
        Self { client, id, trace, route: None, cache: None, requested_url: None, permit }
    }

    /// Says that the request does no work of its own from now on: it waits for another request's, such as a fetch that both
    /// need. It then counts neither towards `limits.requests` nor towards its client's share, as long as no more than
    /// `limits.requests` wait in this way.
    pub fn count_as_waiting(&self) {
        if let Some(permit) = self.permit.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            permit.wait();
        }
    }

    /// The permit for the service's work on the request.
    pub(crate) fn permit(&mut self) -> &mut Option<RequestPermit> {
        self.permit.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
