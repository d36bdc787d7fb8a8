//! Names and networks that are not on the public Internet, read from text files that give each one's source.

use crate::url_list::entries;
use ipnet::IpNet;
use std::{net::IpAddr, sync::LazyLock};

const VALID: &str = "a part of the program that the tests read";

pub(super) static NETWORKS: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
    rows(include_str!("networks.txt")).map(|(net, source)| (net.parse().expect(VALID), source)).collect()
});
static NAMES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| rows(include_str!("names.txt")).collect());

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    entries(table)
        .map(|row| row.split_once(' ').expect(VALID))
        .map(|(key, source)| (key, source.trim_start()))
}

/// Why `ip` is not public, if it is not.
pub(super) fn refused_address(ip: IpAddr) -> Option<&'static str> {
    NETWORKS.iter().find(|(net, _)| net.contains(&ip)).map(|(_, source)| *source)
}

/// Why `host` (lower case, without final dot) is refused, if it is.
pub(super) fn refused_name(host: &str) -> Option<&'static str> {
    let below =
        |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match NAMES.iter().find(|(name, _)| below(name)) {
        Some((_, source)) => Some(source),
        // `xn--` alone encodes no label, so that no machine is named so: it is looked up like any name.
        None if !host.contains('.') && host != "xn--" => {
            Some("a single label: search domains, Compose and Kubernetes names")
        }
        None => None,
    }
}
