//! The operator's allow and deny lists.

use ipnet::IpNet;
use std::{net::IpAddr, str::FromStr};
use url::Host;

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ListEntry {
    /// `10.1.0.0/16`, or a single address.
    Network(IpNet),
    /// `wiki.example.org`: this host.
    Host(String),
    /// `*.example.org`: every host below.
    Subdomains(String),
}

impl FromStr for ListEntry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let (name, below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        // As in a page's URL, `10.1` is an address, and a Unicode name becomes A-labels.
        match Host::parse(name) {
            Ok(Host::Domain(name)) if !name.contains(['*', '/']) => {
                let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
                Ok(if below { Self::Subdomains(name) } else { Self::Host(name) })
            }
            _ => Err(format!("\"{text}\" is neither a network, an address nor a host name")),
        }
    }
}

/// How closely an entry names a host; the more specific is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closeness {
    /// By a pattern; holds the length of its fixed part in bytes.
    Subdomains(usize),
    /// By its name.
    Host,
}

/// A list of networks and hosts.
#[derive(Clone, Debug, Default)]
pub(crate) struct List(Vec<ListEntry>);

impl List {
    /// Parses a list; an error quotes the invalid entry.
    pub(crate) fn parse(entries: &[String]) -> Result<Self, String> {
        entries.iter().map(|entry| entry.trim().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// How closely the list names `host` (lower case, without final dot), if it does.
    pub(crate) fn host(&self, host: &str) -> Option<Closeness> {
        let closeness = |entry: &ListEntry| match entry {
            ListEntry::Host(name) => (name == host).then_some(Closeness::Host),
            ListEntry::Subdomains(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
                .then_some(Closeness::Subdomains(name.len())),
            ListEntry::Network(_) => None,
        };
        self.0.iter().filter_map(closeness).max()
    }

    /// The longest network of the list that holds `ip`.
    pub(crate) fn network(&self, ip: IpAddr) -> Option<IpNet> {
        self.networks().filter(|network| network.contains(&ip)).max_by_key(IpNet::prefix_len)
    }

    /// The networks of the list.
    pub(crate) fn networks(&self) -> impl Iterator<Item = IpNet> {
        self.0.iter().filter_map(|entry| match entry {
            ListEntry::Network(network) => Some(*network),
            ListEntry::Host(_) | ListEntry::Subdomains(_) => None,
        })
    }
}
