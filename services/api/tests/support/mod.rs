//! The service in this process, on a port of its own.

#![allow(dead_code, reason = "each test file uses a part")]

use bytes::Bytes;
use e2e::{Answer, Client, RedisServer};
use http::{Method, Request};
use http_body_util::Full;
use kit::{Admin, Configuration, Listeners, Secret};
use linkextractor_api::{Api, ApiSettings};
use std::net::SocketAddr;
use tokio::task::JoinHandle;

/// A running service; it ends when it is dropped.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    admin: Option<SocketAddr>,
    client: Client,
    task: JoinHandle<()>,
}

/// Settings that allow fetches from this machine.
pub fn settings() -> ApiSettings {
    let mut settings = ApiSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        admin: Admin::at(None),
        ..ApiSettings::default()
    };
    settings.fetch.allow = vec!["127.0.0.0/8".to_owned()];
    settings
}

/// Settings with the cache in `redis`.
pub fn settings_with(redis: &RedisServer) -> ApiSettings {
    ApiSettings { redis_url: Some(Secret::from(redis.url())), ..settings() }
}

impl Service {
    pub async fn start() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: ApiSettings) -> Self {
        let server = settings.server();
        let listeners = Listeners::bind(&server).await.expect("a free port");
        let address = listeners.address().expect("it is bound");
        let admin = listeners.admin_address().and_then(Result::ok);
        let api = Api::new(&settings, &kit::CpuPool::per_processor().expect("threads"))
            .expect("settings that can be used");
        api.settled().await;
        let task = tokio::spawn(async move {
            kit::serve(api, listeners, server, std::future::pending()).await.expect("it serves");
        });
        Self { address, admin, client: Client::default(), task }
    }

    /// The answer to `GET /api/<page>`.
    pub async fn get(&self, page: &str) -> Answer {
        self.client.get(&self.url(&format!("/api/{page}"))).await
    }

    /// The answer to `GET /api/<page>` with one more header field.
    pub async fn get_with(&self, page: &str, name: &str, value: &str) -> Answer {
        self.client.get_with(&self.url(&format!("/api/{page}")), name, value).await
    }

    /// The answer to a request with any method and target.
    pub async fn call(&self, method: Method, target: &str) -> Answer {
        self.client.call(method, &self.url(target)).await
    }

    /// The answer to `POST /api`.
    pub async fn post(&self, media_type: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post(self.url("/api")).header("content-type", media_type);
        self.client.send(request.body(Full::new(body.into())).expect("a request")).await
    }

    /// The answer to a request whose URI is a target here.
    pub async fn send(&self, request: Request<Bytes>) -> Answer {
        let (mut head, body) = request.into_parts();
        head.uri = self.url(&head.uri.to_string()).parse().expect("a URL");
        self.client.send(Request::from_parts(head, Full::new(body))).await
    }

    /// The text at `path` of the admin listener, for which the settings give an address.
    pub async fn admin(&self, path: &str) -> String {
        let address = self.admin.expect("an admin listener");
        self.client.get(&format!("http://{address}{path}")).await.text().to_owned()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `Cache-Status` without the name of the cache.
#[track_caller]
pub fn cache_status(answer: &Answer) -> &str {
    answer.header("cache-status").strip_prefix("linkextractor; ").expect("the name of the cache")
}

#[track_caller]
pub fn assert_code(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{answer:?}");
}

/// Whether the answer came from the cache.
#[track_caller]
pub fn is_hit(answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{}", answer.text());
    cache_status(answer).starts_with("hit")
}
