//! Classifies a response by its header: a page, a redirect, or an error.

use crate::{
    FetchError, PageUrl, ResponseProblem,
    coding::{self, Coding},
    media_type::{self, Declared},
};
use http::{
    HeaderMap, StatusCode, Version,
    header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER, TRANSFER_ENCODING},
    response::Parts,
};
use std::time::{Duration, SystemTime};

pub(crate) enum ResponseKind {
    /// A page whose body has to be read.
    Page { codings: Vec<Coding>, declared: Declared },
    /// 204 or 205: a page without content.
    Empty,
    /// A redirect to this URL.
    Redirect(PageUrl),
}

/// Classifies the response to a request for `url`.
pub(crate) fn classify(url: &PageUrl, head: &Parts) -> Result<ResponseKind, FetchError> {
    let headers = &head.headers;
    match head.status.as_u16() {
        301 | 302 | 303 | 307 | 308 => {
            let location = headers.get(LOCATION).ok_or(FetchError::BadRedirect)?;
            Ok(ResponseKind::Redirect(url.redirected(location.as_bytes())?))
        }
        204 | 205 => Ok(ResponseKind::Empty),
        200..=203 => {
            framing(head)?;
            let declared = media_type::declared(headers);
            if declared == Declared::Other {
                return Err(FetchError::NotHtml);
            }
            Ok(ResponseKind::Page { codings: coding::codings(headers)?, declared })
        }
        status => Err(FetchError::UpstreamStatus { status, retry_after: retry_after(head.status, headers) }),
    }
}

/// Refuses HTTP/1 messages whose length is ambiguous (RFC 9112, section 6.3).
fn framing(head: &Parts) -> Result<(), FetchError> {
    if head.version >= Version::HTTP_2 || !head.headers.contains_key(TRANSFER_ENCODING) {
        return Ok(());
    }
    if head.headers.contains_key(CONTENT_LENGTH) {
        return Err(FetchError::BadResponse(ResponseProblem::NotHttp));
    }
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    // "identity" is a former transfer coding without effect (RFC 2616, section 3.6); browsers accept it.
    let known =
        |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked") || coding.eq_ignore_ascii_case(b"identity");
    let all_known = codings.all(|coding| known(coding.as_bytes().trim_ascii()));
    all_known.then_some(()).ok_or(FetchError::BadEncoding)
}

/// `Retry-After` of a 429 or 503: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let date = || httpdate::parse_http_date(value).ok();
    let until = |date: SystemTime| date.duration_since(SystemTime::now()).unwrap_or_default();
    value.parse().map(Duration::from_secs).ok().or_else(|| date().map(until))
}
