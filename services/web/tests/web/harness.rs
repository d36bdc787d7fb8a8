//! The service under test, the mock behind it, and a client.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Version, request::Parts};
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use kit::{Configuration, Listeners, Response, ServerSettings, Service};
use linkextractor_web::{Web, WebSettings};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinHandle;

/// A service that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(service: impl Service, mut server: ServerSettings) -> Running {
    server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    server.admin.listen = Some(server.listen);
    let listeners = Listeners::bind(&server).await.unwrap();
    let address = listeners.address().unwrap();
    let admin = listeners.admin_address().unwrap().unwrap();
    let task = tokio::spawn(kit::serve(service, listeners, server, std::future::pending()));
    Running { address, admin, task }
}

/// An API that responds with `answer` and records the requests.
pub(crate) struct Mock {
    server: Running,
    requests: Arc<Mutex<Vec<Parts>>>,
}

struct Handler<F> {
    answer: F,
    requests: Arc<Mutex<Vec<Parts>>>,
}

impl<F, A> Service for Handler<F>
where
    F: Fn(String) -> A + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    async fn handle(&self, request: &mut kit::Request, _: &mut kit::RequestContext) -> Response {
        let (parts, _) = std::mem::take(request).into_parts();
        let url = parts.uri.path().strip_prefix("/api/").unwrap_or_default();
        let url = percent_encoding::percent_decode_str(url).decode_utf8().unwrap().into_owned();
        self.requests.lock().unwrap().push(parts);
        (self.answer)(url).await
    }
}

impl Mock {
    /// `answer` gets the URL of the page.
    pub(crate) async fn start<A>(answer: impl Fn(String) -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Response> + Send + 'static,
    {
        let requests = Arc::default();
        let handler = Handler { answer, requests: Arc::clone(&requests) };
        Self { server: run(handler, WebSettings::default().server()).await, requests }
    }

    /// An API that has these links for every page.
    pub(crate) async fn of(links: &[(&str, &str)]) -> Self {
        let links: Vec<_> =
            links.iter().map(|(text, href)| serde_json::json!({ "text": text, "href": href })).collect();
        let body = Bytes::from(serde_json::Value::from(links).to_string());
        Self::start(move |_| std::future::ready(json(body.clone()))).await
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Parts> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn settings(&self) -> WebSettings {
        settings(self.server.address)
    }
}

/// A response with a JSON body.
pub(crate) fn json(body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(kit::full(body));
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}

/// The default settings, with the API at `address`.
pub(crate) fn settings(address: SocketAddr) -> WebSettings {
    WebSettings { api_endpoint: format!("http://{address}/api/").parse().unwrap(), ..WebSettings::default() }
}

/// The web front end and a client of it.
pub(crate) struct Site {
    server: Running,
    client: Client<HttpConnector, Empty<Bytes>>,
    http2: Client<HttpConnector, Empty<Bytes>>,
}

/// A response with its whole body.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Site {
    /// A server that always waits for the whole page, even on a busy machine.
    pub(crate) async fn start(settings: WebSettings) -> Self {
        Self::on_pool(settings, kit::CpuPool::per_processor().unwrap()).await
    }

    /// A server as [`start`](Self::start) makes it, with its long work on `pool`.
    pub(crate) async fn on_pool(settings: WebSettings, pool: kit::CpuPool) -> Self {
        Self::of(Web::new(&settings, pool).unwrap().whole_within(Duration::from_mins(1)), &settings).await
    }

    /// A server that sends the frame first after the default time.
    pub(crate) async fn framed(settings: WebSettings) -> Self {
        Self::of(Web::new(&settings, kit::CpuPool::per_processor().unwrap()).unwrap(), &settings).await
    }

    /// A server that answers only to the host names that `rule` allows.
    pub(crate) async fn guarded(rule: kit::HostRule) -> Self {
        let settings = WebSettings::default();
        let web = Web::new(&settings, kit::CpuPool::new(1).unwrap()).unwrap();
        Self::serving(web, ServerSettings { host_rule: Some(rule), ..settings.server() }).await
    }

    async fn of(web: Web, settings: &WebSettings) -> Self {
        Self::serving(web, settings.server()).await
    }

    async fn serving(web: Web, settings: ServerSettings) -> Self {
        let server = run(web, settings).await;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let http2 = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        Self { server, client, http2 }
    }

    /// A server whose API has `links` for every page.
    pub(crate) async fn with(links: &[(&str, &str)]) -> (Self, Mock) {
        let mock = Mock::of(links).await;
        (Self::start(mock.settings()).await, mock)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The body of the admin listener's response.
    pub(crate) async fn admin(&self, path: &str) -> String {
        let uri = format!("http://{}{path}", self.server.admin).parse().unwrap();
        let body = self.client.get(uri).await.unwrap().into_body().collect().await.unwrap();
        String::from_utf8(body.to_bytes().into()).unwrap()
    }

    /// Sends a request; the body of the response is not read yet.
    pub(crate) async fn send(&self, method: Method, target: &str, fields: &[(&str, &str)]) -> Response {
        self.send_over(Version::HTTP_11, method, target, fields).await
    }

    /// Sends a request over HTTP/1.1 or HTTP/2.
    pub(crate) async fn send_over(
        &self,
        version: Version,
        method: Method,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Response {
        let mut request = Request::builder().method(method).uri(format!("http://{}{target}", self.address()));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let client = if version == Version::HTTP_2 { &self.http2 } else { &self.client };
        let response = client.request(request.body(Empty::new()).unwrap()).await.unwrap();
        assert_eq!(response.version(), version);
        response.map(|body| kit::boxed(body.map_err(Into::into)))
    }

    /// Sends a GET request and reads the whole response.
    pub(crate) async fn get(&self, target: &str) -> Page {
        self.get_with(target, &[]).await
    }

    pub(crate) async fn get_with(&self, target: &str, fields: &[(&str, &str)]) -> Page {
        let (head, body) = self.send(Method::GET, target, fields).await.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
        Page { status: head.status, headers: head.headers, text }
    }

    /// The page with the links of `url`.
    pub(crate) async fn links(&self, url: &str) -> Page {
        self.get(&about(url)).await
    }
}

impl Page {
    /// The value of a field; empty if it is missing.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The positions of the shown links on the page.
    pub(crate) fn positions(&self) -> Vec<usize> {
        let cell = |row: &&str| row.split("class=\"number\">").nth(1)?.split('<').next()?.parse().ok();
        self.rows().iter().filter_map(cell).collect()
    }

    /// The relative addresses of links within this service, as they stand in the source but for `&amp;`.
    pub(crate) fn own_addresses(&self) -> Vec<String> {
        let starts = self.text.split("href=\"/?").skip(1);
        starts.map(|rest| format!("/?{}", rest.split('"').next().unwrap().replace("&amp;", "&"))).collect()
    }

    /// The rows of the table of links, as HTML.
    pub(crate) fn rows(&self) -> Vec<&str> {
        self.rows_of("links")
    }

    /// The rows of the first table of this class, as HTML.
    pub(crate) fn rows_of(&self, class: &str) -> Vec<&str> {
        let table = self.text.split(&format!("<table class=\"{class}\">")).nth(1).unwrap_or_default();
        let body = table.split("<tbody>").nth(1).unwrap_or_default();
        body.split("</tbody>").next().unwrap().split("<tr ").skip(1).collect()
    }
}

/// The address that shows the links of `url`.
pub(crate) fn about(url: &str) -> String {
    format!("/?url={}", percent_encoding::utf8_percent_encode(url, percent_encoding::NON_ALPHANUMERIC))
}
