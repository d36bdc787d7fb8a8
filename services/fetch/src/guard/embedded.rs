//! The IPv4 addresses that are embedded in an IPv6 address.

use ipnet::{IpNet, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

/// `start` is the prefix's first 96 bits.
const fn prefix(start: u128, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_bits(start << 32), length)
}

const MAPPED: Ipv6Net = prefix(0x0000_0000_0000_0000_0000_ffff, 96);
const COMPATIBLE: Ipv6Net = prefix(0, 96);
const TRANSLATED: Ipv6Net = prefix(0x0000_0000_0000_0000_ffff_0000, 96);
const NAT64: Ipv6Net = prefix(0x0064_ff9b_0000_0000_0000_0000, 96);
const NAT64_LOCAL: Ipv6Net = prefix(0x0064_ff9b_0001_0000_0000_0000, 48);
const TEREDO: Ipv6Net = prefix(0x2001_0000_0000_0000_0000_0000, 32);
const SIX_TO_FOUR: Ipv6Net = prefix(0x2002_0000_0000_0000_0000_0000, 16);

/// The lengths a NAT64 prefix within [`NAT64_LOCAL`] can have (RFC 6052, section 2.2).
const NAT64_LENGTHS: [u8; 4] = [48, 56, 64, 96];

/// Whether `net` is a local-use NAT64 prefix of a length that does not tell where the IPv4 address is.
pub(crate) fn is_unclear(net: IpNet) -> bool {
    matches!(net, IpNet::V6(net) if NAT64_LOCAL.contains(&net) && !NAT64_LENGTHS.contains(&net.prefix_len()))
}

/// The IPv4 addresses embedded in `ip`. `nat64` is the length of the NAT64 prefix in use, which tells where the IPv4
/// address is in a local-use address; if it is not a valid length, all candidates are given.
pub(crate) fn embedded(ip: Ipv6Addr, nat64: u8) -> Vec<Ipv4Addr> {
    if [MAPPED, COMPATIBLE, TRANSLATED, NAT64].iter().any(|net| net.contains(&ip)) {
        return vec![at(ip, 96)];
    }
    if NAT64_LOCAL.contains(&ip) {
        let known = NAT64_LENGTHS.contains(&nat64);
        let lengths = NAT64_LENGTHS.into_iter().filter(|length| !known || *length == nat64);
        return lengths.map(|length| at_rfc6052(ip, length)).collect();
    }
    if SIX_TO_FOUR.contains(&ip) {
        return vec![at(ip, 16)];
    }
    if TEREDO.contains(&ip) {
        // The server's address as it is, the client's with every bit inverted (RFC 4380, section 4).
        return vec![at(ip, 32), Ipv4Addr::from_bits(!at(ip, 96).to_bits())];
    }
    // ISATAP's interface identifiers, under any prefix (RFC 5214, section 6.1).
    match ip.segments() {
        [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => vec![at(ip, 96)],
        _ => Vec::new(),
    }
}

/// The 32 bits of `ip` from bit `offset` on.
fn at(ip: Ipv6Addr, offset: u32) -> Ipv4Addr {
    let [.., a, b, c, d] = (ip.to_bits() >> (96 - offset)).to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

/// The address after a prefix of `length` bits; bits 64 to 71 are always zero and left out, so that 96 bits become 88.
fn at_rfc6052(ip: Ipv6Addr, length: u8) -> Ipv4Addr {
    let joined = ip.to_bits() >> 64 << 64 | ip.to_bits() << 72 >> 64;
    at(Ipv6Addr::from_bits(joined), u32::from(length.min(88)))
}
