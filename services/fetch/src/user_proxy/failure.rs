//! Why there is no connection through a proxy, in words that people know.

use crate::CauseKind;
use std::{error::Error, fmt, io};

/// hyper-util's words, as its errors have no public kinds: an HTTP proxy answers 407, a SOCKS proxy takes no password or
/// wants one, and it refuses the one that it got.
const NO_USER: &str = "tunnel error: proxy authorization required";
const NO_METHOD: &str = "SOCKS error: server does not support user/pass authentication";
const WRONG_USER: &str = "SOCKS error: credentials not accepted";

/// A proxy that cannot be reached, or that does not connect us.
#[derive(Debug)]
pub(crate) struct ProxyFailure {
    /// Its host and port.
    proxy: String,
    /// Whether there was a connection to it.
    is_reached: bool,
    error: Box<dyn Error + Send + Sync>,
}

impl ProxyFailure {
    /// Makes an error one of connecting to `proxy`.
    pub(crate) fn unreachable<E: Into<Box<dyn Error + Send + Sync>>>(
        proxy: &str,
    ) -> impl FnOnce(E) -> Box<Self> {
        let proxy = proxy.to_owned();
        move |error| Box::new(Self { proxy, is_reached: false, error: error.into() })
    }

    /// Makes an error one of `proxy`, which has been reached.
    pub(crate) fn refusal<E: Into<Box<dyn Error + Send + Sync>>>(proxy: &str) -> impl FnOnce(E) -> Box<Self> {
        let proxy = proxy.to_owned();
        move |error| Box::new(Self { proxy, is_reached: true, error: error.into() })
    }

    /// Whether it is the proxy that fails, or only this host through it.
    pub(crate) fn kind(&self) -> CauseKind {
        if self.is_reached && !self.denies_access() { CauseKind::ProxyRefused } else { CauseKind::Proxy }
    }

    /// Whether the proxy wants another user or password.
    pub(crate) fn denies_access(&self) -> bool {
        [NO_USER, NO_METHOD, WRONG_USER].contains(&self.root().to_string().as_str())
    }

    /// The innermost cause.
    fn root(&self) -> &(dyn Error + 'static) {
        let top: &(dyn Error + 'static) = &*self.error;
        std::iter::successors(Some(top), |error: &&(dyn Error + 'static)| (*error).source())
            .last()
            .unwrap_or(top)
    }
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = self.root();
        let text = root.to_string();
        let reason = match root.downcast_ref::<io::Error>() {
            // The look-up of a name has no kind of its own.
            Some(error) if error.raw_os_error().is_none() && text.starts_with("failed to lookup") => {
                "no such host".to_owned()
            }
            _ => reason(&text),
        };
        write!(f, "the proxy {}: {reason}", self.proxy)
    }
}

impl Error for ProxyFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.error)
    }
}

/// hyper-util's words for what a proxy answers, made plain.
fn reason(text: &str) -> String {
    match text.split(" (os error ").next().unwrap_or_default() {
        NO_USER => "it asks for user and password, as in http://USER:PASSWORD@HOST:PORT".to_owned(),
        "tunnel error: unsuccessful" => "it refuses to connect to this host".to_owned(),
        "tunnel error: unexpected end of file" | "SOCKS error: io error during SOCKS handshake" => {
            "it closed the connection".to_owned()
        }
        "SOCKS error: failed parsing server response" => "its answer is not SOCKS5".to_owned(),
        NO_METHOD => {
            "it accepts no user and password, or asks for them: socks5://USER:PASSWORD@HOST:PORT".to_owned()
        }
        WRONG_USER => "user or password is wrong".to_owned(),
        text => match text.split_once(" error: ") {
            Some(("SOCKS" | "tunnel", answer)) => format!("it reports: {answer}"),
            _ => text.to_lowercase(),
        },
    }
}
