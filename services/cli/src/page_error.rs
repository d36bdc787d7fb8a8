//! Why a target has no links, in words for a user: what happened, which limit was hit, and which option helps.

use crate::{
    client::PageLimits,
    exit::io_error_text,
    target::{Source, Target},
};
use bytesize::ByteSize;
use fetch::{DECODING_TIME, FetchError, FetchFailure, TlsProblem, UrlProblem};
use kit::size;
use serde_json::Value;
use std::{io, path::Path, time::Duration};

#[derive(Debug)]
pub enum PageError {
    Fetch(FetchFailure),
    Read(io::Error),
    /// The file does not exist.
    Missing,
    /// Larger than the limit for HTML that is not fetched.
    TooLarge,
    /// Longer than any page may be.
    TooLong,
    /// It is certainly no page but that.
    Media(&'static str),
    /// Standard input was read already.
    StdinTaken,
    /// The file is the one that results are written to.
    IsOutput,
    /// The API's error about the page.
    Api(Value),
    /// The API cannot be asked, because of this.
    NoApi(String),
    /// The API is not asked for such targets.
    NotForApi,
    /// A URL with user and password for an API.
    PasswordForApi,
    /// A fault of this program, which the panic's message describes.
    Panicked,
}

impl From<FetchError> for PageError {
    fn from(error: FetchError) -> Self {
        Self::Fetch(FetchFailure { error, cause: None })
    }
}

impl From<FetchFailure> for PageError {
    fn from(failure: FetchFailure) -> Self {
        Self::Fetch(failure)
    }
}

impl From<io::Error> for PageError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl PageError {
    /// A stable code; the API's where the API has the same error.
    pub fn code(&self) -> &str {
        match self {
            Self::Fetch(failure) => failure.error.code(),
            Self::Read(_) | Self::StdinTaken | Self::IsOutput => "unreadable",
            Self::TooLarge | Self::TooLong => "too-large",
            Self::Missing => "not-found",
            Self::Media(_) => "not-html",
            Self::Api(error) => error["code"].as_str().unwrap_or("internal"),
            Self::NoApi(_) => "api-failure",
            Self::NotForApi => "unsupported-scheme",
            Self::PasswordForApi => "invalid-url",
            Self::Panicked => "internal",
        }
    }

    /// What is wrong with `target`, in a line.
    pub fn text(&self, target: &Target, limits: &PageLimits) -> String {
        match self {
            Self::Fetch(failure) => fetch_text(failure, target, limits),
            Self::Read(error) => io_error_text(error),
            Self::Missing => missing(target),
            Self::TooLarge => {
                format!("over {}, the limit; --max-bytes raises it", shown(limits.max_local_bytes))
            }
            Self::TooLong => "over 256 MiB of text, more than can be read of a page".to_owned(),
            Self::Media(kind) => format!("this is {kind}, not an HTML page"),
            Self::StdinTaken => "standard input can be read only once".to_owned(),
            Self::IsOutput => "the links are written to this file, so it is not read".to_owned(),
            Self::Api(error) => error["detail"].as_str().unwrap_or("the API gives no reason").to_owned(),
            Self::NoApi(reason) => format!("no answer of the API: {reason}"),
            Self::NotForApi => "an API fetches http and https pages only".to_owned(),
            Self::PasswordForApi => "an API takes no user and password".to_owned(),
            Self::Panicked => "a fault of this program: please report it".to_owned(),
        }
    }
}

fn fetch_text(FetchFailure { error, cause }: &FetchFailure, target: &Target, limits: &PageLimits) -> String {
    let cause = cause.as_deref();
    match error {
        FetchError::InvalidUrl(UrlProblem::UserInfo) => {
            "not a valid URL: user and password have to stand right before the host".to_owned()
        }
        FetchError::UnsupportedScheme if target.name().starts_with("file:") => {
            "a file URL names a file of this machine, as in file:///folder/page.html".to_owned()
        }
        FetchError::UnsupportedScheme => "only http, https and file URLs can be read".to_owned(),
        FetchError::Dns => match cause {
            Some("NXDOMAIN") => "no such host".to_owned(),
            Some(cause) => format!("no such host, or no answer from the name server ({cause})"),
            None => "no such host, or no answer from the name server".to_owned(),
        },
        FetchError::Connect => cause.map_or_else(|| error.to_string(), str::to_owned),
        FetchError::Tls(problem) => {
            let text =
                cause.map_or_else(|| error.to_string(), |cause| format!("no secure connection: {cause}"));
            match problem {
                TlsProblem::UnknownIssuer => {
                    format!("{text}; --cacert FILE trusts another issuer, --insecure any certificate")
                }
                TlsProblem::Expired | TlsProblem::WrongName => {
                    format!("{text}; --insecure accepts any certificate")
                }
                TlsProblem::Handshake if target.name().starts_with("https://localhost") => {
                    format!("{text}; perhaps the server speaks http://")
                }
                TlsProblem::Handshake => text,
            }
        }
        FetchError::UpstreamStatus { status: 401, .. } => format!("{error}; --user gives user and password"),
        // The cause is there if the proxy opens a tunnel only.
        FetchError::UpstreamStatus { status: 407, .. } => cause
            .map_or_else(|| format!("{error}; --proxy takes http://USER:PASSWORD@HOST:PORT"), str::to_owned),
        FetchError::UpstreamStatus { retry_after: Some(wait), .. } => {
            format!("{error} and asks to wait {}", time(*wait))
        }
        FetchError::TooManyRedirects => {
            format!("more than {} redirects, the limit; --max-redirects raises it", limits.max_redirects)
        }
        FetchError::TooLarge if cause == Some(DECODING_TIME) => format!("{error}: {DECODING_TIME}"),
        FetchError::TooLarge => {
            format!("the page is over {}, the limit; --max-bytes raises it", shown(limits.max_bytes))
        }
        FetchError::Timeout(step) => {
            format!("timed out after {} {step}; --timeout sets another limit", time(limits.timeout))
        }
        _ => error.to_string(),
    }
}

fn time(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A size in the unit that divides it.
fn shown(bytes: u64) -> String {
    size::text(ByteSize(bytes))
}

/// A file that does not exist may be meant as a web page.
fn missing(target: &Target) -> String {
    let name = target.name();
    let Source::File(path) = &target.source else { return "no such file".to_owned() };
    if name.trim().is_empty() {
        return "the target is empty: name a URL, a file, or - for standard input".to_owned();
    }
    let scheme = name.split_once(':').map_or("", |(scheme, _)| scheme);
    if scheme.eq_ignore_ascii_case("file") {
        return "no such file".to_owned();
    }
    if ["mailto", "tel", "javascript", "data", "about", "ftp"].contains(&scheme) {
        return format!("no such file, and {scheme}: is not http, https or file");
    }
    match scheme_for(name) {
        Some(scheme) if !(has_page_extension(path) && path.components().count() == 1) => {
            format!("no such file; a web page is written with its scheme, as in {scheme}://{name}")
        }
        _ => "no such file".to_owned(),
    }
}

/// The likely scheme if `name` begins like a host: http for this machine, which seldom has a certificate.
fn scheme_for(name: &str) -> Option<&'static str> {
    let authority = name.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let is_loopback = host == "localhost"
        || host.ends_with(".localhost")
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let is_name = host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
        || authority.len() > host.len() && !host.is_empty();
    let plausible =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte) || byte >= 0x80);
    if is_loopback { Some("http") } else { (is_name && plausible).then_some("https") }
}

fn has_page_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["html", "htm", "xhtml", "xht", "txt", "md"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_takes_too_long_to_decode_is_not_said_to_be_over_the_limit() {
        let limits = PageLimits {
            timeout: Duration::from_secs(1),
            max_bytes: 1000,
            max_redirects: 1,
            max_local_bytes: 1000,
        };
        let text = |cause: Option<&str>| {
            let failure = FetchFailure { error: FetchError::TooLarge, cause: cause.map(str::to_owned) };
            PageError::from(failure).text(&Target::parse("http://h/"), &limits)
        };
        for cause in [None, Some("the body has 3000 bytes")] {
            assert_eq!(text(cause), "the page is over 1kB, the limit; --max-bytes raises it");
        }
        assert!(!text(Some(DECODING_TIME)).contains("--max-bytes"));
    }

    #[test]
    fn the_hint_for_a_missing_file_is_the_likely_url() {
        let hint = |name: &str| missing(&Target::parse(name));
        for (name, url) in [
            ("example.com", "https://example.com"),
            ("example.com/a.html", "https://example.com/a.html"),
            ("localhost:3000", "http://localhost:3000"),
            ("localhost", "http://localhost"),
            ("127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
            ("[::1]:80", "http://[::1]:80"),
            ("myhost:8080", "https://myhost:8080"),
        ] {
            let expected = "no such file; a web page is written with its scheme, as in ".to_owned() + url;
            assert_eq!(hint(name), expected.as_str(), "{name}");
        }
        for name in ["file:///no/such/example.com", "page.html", "folder/page", "./x.y", "notes", "a b.c"] {
            assert_eq!(hint(name), "no such file", "{name}");
        }
        assert!(hint("mailto:x@y").contains("mailto:"));
        assert!(hint("").contains("empty"));
    }
}
