//! A table of addresses that are not on the public Internet, with sources.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A refused range of addresses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefusedRange<Net> {
    pub(crate) net: Net,
    /// Its use, and the document that says so.
    pub(crate) source: &'static str,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8, source: &'static str) -> RefusedRange<Ipv4Net> {
    RefusedRange { net: Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix), source }
}

/// `start` is the address's first 64 bits.
const fn v6(start: u64, prefix: u8, source: &'static str) -> RefusedRange<Ipv6Net> {
    RefusedRange { net: Ipv6Net::new_assert(Ipv6Addr::from_bits((start as u128) << 64), prefix), source }
}

/// The IPv4 ranges that are not public. "IANA" is the IPv4 Special-Purpose Address Registry.
pub(crate) const V4: &[RefusedRange<Ipv4Net>] = &[
    v4(0, 0, 0, 0, 8, "this network (IANA; RFC 791, section 3.2)"),
    v4(10, 0, 0, 0, 8, "private use (IANA; RFC 1918)"),
    v4(100, 64, 0, 0, 10, "shared address space, and Alibaba Cloud's metadata (IANA; RFC 6598)"),
    v4(127, 0, 0, 0, 8, "loopback (IANA; RFC 1122, section 3.2.1.3)"),
    v4(168, 63, 129, 16, 32, "Azure's WireServer: metadata at a public address (Azure documentation)"),
    v4(169, 254, 0, 0, 16, "link-local, and most clouds' metadata (IANA; RFC 3927)"),
    v4(172, 16, 0, 0, 12, "private use (IANA; RFC 1918)"),
    v4(192, 0, 0, 0, 24, "IETF protocol assignments, and Oracle Cloud's metadata (IANA; RFC 6890)"),
    v4(192, 0, 2, 0, 24, "documentation, TEST-NET-1 (IANA; RFC 5737)"),
    v4(192, 31, 196, 0, 24, "AS112 (IANA; RFC 7535)"),
    v4(192, 52, 193, 0, 24, "automatic multicast tunnelling (IANA; RFC 7450)"),
    v4(192, 88, 99, 0, 24, "6to4 relay anycast, deprecated (IANA; RFC 7526)"),
    v4(192, 168, 0, 0, 16, "private use (IANA; RFC 1918)"),
    v4(192, 175, 48, 0, 24, "AS112, direct delegation (IANA; RFC 7534)"),
    v4(198, 18, 0, 0, 15, "benchmarking (IANA; RFC 2544)"),
    v4(198, 51, 100, 0, 24, "documentation, TEST-NET-2 (IANA; RFC 5737)"),
    v4(203, 0, 113, 0, 24, "documentation, TEST-NET-3 (IANA; RFC 5737)"),
    v4(224, 0, 0, 0, 4, "multicast (RFC 5771)"),
    v4(240, 0, 0, 0, 4, "reserved, and limited broadcast (IANA; RFC 1112, section 4; RFC 919, section 7)"),
];

/// The only part of IPv6 from which global unicast addresses are allocated (IANA IPv6 Address Space).
pub(crate) const V6_GLOBAL: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IPv6 inside [`V6_GLOBAL`] that is not public. "IANA" is the IPv6 Special-Purpose Address Registry.
pub(crate) const V6: &[RefusedRange<Ipv6Net>] = &[
    v6(
        0x2001_0000_0000_0000,
        23,
        "IETF protocol assignments: Teredo, benchmarking, ORCHID and more (IANA; RFC 2928)",
    ),
    v6(0x2001_0db8_0000_0000, 32, "documentation (IANA; RFC 3849)"),
    v6(0x2002_0000_0000_0000, 16, "6to4, which embeds IPv4 (IANA; RFC 3056)"),
    v6(0x2620_004f_8000_0000, 48, "AS112, direct delegation (IANA; RFC 7534)"),
    v6(0x3fff_0000_0000_0000, 20, "documentation (IANA; RFC 9637)"),
];

/// Why `ip` is not public, if it is not.
pub(crate) fn special(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => V4.iter().find(|range| range.net.contains(&ip)).map(|range| range.source),
        IpAddr::V6(ip) if !V6_GLOBAL.contains(&ip) => Some("outside 2000::/3 (RFC 4291, section 2.4)"),
        IpAddr::V6(ip) => V6.iter().find(|range| range.net.contains(&ip)).map(|range| range.source),
    }
}
