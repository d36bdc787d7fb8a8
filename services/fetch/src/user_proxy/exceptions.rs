//! The exceptions of `no_proxy` in the forms that `curl`, Go and others know, for hyper-util's matcher, which knows fewer.

use ipnet::IpNet;
use std::net::IpAddr;

/// A name, an address or a network that is reached directly.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ProxyException {
    /// As the matcher takes it.
    pub(super) hosts: String,
    /// The only port that it is meant for.
    pub(super) port: Option<u16>,
}

/// The exceptions in `no_proxy`: separated by commas or white space.
pub(super) fn parse(no_proxy: &str) -> impl Iterator<Item = ProxyException> {
    let words = no_proxy.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    words.map(exception)
}

/// `host`, `.host` and `*.host` are the host and those below it, `*` is all; an IPv6 address may stand in brackets, and a
/// port may follow.
fn exception(word: &str) -> ProxyException {
    let (host, port) = match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
        _ => (word, None),
    };
    let host = if port.is_some() { host } else { word }.replace(['[', ']'], "");
    let is_address = host.parse::<IpAddr>().is_ok() || host.parse::<IpNet>().is_ok();
    let hosts = match host.as_str() {
        // The matcher's `*` are names alone.
        "*" => "*,0.0.0.0/0,::/0".to_owned(),
        _ if is_address => host,
        name => name.strip_prefix('*').unwrap_or(name).trim_end_matches('.').to_owned(),
    };
    ProxyException { hosts, port }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_understood() {
        let rows = [
            ("example.com", "example.com", None),
            (".example.com", ".example.com", None),
            ("*.example.com.", ".example.com", None),
            ("example.com:8080", "example.com", Some(8080)),
            ("10.0.0.0/8", "10.0.0.0/8", None),
            ("10.1.2.3:80", "10.1.2.3", Some(80)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:80", "::1", Some(80)),
            ("fe80::/10", "fe80::/10", None),
            ("[fe80::]/10", "fe80::/10", None),
            ("*", "*,0.0.0.0/0,::/0", None),
            ("*:80", "*,0.0.0.0/0,::/0", Some(80)),
        ];
        for (word, hosts, port) in rows {
            assert_eq!(exception(word), ProxyException { hosts: hosts.to_owned(), port }, "{word}");
        }
        let hosts: Vec<String> = parse(" a, b\tc,,d ").map(|exception| exception.hosts).collect();
        assert_eq!(hosts, ["a", "b", "c", "d"]);
    }
}
