//! What a service is: a struct that answers requests.

use crate::{Problem, Request, Response};
use std::net::SocketAddr;

/// Where a service registers figures of its own, shown at `/metrics` under its name.
pub type Metrics = prometheus_client::registry::Registry;

/// A service. Shared by all connections.
pub trait Service: Send + Sync + 'static {
    /// Answers a request. HEAD needs no thought: the body is dropped on the way out, its length kept.
    ///
    /// A body that is made while it is sent has a place among the requests in work while it makes the client wait, so
    /// each part has to come in bounded time by itself: over HTTP/1 a client that has left is noticed only when something
    /// is sent to it, as one that has only closed its sending side still gets its answer.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// How a refusal that never reached `handle` looks: 400, 414, 500, 503. Problem details unless overridden.
    fn refuse(&self, problem: Problem) -> Response {
        problem.into_response()
    }

    /// Has the last word on every answer, also to what never reached `handle`: for fields that none may lack. Only what
    /// cannot be read at all is answered without it, by hyper, with a bare 400 or 431.
    fn finish(&self, response: &mut Response) {
        let _ = response;
    }

    /// What `/ready` says of the parts this service needs; not called more than once a second.
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

/// A response's extension: what the service's cache did, as one of a few words (`hit`, `miss`, `stale` …), for the access
/// log.
#[derive(Clone, Copy, Debug)]
pub struct CacheOutcome(pub &'static str);
