//! What a service is: a struct that answers requests.

use crate::{Metrics, Problem, Request, RequestContext, Response};

/// A service. Shared by all connections.
pub trait Service: Send + Sync + 'static {
    /// Answers a request, whose body may be taken out of it. HEAD is answered as GET: the server leaves the body out and
    /// keeps its length. What the log and metrics say about it is written to `context`.
    ///
    /// The service limits the time for a request's body, as [`read`](crate::read) does, and produces each part of a
    /// streamed response in bounded time: until then the response counts towards `limits.requests`.
    fn handle(
        &self,
        request: &mut Request,
        context: &mut RequestContext,
    ) -> impl Future<Output = Response> + Send;

    /// The response to a request that the server refuses or fails to answer: 400, 403, 414, 500, 503.
    fn refuse(&self, problem: Problem) -> Response {
        problem.into_response()
    }

    /// Changes every response before it is sent, for fields that each must have; only the bare 400 or 431 to a request that
    /// hyper cannot parse does not pass here.
    fn finish(&self, response: &mut Response) {
        let _ = response;
    }

    /// The pattern of the route at `target`, a path with its query or without: for the log of a request that the service
    /// did not see, such as one that the server refuses.
    fn route_at(target: &str) -> Option<&'static str>
    where
        Self: Sized,
    {
        let _ = target;
        None
    }

    /// The readiness of the parts that this service needs, for `/ready`; called at most once a second.
    fn checks(&self) -> impl Future<Output = Vec<Check>> + Send {
        async { Vec::new() }
    }

    /// Registers the service's own metrics; called once, before the first request.
    fn register(&self, metrics: &mut Metrics) {
        let _ = metrics;
    }
}

/// The readiness of one part of a service.
#[derive(Clone, Debug)]
pub struct Check {
    /// The part: `redis`, `api`.
    pub part: &'static str,
    /// Whether it works; the error is the reason why not.
    pub state: Result<(), String>,
    /// Whether the service stays ready without it.
    pub optional: bool,
}
