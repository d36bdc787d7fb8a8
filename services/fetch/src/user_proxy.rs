//! Connections through the user's own proxies, which look up names and connect in our place.

mod exceptions;
mod failure;
mod ready_connector;

pub(crate) use failure::ProxyFailure;
pub(crate) use ready_connector::ReadyConnector;

use crate::UserProxies;
use http::{HeaderValue, Uri};
use hyper_util::{
    client::{
        legacy::connect::{
            HttpConnector,
            proxy::{SocksV5, Tunnel},
        },
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

/// The port of a proxy that names none, as in `curl`.
const PORT: u16 = 1080;

/// Which proxy serves which origin.
#[derive(Default)]
pub(crate) struct ProxyRules {
    /// For origins on the ports that `no_proxy` names.
    by_port: Vec<(u16, Matcher)>,
    /// For all others; `None` if there are no proxies.
    others: Option<Matcher>,
}

/// The proxy of one origin.
pub(crate) struct ProxyRoute(Intercept);

impl ProxyRules {
    /// The rules of `proxies`; an error names the member that cannot be used, and the kinds of proxy that can.
    pub(crate) fn new(proxies: &UserProxies) -> Result<Self, String> {
        let UserProxies { http, https, all, no_proxy } = proxies;
        for (name, text) in [("http", http), ("https", https), ("all", all)] {
            if !text.is_empty() && !is_usable(text) {
                return Err(format!(
                    "client.proxies.{name}: a proxy has to be http://HOST:PORT or socks5://HOST:PORT"
                ));
            }
        }
        if [http, https, all].iter().all(|proxy| proxy.is_empty()) {
            return Ok(Self::default());
        }
        let exceptions: Vec<_> = exceptions::parse(no_proxy).collect();
        let matcher = |port: Option<u16>| {
            let of_port =
                exceptions.iter().filter(|exception| exception.port.is_none_or(|of| port == Some(of)));
            let hosts: Vec<&str> = of_port.map(|exception| exception.hosts.as_str()).collect();
            let rules = Matcher::builder().http(http.as_str()).https(https.as_str()).all(all.as_str());
            rules.no(hosts.join(",")).build()
        };
        let ports = exceptions.iter().filter_map(|exception| exception.port);
        let by_port = ports.map(|port| (port, matcher(Some(port)))).collect();
        Ok(Self { by_port, others: Some(matcher(None)) })
    }

    /// The proxy for pages at `host`, if it has one.
    pub(crate) fn route(&self, https: bool, host: &str, port: u16) -> Option<ProxyRoute> {
        let of_port = self.by_port.iter().find(|(of, _)| *of == port).map(|(_, rules)| rules);
        let rules = of_port.or(self.others.as_ref())?;
        let (scheme, host) = (if https { "https" } else { "http" }, host.trim_end_matches('.'));
        rules.intercept(&format!("{scheme}://{host}/").parse().ok()?).map(ProxyRoute)
    }
}

/// Whether the matcher understands a proxy: it ignores others, and the request must not go out directly instead.
fn is_usable(proxy: &str) -> bool {
    let alone = Matcher::builder().all(proxy).build();
    let Some(proxy) = alone.intercept(&Uri::from_static("http://page/")) else { return false };
    let uri = proxy.uri();
    let has_good_port = uri
        .authority()
        .is_some_and(|authority| uri.port_u16().is_some() || authority.host() == authority.as_str());
    has_good_port && matches!(uri.scheme_str(), Some("http" | "socks5" | "socks5h"))
}

impl ProxyRoute {
    /// Whether the proxy takes requests for pages itself (RFC 9112, section 3.2.2) instead of opening a tunnel, which most
    /// proxies refuse for port 80.
    pub(crate) fn forwards(&self, https: bool) -> bool {
        !https && self.0.uri().scheme_str() == Some("http")
    }

    /// The credentials for a proxy that takes requests, as a value of `Proxy-Authorization`.
    pub(crate) fn credentials(&self) -> Option<&HeaderValue> {
        self.0.basic_auth()
    }

    /// A connection to `host`, or to the proxy itself if it forwards requests.
    pub(crate) async fn connect(
        &self,
        https: bool,
        host: &str,
        port: u16,
        mut connector: HttpConnector,
    ) -> Result<TcpStream, Box<ProxyFailure>> {
        let proxy = self.0.uri();
        let address = format!("{}:{}", proxy.host().unwrap_or_default(), proxy.port_u16().unwrap_or(PORT));
        let to_proxy = format!("http://{address}/").parse().map_err(ProxyFailure::unreachable(&address))?;
        let stream = connector.call(to_proxy).await.map_err(ProxyFailure::unreachable(&address))?;
        if self.forwards(https) {
            return Ok(stream.into_inner());
        }
        let target = format!("http://{host}:{port}/").parse().map_err(ProxyFailure::refusal(&address))?;
        let (proxy, ready) = (proxy.clone(), ReadyConnector(Some(stream)));
        let stream: TokioIo<TcpStream> = if proxy.scheme_str() == Some("http") {
            let tunnel = Tunnel::new(proxy, ready);
            let mut tunnel = match self.0.basic_auth() {
                Some(authorization) => tunnel.with_auth(authorization.clone()),
                None => tunnel,
            };
            tunnel.call(target).await.map_err(ProxyFailure::refusal(&address))?
        } else {
            let tunnel = SocksV5::new(proxy, ready);
            let mut tunnel = match self.0.raw_auth() {
                Some((user, password)) => tunnel.with_auth(user.to_owned(), password.to_owned()),
                None => tunnel,
            };
            tunnel.call(target).await.map_err(ProxyFailure::refusal(&address))?
        };
        Ok(stream.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(no_proxy: &str, host: &str, port: u16) -> bool {
        let proxies =
            UserProxies { all: "http://proxy:1".into(), no_proxy: no_proxy.into(), ..UserProxies::default() };
        ProxyRules::new(&proxies).unwrap().route(false, host, port).is_some()
    }

    #[test]
    fn exceptions_are_reached_directly() {
        for (no_proxy, host, port) in [
            ("example.com", "example.com", 80),
            ("example.com", "www.Example.com.", 80),
            (".example.com", "example.com", 80),
            ("*.example.com", "www.example.com", 80),
            ("a.example, example.com:8080", "www.example.com", 8080),
            ("10.0.0.0/8", "10.9.9.9", 80),
            ("[::1]", "[::1]", 80),
            ("::1", "[::1]", 80),
            ("fe80::/10", "[fe80::1]", 80),
            ("*", "example.com", 80),
            ("*", "192.0.2.1", 80),
            ("*", "[2001:db8::1]", 80),
        ] {
            assert!(!proxied(no_proxy, host, port), "{no_proxy}: {host}:{port}");
        }
        for (no_proxy, host, port) in [
            ("", "example.com", 80),
            ("example.com", "notexample.com", 80),
            ("*.example.com", "example.org", 80),
            ("example.com:8080", "example.com", 80),
            ("example.com:8080, a.example", "example.com", 80),
            ("10.0.0.0/8", "11.0.0.1", 80),
            ("[::1]", "[::2]", 80),
        ] {
            assert!(proxied(no_proxy, host, port), "{no_proxy}: {host}:{port}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named() {
        for proxy in ["https://h:1", "socks4://h:1", "ftp://h", "h:port", "http://", "http://u:secret@h:x"] {
            let proxies = UserProxies { https: proxy.into(), ..UserProxies::default() };
            let error = ProxyRules::new(&proxies).err().unwrap_or_default();
            assert!(
                error.starts_with("client.proxies.https:") && !error.contains("secret"),
                "{proxy}: {error}"
            );
        }
        for proxy in
            ["h", "h:1", "http://h", "http://[::1]:1", "http://u:p@h:1/", "socks5://h", "socks5h://u:p@h:1"]
        {
            let proxies = UserProxies { https: proxy.into(), ..UserProxies::default() };
            assert!(ProxyRules::new(&proxies).is_ok(), "{proxy}");
        }
    }
}
