//! The API, by HTTP: what any implementation of `GET /api/<url>` promises, no more.

mod answer;
mod client;
mod memory;

pub(crate) use answer::Answer;

use crate::{
    failure::{Failure, Kind},
    settings::Settings,
    typed::PageUrl,
};
use bytes::Bytes;
use client::Client;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use kit::{RequestId, Response};
use memory::Memory;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Everything but the unreserved characters (RFC 3986, section 2.3): a URL becomes one segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where pages are read.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    /// Ends with a slash.
    endpoint: Url,
    timeout: Duration,
    memory: Memory,
}

impl Api {
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        let mut endpoint = settings.api_endpoint.clone();
        if !endpoint.path().ends_with('/') {
            endpoint.set_path(&format!("{}/", endpoint.path()));
        }
        let client = client::new(endpoint.scheme() == "https")?;
        Ok(Self { client, endpoint, timeout: settings.api_timeout, memory: Memory::default() })
    }

    /// Asks for the links of `page`; `fresh`: not from a cache.
    pub(crate) async fn ask(
        &self,
        page: &PageUrl,
        fresh: bool,
        id: Option<&RequestId>,
    ) -> Result<Answer, Failure> {
        match timeout(self.timeout, self.exchange(page, fresh, id)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(Kind::ApiTimeout)),
        }
    }

    async fn exchange(&self, page: &PageUrl, fresh: bool, id: Option<&RequestId>) -> Result<Answer, Failure> {
        let target = format!("{}{}", self.endpoint, utf8_percent_encode(page.as_str(), SEGMENT));
        let mut request = Request::get(target).header(header::ACCEPT, "application/json");
        if fresh {
            request = request.header(header::CACHE_CONTROL, "no-cache");
        }
        if let Some(id) = id {
            request = request.header("x-request-id", id.as_str());
        }
        let response = self.send(request).await;
        let response = response.map_err(|error| Failure::caused(Kind::ApiUnreachable, error))?;
        if response.status() == StatusCode::OK {
            return Answer::read(response, &self.memory).await;
        }
        Err(answer::failure(response, &self.memory).await)
    }

    /// Whether the API answers at what is above the endpoint, where ours tells its usage. Other implementations may have
    /// nothing there: only what a server says of itself counts against it.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let above = self.endpoint.join("..").map_err(|error| error.to_string())?;
        match timeout(Duration::from_secs(1), self.send(Request::get(above.as_str()))).await {
            Ok(Ok(answer)) if answer.status().is_server_error() => {
                Err(format!("it answers {}", answer.status()))
            }
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err("no answer within 1 s".to_owned()),
        }
    }

    async fn send(&self, request: http::request::Builder) -> Result<Response, String> {
        let agent = HeaderValue::from_static(concat!("linkextractor-web/", env!("CARGO_PKG_VERSION")));
        let request = request.header(header::USER_AGENT, agent).body(Empty::<Bytes>::new());
        let request = request.map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| chain(&error))?;
        Ok(response.map(|body| body.map_err(|error| -> kit::BoxError { Box::new(error) }).boxed_unsync()))
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
