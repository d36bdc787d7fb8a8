//! The configuration.

use bytesize::ByteSize;
use kit::{Admin, Configuration, Limits, Log, ServerSettings, TraceSettings, TrustedProxies};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use url::Url;

/// The settings of `linkextractor-web`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSettings {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The proxies that are believed when they report the client of a request.
    pub trusted_proxies: TrustedProxies,
    /// The peers that begin each connection with a header of the PROXY protocol, which names the client.
    pub proxy_protocol: TrustedProxies,
    /// The admin listener.
    pub admin: Admin,
    /// The API's URL; the page's URL is added as one percent-encoded segment.
    pub api_endpoint: Url,
    /// The API's URL for visitors of the page, who see its calls and its description; none: the page does not mention it.
    pub api_public_url: Option<Url>,
    /// A folder of templates that replace the built-in ones; edits apply at the next reload.
    pub templates_dir: Option<PathBuf>,
    /// Whether the error for a private address names `--allow-private`, as `linkextractor serve` has it.
    #[serde(skip)]
    pub suggest_allow_private: bool,
    /// Links per page.
    pub page_size: usize,
    /// The time limit of a request to the API.
    #[serde(with = "humantime_serde")]
    pub api_timeout: Duration,
    /// The traces.
    pub tracing: TraceSettings,
    /// The server's limits.
    pub limits: Limits,
    /// The logs.
    pub log: Log,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            trusted_proxies: TrustedProxies::default(),
            proxy_protocol: TrustedProxies::default(),
            admin: Admin::at(Some(SocketAddr::from(([127, 0, 0, 1], 8081)))),
            api_endpoint: Url::parse("http://localhost:5000/api/").expect("a valid literal"),
            api_public_url: None,
            templates_dir: None,
            suggest_allow_private: false,
            page_size: 500,
            api_timeout: Duration::from_secs(15),
            tracing: TraceSettings::default(),
            limits: Limits { memory: ByteSize::mib(384), ..Limits::default() },
            log: Log::default(),
        }
    }
}

impl Configuration for WebSettings {
    const NAME: &'static str = "linkextractor-web";
    const ABOUT: &'static str = "The web page of Link Extractor; uses the API at API_ENDPOINT";
    const ENV_PREFIX: &'static str = "LINKEXTRACTOR_WEB_";
    const ENV_ALIASES: &'static [(&'static str, &'static str)] =
        &[("API_ENDPOINT", "api_endpoint"), kit::OTLP_VARIABLE];

    fn check(&self) -> Result<(), String> {
        check_url("api_endpoint", &self.api_endpoint)?;
        if let Some(url) = &self.api_public_url {
            check_url("api_public_url", url)?;
        }
        if self.page_size == 0 {
            return Err("page_size: found 0; expected at least 1".to_owned());
        }
        if self.api_timeout.is_zero() {
            return Err("api_timeout: found 0s; expected a duration such as 15s".to_owned());
        }
        if let Some(folder) = &self.templates_dir {
            folder.read_dir().map_err(|error| {
                format!("templates_dir: found `{}` ({error}); expected a folder", folder.display())
            })?;
        }
        Ok(())
    }

    fn server(&self) -> ServerSettings {
        let (admin, limits, log) = (self.admin.clone(), self.limits.clone(), self.log.clone());
        let (trusted_proxies, tracing) = (self.trusted_proxies.clone(), self.tracing.clone());
        ServerSettings {
            trusted_proxies,
            proxy_protocol: self.proxy_protocol.clone(),
            tracing,
            ..ServerSettings::new(Self::NAME, self.listen, admin, limits, log)
        }
    }
}

fn check_url(key: &str, url: &Url) -> Result<(), String> {
    // Checked first, so that no other error shows a password.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{key}: found a user name or password; expected a URL without"));
    }
    // Not shown: `user:password@host` is a URL whose scheme is `user`, and queries may hold secrets.
    let wrong = match url.scheme() {
        "http" | "https" if url.query().is_none() && url.fragment().is_none() => None,
        "http" | "https" => Some("a query or fragment"),
        _ => Some("another scheme, or none"),
    };
    wrong.map_or(Ok(()), |found| {
        Err(format!("{key}: found {found}; expected an http:// or https:// URL without query or fragment"))
    })
}
