//! An origin server on the loopback interface.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri,
    header::{ETAG, IF_NONE_MATCH},
};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
};

/// Serves the pages that a test adds; counts requests.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    pages: Mutex<HashMap<String, Page>>,
    /// The page at every other path.
    other: Mutex<Option<Page>>,
    requests: watch::Sender<usize>,
    held: watch::Sender<bool>,
    delay: Mutex<Duration>,
    not_modified: AtomicUsize,
    /// The target and the header of the last request.
    last: Mutex<(Uri, HeaderMap)>,
}

/// The response at a path.
#[derive(Clone, Debug)]
pub struct Page {
    response: Response<Bytes>,
}

impl Page {
    /// An HTML page in UTF-8.
    pub fn html(body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, body).header("content-type", "text/html; charset=utf-8")
    }

    /// A response with this status and body.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        Self { response }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.response.headers_mut().append(HeaderName::from_static(name), value);
        self
    }
}

impl Origin {
    /// An origin with one page, whose one link is to `/x` with the text `x`; returns the page's URL, which ends in `/`.
    pub async fn with_link() -> (Self, String) {
        let origin = Self::start().await;
        let page = origin.page("/", Page::html("<a href=/x>x</a>"));
        (origin, page)
    }

    /// An origin without pages: every path is 404.
    pub async fn start() -> Self {
        // On every address, so that a test can use many hosts: all of 127.0.0.0/8 is this machine.
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
        let address = SocketAddr::from(([127, 0, 0, 1], listener.local_addr().expect("it is bound").port()));
        let state = Arc::new(State {
            pages: Mutex::default(),
            other: Mutex::default(),
            requests: watch::Sender::new(0),
            held: watch::Sender::new(false),
            delay: Mutex::default(),
            not_modified: AtomicUsize::new(0),
            last: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Serves `page` at `path` (with its query), and returns its URL.
    pub fn page(&self, path: &str, page: Page) -> String {
        self.state.pages.lock().expect("no panic inside").insert(path.to_owned(), page);
        format!("http://{}{path}", self.address)
    }

    /// Serves `page` at every path that has none of its own.
    pub fn everywhere(&self, page: Page) {
        *self.state.other.lock().expect("no panic inside") = Some(page);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The target of the last request, as it was sent.
    pub fn last_target(&self) -> String {
        self.state.last.lock().expect("no panic inside").0.to_string()
    }

    /// A field of the last request, if it had it.
    pub fn last_field(&self, name: &str) -> Option<String> {
        let last = self.state.last.lock().expect("no panic inside");
        last.1.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// All fields of that name in the last request.
    pub fn last_fields(&self, name: &str) -> Vec<String> {
        let last = self.state.last.lock().expect("no panic inside");
        let values = last.1.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// How many requests have arrived.
    pub fn requests(&self) -> usize {
        *self.state.requests.borrow()
    }

    /// How many requests were conditional and answered with 304: their validator was that of the page.
    pub fn not_modified(&self) -> usize {
        self.state.not_modified.load(Ordering::SeqCst)
    }

    /// Sends each later response only after this time.
    pub fn delay(&self, time: Duration) {
        *self.state.delay.lock().expect("no panic inside") = time;
    }

    /// Waits until that many requests have arrived.
    pub async fn wait_for_requests(&self, count: usize) {
        let mut requests = self.state.requests.subscribe();
        crate::within("requests", requests.wait_for(|seen| *seen >= count)).await.expect("it still serves");
    }

    /// Holds every response back until [`release`](Self::release).
    pub fn hold(&self) {
        self.state.held.send_replace(true);
    }

    /// Sends the responses held back, and later ones at once.
    pub fn release(&self) {
        self.state.held.send_replace(false);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let answer = service_fn(move |request: Request<Incoming>| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(state.answer(&request).await) }
        });
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

impl State {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        *self.last.lock().expect("no panic inside") = (request.uri().clone(), request.headers().clone());
        self.requests.send_modify(|count| *count += 1);
        let _ = self.held.subscribe().wait_for(|held| !held).await;
        let delay = *self.delay.lock().expect("no panic inside");
        tokio::time::sleep(delay).await;
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let page = self.pages.lock().expect("no panic inside").get(path).cloned();
        let page = page.or_else(|| self.other.lock().expect("no panic inside").clone());
        let response = page.unwrap_or_else(|| Page::new(StatusCode::NOT_FOUND, "")).response;
        if response.headers().get(ETAG).is_some_and(|tag| request.headers().get(IF_NONE_MATCH) == Some(tag)) {
            self.not_modified.fetch_add(1, Ordering::SeqCst);
            return Page::new(StatusCode::NOT_MODIFIED, "").response.map(Full::new);
        }
        response.map(Full::new)
    }
}

/// Answers every connection with `bytes` and closes it, for responses that no server library would send. Returns the
/// URL; runs until the runtime ends.
pub async fn raw_origin(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    format!("http://{address}/")
}
