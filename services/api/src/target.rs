//! How a page's URL is written in a request target: after `/api/`, or as the parameter `url`.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Why a request target names no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// Neither a path nor a parameter.
    #[error("no URL was given: GET /api/<url> or GET /api?url=<url-encoded>")]
    Missing,
    /// More than one parameter `url`.
    #[error("the parameter url was given more than once")]
    Repeated,
    /// A `%` that two hexadecimal digits do not follow.
    #[error("the percent-encoding is malformed")]
    Percent,
    /// Percent-encoded bytes that are no UTF-8.
    #[error("the percent-encoded bytes are not UTF-8")]
    Utf8,
}

/// The URL in what follows `/api/`, with the request's query.
///
/// It stands as it is when it begins with `http:/` or `https:/` (one slash is enough: proxies merge them);
/// otherwise it is percent-decoded once, and the request's query is added to its own.
pub(crate) fn url_in_path<'a>(
    rest: &'a str,
    path: &str,
    query: Option<&str>,
) -> Result<Cow<'a, str>, TargetError> {
    if begins_as_url(rest) {
        return Ok(Cow::Borrowed(rest));
    }
    let mut url = decode(path)?.into_owned();
    if let Some(query) = query {
        let end = url.find('#').unwrap_or(url.len());
        let joint = if url[..end].contains('?') { '&' } else { '?' };
        url.insert_str(end, &format!("{joint}{query}"));
    }
    Ok(Cow::Owned(url))
}

/// The value of the parameter `url` (WHATWG `application/x-www-form-urlencoded`: `+` is a space); other
/// parameters are nobody's.
pub(crate) fn url_in_query(query: Option<&str>) -> Result<String, TargetError> {
    let mut values = query
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter_map(|(name, value)| (name == "url").then_some(value));
    let value = values.next().ok_or(TargetError::Missing)?;
    if values.next().is_some() {
        return Err(TargetError::Repeated);
    }
    Ok(decode(&value.replace('+', " "))?.into_owned())
}

/// `text` percent-decoded once; unlike the URL standard's, this decoder refuses what is malformed.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, TargetError> {
    let well_formed = text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    });
    if !well_formed {
        return Err(TargetError::Percent);
    }
    percent_decode_str(text).decode_utf8().map_err(|_| TargetError::Utf8)
}

fn begins_as_url(rest: &str) -> bool {
    ["http:/", "https:/"]
        .iter()
        .any(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_path(target: &str) -> Result<String, TargetError> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        url_in_path(target, path, query).map(Cow::into_owned)
    }

    #[test]
    fn stands_as_it_is() {
        for url in [
            "http://example.com/?a=1&b=2",
            "http:/example.com/merged",
            "HTTPS://example.com/%zz",
            "hTTp:///example.com",
            "http://example.com/%2561?u=http%3A%2F%2Fx",
        ] {
            assert_eq!(in_path(url).as_deref(), Ok(url));
        }
    }

    #[test]
    fn is_decoded_once() {
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
            assert_eq!(in_path(target).as_deref(), Ok(url));
        }
    }

    #[test]
    fn malformed_encoding_is_refused() {
        for target in ["%zz", "a%", "a%2", "http%3A%2F%2Fe%2F%e"] {
            assert_eq!(in_path(target), Err(TargetError::Percent), "{target}");
        }
        assert_eq!(in_path("%ff%fe"), Err(TargetError::Utf8));
    }

    #[test]
    fn is_a_parameter() {
        let url = |query| url_in_query(Some(query));
        assert_eq!(url("url=http%3A%2F%2Fe%2F%3Fa%3D1%26b").as_deref(), Ok("http://e/?a=1&b"));
        assert_eq!(url("x=1&url=http://e/?q=a+b").as_deref(), Ok("http://e/?q=a b"));
        assert_eq!(url("url=").as_deref(), Ok(""));
        assert_eq!(url("url[]=1"), Err(TargetError::Missing));
        assert_eq!(url("url=a&url=b"), Err(TargetError::Repeated));
        assert_eq!(url("url=%f"), Err(TargetError::Percent));
        assert_eq!(url_in_query(None), Err(TargetError::Missing));
    }
}
