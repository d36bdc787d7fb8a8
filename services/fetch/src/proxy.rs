//! The egress proxy.

use crate::user_proxy::{ProxyFailure, ReadyConnector};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri};
use hyper_util::{
    client::legacy::connect::{HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use tokio::net::TcpStream;
use tower_service::Service;
use url::Url;

/// An HTTP proxy that opens tunnels (`CONNECT`), as `http://host:port` or `http://user:password@host:port`.
/// `Debug` and serialization hide the user name and the password: some proxies take a token as the name.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Proxy {
    url: Url,
    uri: Uri,
    /// Its host and port.
    address: String,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Its host and port, without user and password.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A connection to the proxy.
    pub(crate) async fn connect(
        &self,
        mut connector: HttpConnector,
    ) -> Result<TokioIo<TcpStream>, Box<ProxyFailure>> {
        connector.call(self.uri.clone()).await.map_err(ProxyFailure::unreachable(&self.address))
    }

    /// A tunnel to `target` through a connection to the proxy.
    pub(crate) async fn tunnel(
        &self,
        stream: TokioIo<TcpStream>,
        target: Uri,
    ) -> Result<TcpStream, Box<ProxyFailure>> {
        let tunnel = Tunnel::new(self.uri.clone(), ReadyConnector(Some(stream)));
        let mut tunnel = match &self.authorization {
            Some(authorization) => tunnel.with_auth(authorization.clone()),
            None => tunnel,
        };
        let stream = tunnel.call(target).await.map_err(ProxyFailure::refusal(&self.address))?;
        Ok(stream.into_inner())
    }
}

impl TryFrom<String> for Proxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut url = Url::parse(&text).map_err(|error| error.to_string())?;
        let (host, port) = (url.host_str(), url.port_or_known_default());
        let (Some(host), Some(port), "http") = (host, port, url.scheme()) else {
            return Err("the proxy has to be http://host:port".to_owned());
        };
        let address = format!("{host}:{port}");
        let uri = format!("http://{address}").parse().map_err(|_| "not a proxy's address")?;
        let authorization = authorization(&url);
        if authorization.is_some() {
            // Neither can fail for a URL that has user information.
            let _ = url.set_username("***");
            let _ = url.set_password(None);
        }
        Ok(Self { url, uri, address, authorization })
    }
}

/// Basic authentication (RFC 7617).
fn authorization(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(url.username()).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(url.password().unwrap_or_default()));
    let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    Some(HeaderValue::try_from(value).expect("base64 has only characters that a header takes"))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.url.as_str())
    }
}
