//! A service that does what tests ask of it.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;
use kit::{
    Body, Check, Configuration, Request, RequestContext, Response, Secret, ServerSettings, Service, errors,
    full,
};
use serde::{Deserialize, Serialize};
use std::{
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
    time::Duration,
};

pub(crate) struct Test {
    checks: AtomicUsize,
    shared: Bytes,
}

/// The length of the response at `/shared`.
pub(crate) const SHARED: usize = 3 * 1024 * 1024;

const ROUTES: [&str; 15] = [
    "/",
    "/slow",
    "/waiting",
    "/large",
    "/pieces",
    "/parts",
    "/trailers",
    "/shared",
    "/status",
    "/body-panic",
    "/stream",
    "/echo",
    "/cached",
    "/id",
    "/client",
];

impl Default for Test {
    fn default() -> Self {
        Self { checks: AtomicUsize::new(0), shared: vec![b's'; SHARED].into() }
    }
}

impl Service for Test {
    async fn handle(&self, request: &mut Request, context: &mut RequestContext) -> Response {
        context.route = route(request.uri().path());
        let number = request.uri().query().and_then(|query| query.parse().ok());
        match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/") => answer(full("hello\n")),
            // Answers after so many milliseconds.
            (&Method::GET, "/slow") => {
                tokio::time::sleep(Duration::from_millis(number.unwrap_or(100))).await;
                answer(full("at last\n"))
            }
            // The same, while another request works for it.
            (&Method::GET, "/waiting") => {
                context.count_as_waiting();
                tokio::time::sleep(Duration::from_millis(number.unwrap_or(100))).await;
                answer(full("at last\n"))
            }
            // So many bytes.
            (&Method::GET, "/large") => {
                let bytes = usize::try_from(number.unwrap_or_default()).unwrap_or_default();
                answer(full(vec![b'x'; bytes]))
            }
            // So many pieces of 64 KiB, each as soon as it is wanted.
            (&Method::GET | &Method::HEAD, "/pieces") => {
                let piece = || Ok(Frame::data(vec![b'x'; 64 * 1024].into()));
                let pieces = stream::iter((0..number.unwrap_or_default()).map(move |_| piece()));
                answer(kit::boxed(StreamBody::new(pieces)))
            }
            // A part of so many bytes, after a part of three.
            (&Method::GET, "/parts") => {
                let length = number.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
                let parts = [vec![b'x'; 3], vec![b'x'; length]].map(|part| Ok(Frame::data(part.into())));
                answer(kit::boxed(StreamBody::new(stream::iter(parts))))
            }
            // A part of three bytes, and trailers.
            (&Method::GET, "/trailers") => {
                let trailers = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"t\""))]);
                let frames = [Frame::data(Bytes::from("abc")), Frame::trailers(trailers)].map(Ok);
                answer(kit::boxed(StreamBody::new(stream::iter(frames))))
            }
            // The same memory for all, as a cached response; all of it, or so many bytes.
            (&Method::GET, "/shared") => {
                let bytes = number.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(SHARED);
                answer(full(self.shared.slice(..bytes)))
            }
            (&Method::GET | &Method::HEAD, "/status") => {
                let mut response = answer(kit::empty());
                let status = u16::try_from(number.unwrap_or(200)).unwrap_or_default();
                *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
                response
            }
            (&Method::GET, "/cached") => {
                context.cache = Some("hit");
                answer(full("hello\n"))
            }
            (&Method::GET, "/id") => answer(full(context.id.as_str().to_owned())),
            (&Method::GET, "/client") => answer(full(context.client.to_string())),
            (&Method::GET, "/panic") => panic!("as asked"),
            (&Method::GET, "/body-panic") => answer(kit::boxed(Panics)),
            // What comes goes back as it comes.
            (&Method::POST, "/stream") => answer(std::mem::take(request.body_mut())),
            // The body, which may take so many milliseconds.
            (&Method::POST, "/echo") => {
                let within = number.map_or(Duration::MAX, Duration::from_millis);
                match kit::read(std::mem::take(request.body_mut()), 1024 * 1024, within).await {
                    Ok(body) => answer(full(body)),
                    Err(error) => errors::unread(error).into_response(),
                }
            }
            (method, "/" | "/slow" | "/large") => errors::other_method(method, "GET, HEAD, OPTIONS"),
            _ => errors::not_found().into_response(),
        }
    }

    fn route_at(target: &str) -> Option<&'static str> {
        route(target.split('?').next()?)
    }

    fn finish(&self, response: &mut Response) {
        response.headers_mut().insert("x-finished", HeaderValue::from_static("yes"));
    }

    async fn checks(&self) -> Vec<Check> {
        let asked = self.checks.fetch_add(1, Ordering::Relaxed);
        vec![
            Check { part: "database", state: Ok(()), optional: false },
            Check { part: "cache", state: Err(format!("asked {asked} times before")), optional: true },
        ]
    }
}

/// The route at `path`.
fn route(path: &str) -> Option<&'static str> {
    ROUTES.into_iter().find(|route| *route == path)
}

fn answer(body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

struct Panics;

impl http_body::Body for Panics {
    type Data = bytes::Bytes;
    type Error = kit::BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        panic!("as asked, in the body")
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) listen: std::net::SocketAddr,
    pub(crate) admin: kit::Admin,
    pub(crate) password: Option<Secret>,
    pub(crate) limits: kit::Limits,
    pub(crate) log: kit::Log,
}

impl Default for Settings {
    fn default() -> Self {
        let free = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let admin = kit::Admin::at(Some(free));
        Self { listen: free, admin, password: None, limits: kit::Limits::default(), log: kit::Log::default() }
    }
}

impl Configuration for Settings {
    const NAME: &'static str = "greeter";
    const ABOUT: &'static str = "Says hello; for tests";
    const ENV_PREFIX: &'static str = "GREETER_";
    const ENV_ALIASES: &'static [(&'static str, &'static str)] = &[("PASSWORD", "password")];
    const SECRETS: &'static [&'static str] = &["password"];

    fn warnings(&self) -> Vec<String> {
        let hasty = self.limits.grace.is_zero();
        Vec::from_iter(
            hasty.then(|| "limits.grace: found 0s; expected time for requests in flight".to_owned()),
        )
    }

    fn server(&self) -> ServerSettings {
        let (admin, limits, log) = (self.admin.clone(), self.limits.clone(), self.log.clone());
        ServerSettings::new(Self::NAME, self.listen, admin, limits, log)
    }
}
