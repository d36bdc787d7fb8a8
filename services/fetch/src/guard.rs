//! Decides which destinations may be fetched from, by port, name and address. docs/security.md has the rules.

mod embedded;
mod lists;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

use self::lists::{Closeness, List};
use crate::{FetchSettings, PageUrl, ports};
use std::net::{IpAddr, SocketAddr};
use weburl::Host;

/// A destination whose port and name are allowed; its addresses are yet to be checked.
pub(crate) struct Destination<'a> {
    pub(crate) host: Host<&'a str>,
    /// The host as serialized, without a dot at its end.
    pub(crate) name: &'a str,
    pub(crate) rules: AddressRules,
    /// Whether the machine's search domains may complete the name: never that of a public host, or one that ends in a dot.
    pub(crate) relative: bool,
}

/// What the check of a destination's addresses depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressRules {
    pub(crate) port: u16,
    /// How closely the allow list names the host, if it does.
    allowed: Option<Closeness>,
}

/// The rules. The text of a refusal is for the log only: clients learn no more than that a destination is refused.
pub(crate) struct Guard {
    allow: List,
    deny: List,
    ports_deny: Vec<u16>,
    own: Vec<SocketAddr>,
    allow_private: bool,
    /// Whether an address belongs to this machine. Asks the system.
    pub(crate) is_local: fn(IpAddr) -> bool,
}

impl Guard {
    /// The rules of `settings`; an error names the setting that is wrong.
    pub(crate) fn new(settings: &FetchSettings) -> Result<Self, String> {
        let allow = List::parse(&settings.allow).map_err(|error| format!("fetch.allow: {error}"))?;
        if let Some(net) = allow.networks.iter().find(|net| embedded::is_unclear(**net)) {
            return Err(format!(
                "fetch.allow: \"{net}\" is local-use NAT64: write /48, /56, /64 or /96, as it is used"
            ));
        }
        Ok(Self {
            allow,
            deny: List::parse(&settings.deny).map_err(|error| format!("fetch.deny: {error}"))?,
            ports_deny: settings.ports_deny.clone(),
            own: settings.own_addresses.clone(),
            allow_private: settings.allow_private,
            is_local,
        })
    }

    /// Checks port and name, before the name is looked up.
    pub(crate) fn destination<'a>(&self, url: &'a PageUrl) -> Result<Destination<'a>, String> {
        let url = url.as_url();
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.allow_private && (ports::is_bad(port) || self.ports_deny.contains(&port)) {
            return Err(format!("port {port}"));
        }
        let written = url.host_str().unwrap_or_default();
        let name = written.strip_suffix('.').unwrap_or(written);
        let host = match url.host() {
            Some(Host::Domain(_)) => Host::Domain(name),
            Some(host) => host,
            None => return Err("no host".to_owned()),
        };
        let allowed = match host {
            Host::Domain(name) => self.name(name)?,
            _ => None,
        };
        let relative = (allowed.is_some() || self.allow_private) && name == written;
        Ok(Destination { host, name, rules: AddressRules { port, allowed }, relative })
    }

    /// Checks all addresses of a destination: one that is refused refuses the destination. Blocks for some system calls
    /// for each address if [`Self::asks_system`].
    pub(crate) fn addresses(&self, to: AddressRules, addresses: &[IpAddr]) -> Result<(), String> {
        addresses.iter().try_for_each(|ip| self.address(*ip, to))
    }

    /// Whether checking addresses for `port` asks the system which of them are its own.
    pub(crate) fn asks_system(&self, port: u16) -> bool {
        self.own.iter().any(|own| own.port() == port && own.ip().to_canonical().is_unspecified())
    }

    fn name(&self, name: &str) -> Result<Option<Closeness>, String> {
        let allowed = self.allow.host(name);
        if let Some(denied) = self.deny.host(name)
            && allowed.is_none_or(|allowed| allowed <= denied)
        {
            return Err("the deny list names the host".to_owned());
        }
        match tables::refused_name(name) {
            Some(source) if allowed.is_none() && !self.allow_private => Err(format!("name: {source}")),
            _ => Ok(allowed),
        }
    }

    fn address(&self, ip: IpAddr, to: AddressRules) -> Result<(), String> {
        self.own(ip, to.port)?;
        let allowed = self.allow.network(ip);
        if let Some(denied) = self.deny.network(ip) {
            let closer = allowed.is_some_and(|allowed| allowed.prefix_len() > denied.prefix_len());
            let by_name =
                to.allowed == Some(Closeness::Host) && denied.prefix_len() < denied.max_prefix_len();
            if !closer && !by_name {
                return Err(format!("the deny list holds the address {ip}"));
            }
        }
        let lifted = self.allow_private || to.allowed.is_some() || allowed.is_some();
        if !lifted && let Some(source) = tables::refused_address(ip) {
            return Err(format!("address {ip}: {source}"));
        }
        let IpAddr::V6(v6) = ip else { return Ok(()) };
        // The recursion ends here: IPv4 addresses embed none.
        let nat64 = allowed.map_or(0, |network| network.prefix_len());
        embedded::embedded(v6, nat64).into_iter().try_for_each(|v4| self.address(v4.into(), to))
    }

    /// Refuses this process's own listeners: fetching from them would fetch again. A connection to the unspecified address
    /// reaches this machine, so it counts as all of them.
    fn own(&self, ip: IpAddr, port: u16) -> Result<(), String> {
        let ours = |own: &&SocketAddr| {
            let address = own.ip().to_canonical();
            own.port() == port
                && (address == ip || ip.is_unspecified() || address.is_unspecified() && (self.is_local)(ip))
        };
        self.own.iter().find(ours).map_or(Ok(()), |own| Err(format!("{own} is our own listener")))
    }
}

/// Whether `ip` belongs to this machine. Connecting a UDP socket sends nothing but chooses its source address, which is
/// the destination itself if that is local.
fn is_local(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let source = std::net::UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    ip.is_loopback() || source.is_ok_and(|source| source.ip() == ip)
}
