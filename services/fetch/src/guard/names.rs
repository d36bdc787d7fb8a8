//! A table of names that are not on the public Internet, with sources.

/// A refused name: itself and everything below it.
#[derive(Debug)]
pub(crate) struct RefusedName {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

const fn name(name: &'static str, source: &'static str) -> RefusedName {
    RefusedName { name, source }
}

/// Names that are refused with all their subdomains. `test` and `example` are left out on purpose: resolvers do not treat
/// them specially (RFC 6761, sections 6.2 and 6.5), and their addresses are checked like all others.
pub(crate) const NAMES: &[RefusedName] = &[
    name("localhost", "loopback (RFC 6761, section 6.3)"),
    name("localdomain", "loopback (the hosts file of glibc systems)"),
    name("localdomain4", "loopback (the hosts file of Fedora and its kin)"),
    name("localdomain6", "loopback (the hosts file of Fedora and its kin)"),
    name("local", "multicast DNS (RFC 6762)"),
    name("internal", "private use, and metadata and host names of clouds and containers (ICANN, 2024)"),
    name("home.arpa", "home networks (RFC 8375)"),
    name("intranet", "private use by custom (RFC 6762, appendix G)"),
    name("private", "private use by custom (RFC 6762, appendix G)"),
    name("corp", "private use by custom (RFC 6762, appendix G; ICANN, 2018)"),
    name("home", "private use by custom (RFC 6762, appendix G; ICANN, 2018)"),
    name("lan", "private use by custom (RFC 6762, appendix G)"),
    name("mail", "private use by custom (ICANN, 2018)"),
    name("invalid", "never exists (RFC 6761, section 6.4)"),
    name("onion", "Tor (RFC 7686)"),
    name("alt", "not in the DNS (RFC 9476)"),
    name("svc", "Kubernetes services (Kubernetes documentation)"),
    name("consul", "Consul services (Consul documentation)"),
    name("metadata.tencentyun.com", "Tencent Cloud's metadata (its documentation)"),
    name("metadata.platformequinix.com", "Equinix Metal's metadata (its documentation)"),
    name("metadata.packet.net", "Packet's metadata (its documentation)"),
];

/// Why `host` (lower case, without final dot) is refused, if it is.
pub(crate) fn refused(host: &str) -> Option<&'static str> {
    let below =
        |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match NAMES.iter().find(|entry| below(entry.name)) {
        Some(entry) => Some(entry.source),
        None if !host.contains('.') => Some("a single label: search domains, Compose and Kubernetes names"),
        None => None,
    }
}
