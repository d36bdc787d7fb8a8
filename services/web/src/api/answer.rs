//! The API's answer: links, or a problem.

use crate::failure::{Failure, Kind};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use kit::{Body, Response};
use links::Link;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

/// The most bytes of links that are read.
const LONGEST: usize = 64 << 20;
/// The most bytes of a problem that are read.
const LONGEST_PROBLEM: usize = 64 << 10;

/// The links of a page, not yet parsed.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Bytes,
    /// Returned when the answer has been used.
    _memory: Option<OwnedSemaphorePermit>,
    /// How many seconds ago the page was fetched (`Age`, RFC 9111, section 5.1), where the API says it.
    pub(crate) age: Option<u64>,
    /// The page's own URL after redirects (`Link: …; rel="describes"`, RFC 6892), where the API says it.
    pub(crate) page: Option<Url>,
}

impl Answer {
    pub(super) async fn read(response: Response, memory: &Arc<Semaphore>) -> Result<Self, Failure> {
        let headers = response.headers();
        let age = text(headers, header::AGE).and_then(|age| age.trim().parse().ok());
        let page = headers.get_all(header::LINK).iter().find_map(|value| describes(value.to_str().ok()?));
        let (body, memory) = read(response.into_body(), LONGEST, memory).await?;
        Ok(Self { body, _memory: memory, age, page })
    }

    /// The links. CPU work: linear in the answer.
    pub(crate) fn links(&self) -> Result<Vec<Link<'_>>, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::caused(Kind::ApiAnswer, error.to_string()))
    }
}

/// A problem (RFC 9457) as far as this service reads it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: Option<String>,
    upstream_status: Option<u16>,
}

/// What an answer other than 200 means. Its words stay unread: anybody may have written them.
pub(super) async fn failure(response: Response, memory: &Arc<Semaphore>) -> Failure {
    let status = response.status();
    let retry_after = text(response.headers(), header::RETRY_AFTER).and_then(|value| value.parse().ok());
    let body = read(response.into_body(), LONGEST_PROBLEM, memory).await;
    let body = body.map(|(body, _)| body).unwrap_or_default();
    let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    let kind = problem.code.as_deref().and_then(Kind::of_code).unwrap_or_else(|| Kind::of_status(status));
    Failure {
        kind,
        upstream_status: problem.upstream_status,
        retry_after: retry_after.filter(|_| status == StatusCode::SERVICE_UNAVAILABLE),
        cause: Some(format!("the API answered {status}")),
    }
}

/// A body of up to `limit` bytes, and its share of `memory`.
async fn read(
    mut body: Body,
    limit: usize,
    memory: &Arc<Semaphore>,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let mut bytes = BytesMut::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::caused(Kind::ApiAnswer, error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Failure::caused(Kind::ApiAnswer, format!("longer than {limit} bytes")));
        }
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let more = Arc::clone(memory).try_acquire_many_owned(length);
        let more = more.map_err(|_| Failure::caused(Kind::Overloaded, "too many long answers at once"))?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes.freeze(), held))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The target of the `describes` relation in a `Link` field (RFC 8288, section 3).
fn describes(mut field: &str) -> Option<Url> {
    while let Some((_, rest)) = field.split_once('<') {
        let (target, rest) = rest.split_once('>')?;
        let (parameters, rest) = rest.split_once(',').unwrap_or((rest, ""));
        let relation = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("rel="));
        if relation
            .map(|value| value.trim_matches('"'))
            .any(|value| value.split(' ').any(|r| r == "describes"))
        {
            return Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        }
        field = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::describes;

    #[test]
    fn the_described_page_is_found_among_other_relations() {
        for (field, page) in [
            (r#"<https://a.example/>; rel="describes""#, Some("https://a.example/")),
            (r"<https://a.example/?a,b;c>; rel=describes", Some("https://a.example/?a,b;c")),
            (
                r#"</o.json>; rel="service-desc", <https://a.example/>;rel="describes""#,
                Some("https://a.example/"),
            ),
            (r#"<https://a.example/>; title="x"; rel="self describes""#, Some("https://a.example/")),
            (r#"<https://a.example/>; rel="describedby""#, None),
            (r#"</relative>; rel="describes""#, None),
            (r#"<javascript:alert(1)>; rel="describes""#, None),
            ("<https://a.example/", None),
            ("", None),
        ] {
            assert_eq!(describes(field).as_ref().map(url::Url::as_str), page, "{field}");
        }
    }
}
