//! Sends pages to the API in batches, and passes the lines of the answers on.

use super::{
    answer,
    question::{Answer, Question},
};
use crate::client;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{
    collections::HashMap,
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use url::Url;

/// The most pages of a batch. The API takes 1,000 and works on 8 at once: small batches reach all replicas behind a
/// balancer.
pub const MOST_PAGES: usize = 16;
/// The longest line of an answer, in bytes: more than the largest page of links.
const MAX_LINE: usize = 256 << 20;
/// How long the API may send nothing: longer than a page may take it.
const SILENCE: Duration = Duration::from_mins(2);

type Waiting = HashMap<String, Vec<tokio::sync::oneshot::Sender<Answer>>>;

#[derive(Clone)]
pub struct BatchSender {
    client: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: String,
    /// Of the user and password in its URL.
    authorization: Option<HeaderValue>,
    state: Arc<BatchState>,
}

struct BatchState {
    answered: AtomicBool,
    not_before: Mutex<Instant>,
}

impl BatchSender {
    pub fn new(url: &str) -> Result<Self, String> {
        let (clean, authorization) = client::split_credentials(url);
        let url = Url::parse(&clean).ok().filter(|url| {
            let has_credentials = !url.username().is_empty() || url.password().is_some();
            matches!(url.scheme(), "http" | "https") && url.has_host() && !has_credentials
        });
        let url = url.ok_or("--api: write it as http://HOST:PORT")?;
        let mut endpoint = url.clone();
        let path = url.path().trim_end_matches('/');
        endpoint.set_path(&format!("{}/api", path.strip_suffix("/api").unwrap_or(path)));
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        let roots = kit::tls::root_certificates(&[])?;
        let connector = HttpsConnectorBuilder::new().with_tls_config(kit::tls::client_config(roots)?);
        let connector = connector.https_or_http().enable_http1().build();
        let state = BatchState { answered: AtomicBool::new(false), not_before: Mutex::new(Instant::now()) };
        Ok(Self {
            client: legacy::Client::builder(TokioExecutor::new()).build(connector),
            endpoint: endpoint.into(),
            authorization,
            state: Arc::new(state),
        })
    }

    /// Whether the API has ever answered with a line.
    pub fn has_answered(&self) -> bool {
        self.state.answered.load(Relaxed)
    }

    /// Begins no new batch before `until`.
    pub fn pause_until(&self, until: Instant) {
        let mut not_before = self.state.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = until.max(*not_before);
    }

    /// Gathers questions into batches until there are no more; what waits at the same time goes together.
    pub async fn run(self, mut questions: mpsc::Receiver<Question>) {
        while let Some(first) = questions.recv().await {
            // Others that were begun at the same moment arrive.
            tokio::task::yield_now().await;
            let mut waiting = Waiting::new();
            let mut next = Some(first);
            let mut pages = Vec::new();
            while let Some(Question { page, answer }) = next {
                pages.push(page.clone());
                waiting.entry(page).or_default().push(answer);
                next = if pages.len() < MOST_PAGES { questions.try_recv().ok() } else { None };
            }
            let not_before = *self.state.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            sleep_until(not_before).await;
            let batches = self.clone();
            tokio::spawn(async move {
                let unanswered = batches.post(&pages, &mut waiting).await;
                for answer in waiting.into_values().flatten() {
                    // The request may have been given up.
                    let _ = answer.send(unanswered.again());
                }
            });
        }
    }

    /// Asks for `pages`; returns what came of those that no line came for.
    async fn post(&self, pages: &[String], waiting: &mut Waiting) -> Answer {
        let lines: Vec<String> =
            pages.iter().map(|page| serde_json::Value::from(page.as_str()).to_string()).collect();
        let mut request = Request::post(&self.endpoint)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .header(header::USER_AGENT, concat!("linkextractor/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let Ok(request) = request.body(Full::from(lines.join("\n"))) else {
            return Answer::Refused("not a URL of an API".to_owned());
        };
        let response = match timeout(SILENCE, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Answer::Lost(cause(&error)),
            Err(_) => return Answer::Lost("it does not answer".to_owned()),
        };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                let seconds =
                    response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                let seconds = seconds.and_then(|seconds| seconds.parse().ok());
                self.state.answered.store(true, Relaxed);
                return Answer::Overloaded(seconds.map(Duration::from_secs));
            }
            status if status.is_server_error() => return Answer::Lost(format!("it answers {status}")),
            status => return Answer::Refused(format!("it answers {status}")),
        }
        let (mut body, mut received) = (response.into_body(), Vec::new());
        loop {
            let mut searched = received.len();
            match timeout(SILENCE, body.frame()).await {
                Ok(Some(Ok(frame))) => received.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Ok(Some(Err(error))) => return Answer::Lost(cause(&error)),
                Ok(None) => return Answer::Lost("the answer had no line for the page".to_owned()),
                Err(_) => return Answer::Lost("it stopped answering".to_owned()),
            }
            while let Some(end) = memchr::memchr(b'\n', &received[searched..]) {
                let line: Vec<u8> = received.drain(..=searched + end).collect();
                searched = 0;
                self.state.answered.store(true, Relaxed);
                let asked = answer::page(&line).and_then(|page| waiting.get_mut(page.as_ref())?.pop());
                if let Some(asked) = asked {
                    let _ = asked.send(Answer::Line(line));
                }
            }
            if received.len() > MAX_LINE {
                return Answer::Refused("a line of its answer is over 256 MiB".to_owned());
            }
        }
    }
}

/// The innermost cause of an error, which says most.
fn cause(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source());
    let text = causes.last().map(ToString::to_string).unwrap_or_default();
    text.split(" (os error ").next().unwrap_or_default().to_lowercase()
}
