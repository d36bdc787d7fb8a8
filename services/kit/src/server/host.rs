//! Which host a request is for (RFC 9112, section 3.2; RFC 9113, section 8.3.1).

use http::{HeaderMap, Uri, Version, header, uri::Authority};

/// Whether a request names its host as its version demands; an error is the sentence for the client.
pub(super) fn check(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    let mut fields = headers.get_all(header::HOST).iter();
    match (fields.next(), fields.next()) {
        (Some(_), Some(_)) => Err("There is more than one Host field."),
        (Some(host), None) if !is_authority(host.as_bytes()) => Err("The Host field is no host."),
        (None, _) if version == Version::HTTP_11 => Err("There is no Host field."),
        (None, _) if version == Version::HTTP_2 && uri.authority().is_none() => {
            Err("There is no :authority.")
        }
        _ => Ok(()),
    }
}

/// A host with an optional port; an empty value is allowed, and userinfo is not.
fn is_authority(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |byte| *byte == b':');
    let (host, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    // Nearly all are plain; the parser, which copies, is for the rest.
    host.iter().all(plain) && port.len() <= 5 && port.iter().all(u8::is_ascii_digit)
        || !value.contains(&b'@')
            && Authority::try_from(value).is_ok_and(|authority| has_port_or_none(&authority))
}

fn has_port_or_none(authority: &Authority) -> bool {
    matches!(authority.as_str().strip_prefix(authority.host()), Some("" | ":"))
        || authority.port_u16().is_some()
}

#[cfg(test)]
mod tests {
    use super::check;
    use http::{HeaderMap, HeaderValue, Uri, Version, header::HOST};

    fn hosts(version: Version, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        check(version, &Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn http_1_1_wants_exactly_one_host() {
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
    fn http_1_0_may_do_without() {
        assert!(hosts(Version::HTTP_10, &[]));
        assert!(!hosts(Version::HTTP_10, &["a", "b"]));
    }
}
