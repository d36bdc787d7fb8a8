//! The API's response: links, or a problem. Its memory is bounded.

use super::link_field::DescribedPage;
use crate::error::{WebError, WebErrorKind};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use kit::{Body, ByteBudget, Response};
use links::Link;
use serde::Deserialize;
use weburl::WebUrl;

/// Bytes of the longest list of links.
const MAX_LINKS: usize = 64 << 20;
/// Bytes of the longest problem.
const MAX_PROBLEM: usize = 64 << 10;
/// Bytes of each response that need no reservation, so that long responses do not keep out short ones. The limit on
/// concurrent requests bounds their sum.
const UNRESERVED: usize = 64 << 10;

const UNRESOLVED: HeaderName = HeaderName::from_static("linkextractor-unresolved");
const APPROXIMATE: HeaderName = HeaderName::from_static("linkextractor-approximate");

/// The links of a page, not parsed yet.
pub(crate) struct ApiResponse {
    body: Bytes,
    /// Seconds since the page was fetched (`Age`, RFC 9111, section 5.1), if the API states it.
    pub(crate) age: Option<u64>,
    /// The page's URL after redirects (`Link: …; rel="describes"`, RFC 6892), or else the requested one.
    pub(crate) page: WebUrl,
    /// The page's title, if the API states it.
    pub(crate) title: Option<String>,
    /// How many addresses were left out because they do not resolve (`Linkextractor-Unresolved`, RFC 9651).
    pub(crate) unresolved: usize,
    /// Whether the links were found by tags alone (`Linkextractor-Approximate`, RFC 9651).
    pub(crate) approximate: bool,
}

impl ApiResponse {
    pub(super) async fn read(
        response: Response,
        requested: &WebUrl,
        budget: &ByteBudget,
    ) -> Result<Self, WebError> {
        let headers = response.headers();
        let age = text(headers, header::AGE).and_then(|age| age.trim().parse().ok());
        let unresolved = text(headers, UNRESOLVED).and_then(|count| count.trim().parse().ok()).unwrap_or(0);
        let approximate = text(headers, APPROXIMATE).is_some_and(|value| value.trim() == "?1");
        let mut fields = headers.get_all(header::LINK).iter();
        let described = fields.find_map(|value| DescribedPage::find(value.to_str().ok()?, requested));
        let (page, title) = described.map_or((None, None), |page| (Some(page.url), page.title));
        let page = page.unwrap_or_else(|| requested.clone());
        let body = read(response.into_body(), MAX_LINKS, budget).await?;
        Ok(Self { body, age, page, title, unresolved, approximate })
    }

    /// The length of the body in bytes.
    pub(crate) fn length(&self) -> usize {
        self.body.len()
    }

    /// Parses the links: CPU work, linear in the length.
    pub(crate) fn links(&self) -> Result<Vec<Link<'_>>, WebError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| WebError::with_cause(WebErrorKind::ApiAnswer, error.to_string()))
    }
}

/// The members of a problem (RFC 9457) that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ApiProblem {
    code: Option<String>,
    upstream_status: Option<u16>,
}

/// The error that a response other than 200 stands for. Its title and detail are not used: they may be hostile.
pub(super) async fn error(response: Response, budget: &ByteBudget) -> WebError {
    let status = response.status();
    let retry_after = text(response.headers(), header::RETRY_AFTER).and_then(|value| value.parse().ok());
    let body = read(response.into_body(), MAX_PROBLEM, budget).await.unwrap_or_default();
    let problem: ApiProblem = serde_json::from_slice(&body).unwrap_or_default();
    let kind = problem.code.as_deref().and_then(WebErrorKind::from_api_code);
    WebError {
        kind: kind.unwrap_or_else(|| WebErrorKind::from_api_status(status)),
        upstream_status: problem.upstream_status,
        retry_after: retry_after.filter(|_| status == StatusCode::SERVICE_UNAVAILABLE),
        cause: Some(format!("the API answered {status}")),
    }
}

/// Reads `body`, of `limit` bytes at most; what is longer than [`UNRESERVED`] is reserved from `budget`.
async fn read(mut body: Body, limit: usize, budget: &ByteBudget) -> Result<Bytes, WebError> {
    let reserve = |bytes: u64| {
        let overloaded = || WebError::with_cause(WebErrorKind::Overloaded, "too many long responses at once");
        budget.try_reserve(bytes).ok_or_else(overloaded)
    };
    let expected = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let (mut bytes, mut reservation) = (Vec::new(), reserve(0)?);
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| WebError::with_cause(WebErrorKind::ApiAnswer, error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len() + data.len();
        if length > limit {
            return Err(WebError::with_cause(WebErrorKind::ApiAnswer, format!("longer than {limit} bytes")));
        }
        if length > bytes.capacity() {
            let capacity = expected.unwrap_or(2 * bytes.capacity()).clamp(length, limit);
            let reserved = capacity.saturating_sub(UNRESERVED) as u64;
            reservation.merge(reserve(reserved.saturating_sub(reservation.bytes()))?);
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(reservation.hold(bytes))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn short_responses_are_read_when_the_budget_is_used_up() {
        const KIB: usize = 1024;
        let lengths = async |budget: u64, length: usize| {
            let body = kit::full(vec![b' '; length]);
            let bytes = read(body, 4 * UNRESERVED, &ByteBudget::new(budget)).await;
            bytes.map(|bytes| bytes.len()).map_err(|error| error.kind)
        };
        for (budget, length, result) in [
            (0, UNRESERVED, Ok(UNRESERVED)),
            (0, UNRESERVED + 1, Err(WebErrorKind::Overloaded)),
            (1, UNRESERVED + KIB, Ok(UNRESERVED + KIB)),
            (1, UNRESERVED + KIB + 1, Err(WebErrorKind::Overloaded)),
            (1, 4 * UNRESERVED + 1, Err(WebErrorKind::ApiAnswer)),
        ] {
            assert_eq!(lengths(budget, length).await, result, "{length} bytes, {budget} bytes of budget");
        }
    }

    #[tokio::test]
    async fn a_response_gives_its_reservation_back_when_it_is_dropped() {
        let budget = ByteBudget::new(UNRESERVED as u64);
        for _ in 0..2 {
            let bytes = read(kit::full(vec![b' '; 2 * UNRESERVED]), MAX_LINKS, &budget).await.unwrap();
            assert_eq!(budget.available(), 0);
            drop(bytes);
        }
        assert_eq!(budget.available(), UNRESERVED as u64);
    }
}
