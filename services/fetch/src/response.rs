//! Classifies a response by its header: a page, a redirect, or an error.

use crate::{
    FetchError, PageUrl,
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
    /// A page whose body has to be read. With `coding` unknown, it has to be a page as it stands.
    Page { codings: Vec<Coding>, is_known: bool, declared: Declared, framing: Framing },
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
            let mut locations = headers.get_all(LOCATION).iter();
            let location = locations.next().ok_or(FetchError::BadRedirect)?;
            if locations.any(|other| other != location) {
                return Err(FetchError::BadRedirect);
            }
            Ok(ResponseKind::Redirect(url.redirected(location.as_bytes())?))
        }
        204 | 205 => Ok(ResponseKind::Empty),
        200..=203 => {
            let framing = framing(head)?;
            let declared = media_type::declared(headers);
            if declared == Declared::Other {
                return Err(FetchError::NotHtml);
            }
            let codings = coding::codings(headers)?;
            let is_known = codings.is_some();
            Ok(ResponseKind::Page { codings: codings.unwrap_or_default(), is_known, declared, framing })
        }
        status => Err(FetchError::UpstreamStatus { status, retry_after: retry_after(head.status, headers) }),
    }
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Framing {
    /// Whether only the end of the connection ends the body.
    pub(crate) is_until_close: bool,
    /// The length, where hyper reads on until the end of the connection.
    pub(crate) length: Option<u64>,
    /// Whether the message has two framings, so that the rest of its connection cannot be trusted.
    pub(crate) is_ambiguous: bool,
}

/// The framing of a message. Where an HTTP/1 message has `Transfer-Encoding`, that stands over `Content-Length`, as in
/// browsers; the connection is not used again (RFC 9112, section 6.3).
fn framing(head: &Parts) -> Result<Framing, FetchError> {
    let headers = &head.headers;
    let has_length = headers.contains_key(CONTENT_LENGTH);
    if head.version >= Version::HTTP_2 {
        return Ok(Framing::default());
    }
    if !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(Framing { is_until_close: !has_length, ..Framing::default() });
    }
    let (mut is_chunked, mut all_known) = (false, true);
    for coding in headers.get_all(TRANSFER_ENCODING) {
        let coding = coding.as_bytes().trim_ascii();
        is_chunked |= coding.eq_ignore_ascii_case(b"chunked");
        // "identity" is a former transfer coding without effect (RFC 2616, section 3.6); browsers accept it, and none.
        all_known &= is_chunked || coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    }
    if !all_known {
        return Err(FetchError::BadEncoding);
    }
    let length = headers.get(CONTENT_LENGTH).filter(|_| !is_chunked);
    let length = length.and_then(|length| length.to_str().ok()?.trim().parse().ok());
    Ok(Framing { is_until_close: !is_chunked && length.is_none(), length, is_ambiguous: has_length })
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
