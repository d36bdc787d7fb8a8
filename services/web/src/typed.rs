//! What a person typed into the form, made into a page's URL, or refused.

use crate::failure::Kind;
use url::Url;

/// The longest URL, in bytes.
const LONGEST: usize = 8 * 1024;

/// The address of a web page as it will be sent to the API: typed, with a scheme. Everything that only the API
/// can judge (names, addresses, ports) is left to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageUrl {
    text: String,
    url: Url,
}

impl PageUrl {
    /// `typed`, outer blanks trimmed; `https://` is put before what has no scheme.
    pub(crate) fn parse(typed: &str) -> Result<Self, Kind> {
        let typed = typed.trim();
        if typed.len() > LONGEST {
            return Err(Kind::UrlTooLong);
        }
        // U+FFFD stands where the request was not UTF-8: the URL that was meant is lost.
        if typed.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
            return Err(Kind::InvalidUrl);
        }
        let text = match typed {
            _ if has_scheme(typed) => typed.to_owned(),
            _ => format!("https://{}", typed.trim_start_matches('/')),
        };
        let url = Url::parse(&text).map_err(|_| Kind::InvalidUrl)?;
        match url.scheme() {
            "http" | "https" => Ok(Self { text, url }),
            _ => Err(Kind::UnsupportedScheme),
        }
    }

    /// As it is sent and shown.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// As the URL standard reads it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

/// Whether a URL begins with a scheme. `example.com:8080/path` and `localhost:3000` do not, though the URL
/// standard would read one: what stands before the colon looks like a host, what follows it like a port.
fn has_scheme(typed: &str) -> bool {
    let Some((scheme, rest)) = typed.split_once(':') else { return false };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let host = scheme.contains('.') || scheme.eq_ignore_ascii_case("localhost");
    let port = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    named && !(host && port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scheme_becomes_https() {
        for (typed, text) in [
            ("example.com", "https://example.com"),
            (" example.com/a b ", "https://example.com/a b"),
            ("//example.com/x", "https://example.com/x"),
            ("example.com:8080/x", "https://example.com:8080/x"),
            ("localhost:3000", "https://localhost:3000"),
            ("example.com/?next=http://a/", "https://example.com/?next=http://a/"),
            ("[::1]/", "https://[::1]/"),
            ("HTTP://Example.COM", "HTTP://Example.COM"),
            ("http:example.com", "http:example.com"),
        ] {
            assert_eq!(PageUrl::parse(typed).unwrap().as_str(), text, "{typed}");
        }
    }

    #[test]
    fn what_is_no_web_page_is_refused() {
        for (typed, kind) in [
            ("' onmouseover=alert(1) x='", Kind::InvalidUrl),
            ("http://", Kind::InvalidUrl),
            ("http://a\u{0}b", Kind::InvalidUrl),
            ("http://a/\r\nx", Kind::InvalidUrl),
            ("http://a/\u{fffd}", Kind::InvalidUrl),
            ("javascript:alert(1)", Kind::UnsupportedScheme),
            ("mailto:a@example.com", Kind::UnsupportedScheme),
            ("ftp://example.com", Kind::UnsupportedScheme),
            (&format!("http://a/{}", "x".repeat(LONGEST)), Kind::UrlTooLong),
        ] {
            assert_eq!(PageUrl::parse(typed), Err(kind), "{typed}");
        }
    }
}
