//! The service in this process, on a port of its own.

#![allow(dead_code, reason = "each test file uses a part")]

use bytes::Bytes;
use e2e::{Answer, Client, RedisServer};
use http::{Method, Request};
use http_body_util::Full;
use kit::{Admin, Configuration, Listeners, Secret};
use linkextractor_api::{Api, Settings};
use std::net::SocketAddr;
use tokio::task::JoinHandle;

/// A running service; it ends when it is dropped.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    client: Client,
    task: JoinHandle<()>,
}

/// Settings that may reach the pages of a test.
pub fn settings() -> Settings {
    let mut settings = Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        admin: Admin::at(None),
        ..Settings::default()
    };
    settings.fetch.allow = vec!["127.0.0.0/8".to_owned()];
    settings
}

/// The same, with the cache in `redis`.
pub fn settings_with(redis: &RedisServer) -> Settings {
    Settings { redis_url: Some(Secret::from(redis.url())), ..settings() }
}

impl Service {
    pub async fn start() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let server = settings.server();
        let listeners = Listeners::bind(&server).await.expect("a free port");
        let address = listeners.address().expect("it is bound");
        let api =
            Api::new(&settings, &kit::CpuPool::per_processor().unwrap()).expect("settings that can be used");
        api.settled().await;
        let task = tokio::spawn(async move {
            kit::serve(api, listeners, server, std::future::pending()).await.expect("it serves");
        });
        Self { address, client: Client::default(), task }
    }

    /// The answer for `page`, asked for in the path.
    pub async fn get(&self, page: &str) -> Answer {
        self.client.get(&self.url(&format!("/api/{page}"))).await
    }

    /// The same with one more header field.
    pub async fn get_with(&self, page: &str, name: &str, value: &str) -> Answer {
        self.client.get_with(&self.url(&format!("/api/{page}")), name, value).await
    }

    /// The answer at any target by any method.
    pub async fn call(&self, method: Method, target: &str) -> Answer {
        self.client.call(method, &self.url(target)).await
    }

    /// The answer to many pages.
    pub async fn post(&self, media_type: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post(self.url("/api")).header("content-type", media_type);
        self.client.send(request.body(Full::new(body.into())).expect("a request")).await
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

/// What `Cache-Status` says after the name of the cache.
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
