//! Why there is no connection through a proxy, in words that people know.

use std::{error::Error, fmt, io};

/// A proxy that cannot be reached, or that does not connect us.
#[derive(Debug)]
pub(crate) struct ProxyFailure {
    /// Its host and port.
    proxy: String,
    error: Box<dyn Error + Send + Sync>,
}

impl ProxyFailure {
    /// Makes an error one of `proxy`.
    pub(super) fn of<E: Into<Box<dyn Error + Send + Sync>>>(proxy: &str) -> impl Fn(E) -> Box<Self> {
        let proxy = proxy.to_owned();
        move |error| Box::new(Self { proxy: proxy.clone(), error: error.into() })
    }
}

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let top: &(dyn Error + 'static) = &*self.error;
        let root = std::iter::successors(Some(top), |error: &&(dyn Error + 'static)| (*error).source())
            .last()
            .unwrap_or(top);
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
        "tunnel error: proxy authorization required" => {
            "it asks for user and password, as in http://USER:PASSWORD@HOST:PORT".to_owned()
        }
        "tunnel error: unsuccessful" => "it refuses to connect to this host".to_owned(),
        "tunnel error: unexpected end of file" | "SOCKS error: io error during SOCKS handshake" => {
            "it closed the connection".to_owned()
        }
        "SOCKS error: failed parsing server response" => "its answer is not SOCKS5".to_owned(),
        "SOCKS error: server does not support user/pass authentication" => {
            "it accepts no user and password, or asks for them: socks5://USER:PASSWORD@HOST:PORT".to_owned()
        }
        "SOCKS error: credentials not accepted" => "user or password is wrong".to_owned(),
        text => match text.split_once(" error: ") {
            Some(("SOCKS" | "tunnel", answer)) => format!("it reports: {answer}"),
            _ => text.to_lowercase(),
        },
    }
}
