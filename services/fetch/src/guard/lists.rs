//! The operator's allow and deny lists.

use ipnet::IpNet;
use std::net::IpAddr;
use url::Host;

/// How closely an entry names a host; the more specific is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closeness {
    /// By a pattern of this length.
    Subdomains(usize),
    /// By its name.
    Host,
}

/// A list of networks and hosts.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) networks: Vec<IpNet>,
    /// Names, and patterns such as `*.example.org` for every host below.
    hosts: Vec<String>,
}

impl List {
    /// Parses a list; an error quotes the invalid entry.
    pub(crate) fn parse(entries: &[String]) -> Result<Self, String> {
        let mut list = Self::default();
        for text in entries.iter().map(|entry| entry.trim()) {
            if let Ok(network) = text.parse::<IpNet>() {
                list.networks.push(network.trunc());
            } else if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
                list.networks.push(address.into());
            } else {
                let (wildcard, name) = text.split_at(if text.starts_with("*.") { 2 } else { 0 });
                // As in a page's URL, `10.1` is an address, and a Unicode name becomes A-labels.
                match Host::parse(name) {
                    Ok(Host::Domain(name)) if !name.contains(['*', '/']) => {
                        list.hosts.push(format!("{wildcard}{}", name.strip_suffix('.').unwrap_or(&name)));
                    }
                    _ => {
                        return Err(format!("\"{text}\" is neither a network, an address nor a host name"));
                    }
                }
            }
        }
        Ok(list)
    }

    /// How closely the list names `host` (lower case, without final dot), if it does.
    pub(crate) fn host(&self, host: &str) -> Option<Closeness> {
        let closeness = |entry: &String| match entry.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix).then_some(Closeness::Subdomains(suffix.len())),
            None => (entry == host).then_some(Closeness::Host),
        };
        self.hosts.iter().filter_map(closeness).max()
    }

    /// The longest network of the list that holds `ip`.
    pub(crate) fn network(&self, ip: IpAddr) -> Option<IpNet> {
        self.networks.iter().copied().filter(|network| network.contains(&ip)).max_by_key(IpNet::prefix_len)
    }
}
