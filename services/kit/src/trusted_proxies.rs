//! The proxies whose word on the client's address is believed.

use crate::{Client, forwarded};
use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The networks of proxies that are believed when they report the client of a request; by default none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts the proxy at `address`, too.
    pub fn add(&mut self, address: IpAddr) {
        self.0.push(address.to_canonical().into());
    }

    /// Whether a connection's peer is a trusted proxy.
    pub(crate) fn contain(&self, peer: Client) -> bool {
        self.0.iter().any(|network| network.contains(&peer.address()))
    }

    /// The client of a request with `headers` that the trusted proxy `peer` passed on: of the hops that `Forwarded` or
    /// `X-Forwarded-For` reports, read from the last to the first, the first that is no trusted proxy.
    ///
    /// A hop that is not an address ends the reading: the client is then the proxy that reported it. If both fields are
    /// there and disagree, one of them came from the client through a proxy that sets the other only: it is `peer` then.
    pub(crate) fn client(&self, peer: Client, headers: &HeaderMap) -> Client {
        let forwarded = forwarded::forwarded(headers).map(|hops| self.first_untrusted(peer, hops));
        let legacy = forwarded::x_forwarded_for(headers).map(|hops| self.first_untrusted(peer, hops));
        match (forwarded, legacy) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    fn first_untrusted(&self, peer: Client, hops: impl Iterator<Item = Option<IpAddr>>) -> Client {
        let mut client = peer;
        for hop in hops {
            match hop.map(Client::new) {
                Some(hop) => client = hop,
                None => break,
            }
            if !self.contain(client) {
                break;
            }
        }
        client
    }
}

impl TryFrom<Vec<String>> for TrustedProxies {
    type Error = String;

    fn try_from(networks: Vec<String>) -> Result<Self, String> {
        let parse = |text: &String| {
            let network = text.parse().or_else(|_| text.parse().map(IpAddr::into));
            let expected = || format!("found `{text}`; expected networks such as 10.1.0.0/16, or addresses");
            network.map(canonical).map_err(|_: std::net::AddrParseError| expected())
        };
        networks.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }
}

impl From<TrustedProxies> for Vec<String> {
    fn from(proxies: TrustedProxies) -> Self {
        proxies.0.iter().map(ToString::to_string).collect()
    }
}

/// Addresses are compared in their canonical form, so networks are, too.
fn canonical(network: IpNet) -> IpNet {
    let mapped = network.network().to_canonical();
    match (network, mapped, network.prefix_len().checked_sub(96)) {
        (IpNet::V6(_), IpAddr::V4(address), Some(length)) => {
            Ipv4Net::new(address, length).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}
