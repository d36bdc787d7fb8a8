//! What a service is: a struct that answers requests.

use crate::{Problem, Request, Response};
use std::net::SocketAddr;

/// The registry for a service's own metrics, shown at `/metrics`.
pub type Metrics = prometheus_client::registry::Registry;

/// A service. Shared by all connections.
pub trait Service: Send + Sync + 'static {
    /// Answers a request. HEAD is answered as GET: the server leaves the body out and keeps its length.
    ///
    /// The time for a request's body is the service's to bound, as [`read`](crate::read) does. A streamed response has to
    /// produce each part in bounded time: until then it holds one of `limits.requests`, and over HTTP/1 a client that has
    /// left is noticed only when something is sent to it.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// How a refusal that never reached `handle` looks: 400, 414, 500, 503. Problem details unless overridden.
    fn refuse(&self, problem: Problem) -> Response {
        problem.into_response()
    }

    /// Changes every response before it is sent, also those that `handle` did not make: for fields that each must have. Only
    /// requests that hyper cannot parse are answered without it, with a bare 400 or 431.
    fn finish(&self, response: &mut Response) {
        let _ = response;
    }

    /// The state of the parts that this service needs, for `/ready`; called at most once a second.
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
    /// Whether it works; why not, otherwise.
    pub state: Result<(), String>,
    /// Whether the service can do without it: then it is reported, and the service stays ready.
    pub optional: bool,
}

/// The other end of the connection a request came by.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// A route's pattern, such as `/api/{url}`: a bounded label for logs and metrics.
#[derive(Clone, Copy, Debug)]
pub struct Route(pub &'static str);

/// The outcome of a cache lookup, such as `hit` or `miss`: an extension of a response, for the access log.
#[derive(Clone, Copy, Debug)]
pub struct CacheOutcome(pub &'static str);
