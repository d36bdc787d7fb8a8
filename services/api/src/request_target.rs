//! The URL of a page in a request target, and why there is none.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Why a request target names no page, or not what is wanted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestTargetError {
    #[error("no URL was given: GET /api/<url> or GET /api?url=<url-encoded>")]
    Missing,
    #[error("the parameter {0} was given more than once")]
    Repeated(&'static str),
    #[error("the parameter links has to be internal or external")]
    Links,
    #[error("the parameter unique has to be 1")]
    Unique,
    #[error("the parameter format has to be json, csv, markdown or text")]
    Format,
    /// A `%` that two hexadecimal digits do not follow.
    #[error("the percent-encoding is malformed")]
    Percent,
    #[error("the percent-encoded bytes are not UTF-8")]
    Utf8,
}

impl RequestTargetError {
    /// The code of its problem.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing | Self::Percent | Self::Utf8 => "invalid-url",
            Self::Repeated(_) | Self::Links | Self::Unique | Self::Format => "bad-request",
        }
    }
}

/// The URL in `rest`, the raw request target after `/api/`, query included.
///
/// `rest` is used unchanged if it begins with `http:/` or `https:/` (one slash is enough: proxies merge them). Otherwise
/// its path is percent-decoded once, and its query is added to the query of the result.
pub(crate) fn url_in_path(rest: &str) -> Result<Cow<'_, str>, RequestTargetError> {
    let begins_with =
        |scheme: &str| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if begins_with("http:/") || begins_with("https:/") {
        return Ok(rest.into());
    }
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut url = decode(path)?;
    if let Some(query) = query {
        let end = url.find('#').unwrap_or(url.len());
        let joint = if url[..end].contains('?') { '&' } else { '?' };
        url.to_mut().insert_str(end, &format!("{joint}{query}"));
    }
    Ok(url)
}

/// The value of a parameter, decoded as `application/x-www-form-urlencoded` (`+` is a space).
pub(crate) fn decode_form(value: &str) -> Result<String, RequestTargetError> {
    Ok(decode(&value.replace('+', " "))?.into_owned())
}

/// `text` percent-decoded once. Malformed sequences are errors, while the URL standard keeps them.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, RequestTargetError> {
    let well_formed = text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    });
    if !well_formed {
        return Err(RequestTargetError::Percent);
    }
    percent_decode_str(text).decode_utf8().map_err(|_| RequestTargetError::Utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_scheme_is_used_unchanged() {
        for url in [
            "http://example.com/?a=1&b=2",
            "http:/example.com/merged",
            "HTTPS://example.com/%zz",
            "hTTp:///example.com",
            "http://example.com/%2561?u=http%3A%2F%2Fx",
        ] {
            assert_eq!(url_in_path(url).as_deref(), Ok(url));
        }
    }

    #[test]
    fn any_other_path_is_decoded_once() {
        for (target, url) in [
            ("http%3A%2F%2Fexample.com%2F", "http://example.com/"),
            ("http%3a//example.com/", "http://example.com/"),
            ("%20http://example.com/", " http://example.com/"),
            ("http%253A%252F%252Fexample.com", "http%3A%2F%2Fexample.com"),
            ("http%3A%2F%2Fexample.com%2F%2525", "http://example.com/%25"),
            ("http%3A%2F%2Fexample.com%2F?b=2", "http://example.com/?b=2"),
            ("http%3A%2F%2Fexample.com%2F%3Fa%3D1?b=2", "http://example.com/?a=1&b=2"),
            ("http%3A%2F%2Fexample.com%2F%23top?b=%20", "http://example.com/?b=%20#top"),
            ("example.com", "example.com"),
        ] {
            assert_eq!(url_in_path(target).as_deref(), Ok(url));
        }
    }

    #[test]
    fn malformed_percent_encoding_is_an_error() {
        for target in ["%zz", "a%", "a%2", "http%3A%2F%2Fe%2F%e"] {
            assert_eq!(url_in_path(target), Err(RequestTargetError::Percent), "{target}");
        }
        assert_eq!(url_in_path("%ff%fe"), Err(RequestTargetError::Utf8));
    }

    #[test]
    fn the_value_of_a_parameter_is_decoded_as_a_form_value() {
        assert_eq!(decode_form("http%3A%2F%2Fe%2F%3Fa%3D1%26b").as_deref(), Ok("http://e/?a=1&b"));
        assert_eq!(decode_form("http://e/?q=a+b").as_deref(), Ok("http://e/?q=a b"));
        assert_eq!(decode_form("%f"), Err(RequestTargetError::Percent));
    }
}
