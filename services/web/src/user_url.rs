//! The page's URL as the visitor entered it.

use crate::error::WebErrorKind;
use weburl::WebUrl;

/// An http or https URL, sent to the API as entered but for a missing scheme. The API alone judges its length, host and
/// port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserUrl {
    text: String,
    url: WebUrl,
}

impl UserUrl {
    /// Trims `input` and puts `https://` before it if it has no scheme.
    pub(crate) fn parse(input: &str) -> Result<Self, WebErrorKind> {
        let input = input.trim();
        // U+FFFD replaces bytes that are not UTF-8: the intended URL is lost.
        if input.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
            return Err(WebErrorKind::InvalidUrl);
        }
        let text = match input {
            _ if has_scheme(input) => input.to_owned(),
            _ => format!("https://{}", input.trim_start_matches('/')),
        };
        let url = WebUrl::parse(&text).map_err(|_| WebErrorKind::InvalidUrl)?;
        match url.scheme() {
            "http" | "https" => Ok(Self { text, url }),
            _ => Err(WebErrorKind::UnsupportedScheme),
        }
    }

    /// The text to send and to show.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn url(&self) -> &WebUrl {
        &self.url
    }
}

/// Schemes that a number may follow.
const BEFORE_NUMBERS: [&str; 4] = ["http", "https", "sms", "tel"];

/// Whether `input` begins with a scheme. `example.com:8080/path` and `nas:3000` do not, although the URL standard would
/// read one: a host stands before the colon and a port after it.
fn has_scheme(input: &str) -> bool {
    let Some((scheme, rest)) = input.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_host = !BEFORE_NUMBERS.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let port = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    is_scheme && !(is_host && is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scheme_becomes_https() {
        for (input, text) in [
            ("example.com", "https://example.com"),
            (" example.com/a b ", "https://example.com/a b"),
            ("//example.com/x", "https://example.com/x"),
            ("example.com:8080/x", "https://example.com:8080/x"),
            ("localhost:3000", "https://localhost:3000"),
            ("nas:8080/x", "https://nas:8080/x"),
            ("example.com/?next=http://a/", "https://example.com/?next=http://a/"),
            ("[::1]/", "https://[::1]/"),
            ("HTTP://Example.COM", "HTTP://Example.COM"),
            ("http:example.com", "http:example.com"),
        ] {
            assert_eq!(UserUrl::parse(input).unwrap().as_str(), text, "{input}");
        }
    }

    #[test]
    fn input_that_is_not_an_http_url_is_rejected() {
        for (input, kind) in [
            ("' onmouseover=alert(1) x='", WebErrorKind::InvalidUrl),
            ("http://", WebErrorKind::InvalidUrl),
            ("http://a\u{0}b", WebErrorKind::InvalidUrl),
            ("http://a/\r\nx", WebErrorKind::InvalidUrl),
            ("http://a/\u{fffd}", WebErrorKind::InvalidUrl),
            ("javascript:alert(1)", WebErrorKind::UnsupportedScheme),
            ("mailto:a@example.com", WebErrorKind::UnsupportedScheme),
            ("tel:112", WebErrorKind::UnsupportedScheme),
            ("ftp://example.com", WebErrorKind::UnsupportedScheme),
        ] {
            assert_eq!(UserUrl::parse(input), Err(kind), "{input}");
        }
    }
}
