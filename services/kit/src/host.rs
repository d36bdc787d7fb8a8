//! The host of a request: whether it is valid, and whether a listener answers to it.

use crate::{Problem, errors::forbidden};
use http::{HeaderMap, Uri, Version, header, uri::Authority};
use std::net::IpAddr;

/// Checks that a request has the host that its version requires (RFC 9112, section 3.2; RFC 9113, section 8.3.1). The error
/// is a sentence for the client.
pub(crate) fn check(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    let mut fields = headers.get_all(header::HOST).iter();
    match (fields.next(), fields.next()) {
        (Some(_), Some(_)) => Err("There is more than one Host field."),
        (Some(host), None) if !is_authority(host.as_bytes()) => Err("The Host field is not a host."),
        (None, _) if version == Version::HTTP_11 => Err("There is no Host field."),
        (None, _) if version == Version::HTTP_2 && uri.authority().is_none() => {
            Err("There is no :authority.")
        }
        _ => Ok(()),
    }
}

/// Whether `value` is a host with an optional port. It may be empty; userinfo is not allowed.
fn is_authority(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |byte| *byte == b':');
    let (host, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    // This avoids a copy for nearly all requests: the parser below needs one.
    host.iter().all(plain) && port.len() <= 5 && port.iter().all(u8::is_ascii_digit)
        || !value.contains(&b'@')
            && Authority::try_from(value).is_ok_and(|authority| has_port_or_none(&authority))
}

fn has_port_or_none(authority: &Authority) -> bool {
    matches!(authority.as_str().strip_prefix(authority.host()), Some("" | ":"))
        || authority.port_u16().is_some()
}

/// The host names that a listener answers to, against DNS rebinding: a web page can make a browser send requests to this
/// machine, but only with the page's host name and `Origin`. Always allowed are IP addresses, `localhost`, the machine's
/// own name, and a request without a host, which no browser sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRule(Vec<String>);

impl HostRule {
    /// A rule that also allows the host names `names`, in any case; a port or a final dot is ignored.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let plain = |name: String| without_port(&name).trim_end_matches('.').to_owned();
        Self(names.into_iter().map(|name| plain(name.into())).collect())
    }

    /// Checks the host and the `Origin` of a request; the error is the answer to it, with status 403.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let field = headers.get(header::HOST).map(|value| value.to_str().unwrap_or_default());
        let named: Vec<&str> = uri.authority().map(Authority::as_str).into_iter().chain(field).collect();
        if !named.iter().all(|authority| self.allows(without_port(authority))) {
            return Err(forbidden("The host name of this request is not allowed here."));
        }
        let own = |origin: &str| {
            named
                .iter()
                .any(|name| origin.strip_prefix("http://").is_some_and(|o| o.eq_ignore_ascii_case(name)))
        };
        if !headers.get_all(header::ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(own)) {
            return Err(forbidden("Requests from other origins are not allowed here."));
        }
        Ok(())
    }

    fn allows(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let unbracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        unbracketed.parse::<IpAddr>().is_ok()
            || host.eq_ignore_ascii_case("localhost")
            || self.0.iter().any(|name| host.eq_ignore_ascii_case(name))
            || rustix::system::uname().nodename().to_bytes().eq_ignore_ascii_case(host.as_bytes())
    }
}

fn without_port(authority: &str) -> &str {
    let port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    authority.rsplit_once(':').filter(|(_, end)| port(end)).map_or(authority, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::{HostRule, check};
    use http::{
        HeaderMap, HeaderValue, Uri, Version,
        header::{HOST, ORIGIN},
    };

    fn hosts(version: Version, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        check(version, &Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn http_1_1_requires_exactly_one_host() {
        assert!(hosts(Version::HTTP_11, &["example.com"]));
        assert!(hosts(Version::HTTP_11, &["[::1]:8080"]));
        assert!(hosts(Version::HTTP_11, &["my_host"]));
        assert!(hosts(Version::HTTP_11, &["my_host:"]));
        assert!(hosts(Version::HTTP_11, &[""]));
        assert!(!hosts(Version::HTTP_11, &[]));
        assert!(!hosts(Version::HTTP_11, &["a", "a"]));
        assert!(!hosts(Version::HTTP_11, &["a b"]));
        assert!(!hosts(Version::HTTP_11, &["user@a"]));
        assert!(!hosts(Version::HTTP_11, &["a/b"]));
        assert!(!hosts(Version::HTTP_11, &["a:b"]));
        assert!(!hosts(Version::HTTP_11, &["a:80:80"]));
    }

    #[test]
    fn http_1_0_requires_no_host() {
        assert!(hosts(Version::HTTP_10, &[]));
        assert!(!hosts(Version::HTTP_10, &["a", "b"]));
    }

    fn allowed(uri: &'static str, host: Option<&'static str>, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.extend(host.map(|host| (HOST, HeaderValue::from_static(host))));
        headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
        HostRule::new(["api"]).check(&Uri::from_static(uri), &headers).is_ok()
    }

    #[test]
    fn only_own_names_and_ip_addresses_are_allowed_hosts() {
        for host in
            ["127.0.0.1", "10.1.2.3:81", "[::1]", "[::1]:81", "localhost", "LocalHost.:81", "API:5001"]
        {
            assert!(allowed("/", Some(host), None), "{host}");
        }
        for host in
            ["", "evil.example", "api.evil.example", "127.0.0.1.evil.example", "localhost.evil:81", "[::1"]
        {
            assert!(!allowed("/", Some(host), None), "{host}");
        }
        assert!(allowed("/", None, None));
        assert!(!allowed("http://evil.example/", Some("localhost"), None));
        assert!(!allowed("http://evil.example/", None, None));
        let name = rustix::system::uname().nodename().to_str().unwrap().to_owned();
        assert!(HostRule::default().allows(&name), "{name}");
    }

    #[test]
    fn only_the_listeners_own_origin_is_allowed() {
        assert!(allowed("/", Some("localhost:81"), Some("http://localhost:81")));
        for origin in ["null", "http://evil.example", "http://localhost", "http://localhost:82", ""] {
            assert!(!allowed("/", Some("localhost:81"), Some(origin)), "{origin}");
        }
        assert!(!allowed("/", None, Some("http://evil.example")));
    }
}
