//! Connections through the user's own proxies, which look up names and connect in our place.

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
use std::error::Error;
use tokio::net::TcpStream;
use tower_service::Service;

/// Which proxy serves which origin.
pub(crate) struct ProxyRules(Option<Matcher>);

/// The proxy of one origin.
pub(crate) struct ProxyRoute(Intercept);

impl ProxyRules {
    /// The rules of `proxies`; an error names the kinds of proxy that can be used.
    pub(crate) fn new(proxies: &UserProxies) -> Result<Self, String> {
        let UserProxies { http, https, all, no_proxy } = proxies;
        for text in [http, https, all] {
            // The matcher ignores a proxy that it cannot parse: the request must not go out directly instead.
            let alone = Matcher::builder().all(text.as_str()).build();
            let scheme = alone.intercept(&Uri::from_static("http://page/"));
            let scheme = scheme.as_ref().and_then(|proxy| proxy.uri().scheme_str());
            if !text.is_empty() && !matches!(scheme, Some("http" | "socks5" | "socks5h")) {
                return Err("a proxy has to be http://HOST:PORT or socks5://HOST:PORT".to_owned());
            }
        }
        if [http, https, all].iter().all(|proxy| proxy.is_empty()) {
            return Ok(Self(None));
        }
        let rules = Matcher::builder().http(http.as_str()).https(https.as_str()).all(all.as_str());
        Ok(Self(Some(rules.no(no_proxy.as_str()).build())))
    }

    /// The proxy for pages at `host`, if it has one.
    pub(crate) fn route(&self, https: bool, host: &str, port: u16) -> Option<ProxyRoute> {
        let rules = self.0.as_ref()?;
        let scheme = if https { "https" } else { "http" };
        rules.intercept(&format!("{scheme}://{host}:{port}/").parse().ok()?).map(ProxyRoute)
    }
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
    ) -> Result<TcpStream, Box<dyn Error + Send + Sync>> {
        let (proxy, target) = (self.0.uri().clone(), format!("http://{host}:{port}/"));
        connector.enforce_http(false);
        let stream: TokioIo<TcpStream> = if self.forwards(https) {
            connector.call(proxy).await?
        } else if proxy.scheme_str() == Some("http") {
            let tunnel = Tunnel::new(proxy, connector);
            let mut tunnel = match self.0.basic_auth() {
                Some(authorization) => tunnel.with_auth(authorization.clone()),
                None => tunnel,
            };
            tunnel.call(target.parse()?).await?
        } else {
            let tunnel = SocksV5::new(proxy, connector);
            let mut tunnel = match self.0.raw_auth() {
                Some((user, password)) => tunnel.with_auth(user.to_owned(), password.to_owned()),
                None => tunnel,
            };
            tunnel.call(target.parse()?).await?
        };
        Ok(stream.into_inner())
    }
}
