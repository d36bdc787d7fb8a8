//! The client that a request comes from.

use http::HeaderValue;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// The address of the client that a request comes from: that of the connection's peer or, if a trusted proxy passed the
/// request on, the one that the proxy reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

/// The clients that count as one where clients share something: an IPv4 address, or an IPv6 network of 64 bits, as a
/// client has all addresses of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(IpAddr);

impl Client {
    /// The client at `address`; an IPv4-mapped IPv6 address is the IPv4 address.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The client's address, never an IPv4-mapped one.
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// The clients that share with this one.
    pub fn key(self) -> ClientKey {
        ClientKey(match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        })
    }

    /// The value of a `Forwarded` field that reports this client (RFC 7239, section 6).
    #[expect(clippy::missing_panics_doc, reason = "it cannot panic: an address is a header value")]
    pub fn forwarded(self) -> HeaderValue {
        let value = match self.0 {
            IpAddr::V4(address) => format!("for={address}"),
            IpAddr::V6(address) => format!("for=\"[{address}]\""),
        };
        HeaderValue::try_from(value).expect("an address is visible ASCII")
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::Client;

    #[test]
    fn clients_with_one_ipv4_address_or_one_ipv6_network_share_a_key() {
        let key = |address: &str| Client::new(address.parse().unwrap()).key();
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2:3:4"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    }

    #[test]
    fn an_ipv6_address_is_forwarded_in_brackets_and_quotes() {
        let forwarded = |address: &str| Client::new(address.parse().unwrap()).forwarded();
        assert_eq!(forwarded("192.0.2.1"), "for=192.0.2.1");
        assert_eq!(forwarded("2001:db8::1"), "for=\"[2001:db8::1]\"");
    }
}
