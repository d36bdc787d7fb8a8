//! The settings of the fetcher.

use crate::{ClientSettings, Proxy};
use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The `fetch` section of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchSettings {
    /// Networks and host names that are allowed although the guard would refuse them.
    pub allow: Vec<String>,
    /// Networks and host names that are refused.
    pub deny: Vec<String>,
    /// Ports that are refused besides those that browsers refuse.
    pub ports_deny: Vec<u16>,
    /// Lifts the rules on addresses, names and ports, for a client that acts for its own user. The deny list and
    /// `own_addresses` still apply.
    #[serde(skip)]
    pub allow_private: bool,
    /// What only a client that acts for its own user sets.
    #[serde(skip)]
    pub client: ClientSettings,
    /// Addresses on which this process listens. They are never fetched from, or it could fetch from itself without end. An
    /// unspecified address (`0.0.0.0`, `[::]`) stands for all addresses of this machine.
    #[serde(skip)]
    pub own_addresses: Vec<SocketAddr>,
    /// Name servers to use instead of the system's name servers and hosts file.
    #[serde(skip)]
    pub name_servers: Vec<SocketAddr>,
    /// Time for the whole job, across all redirects.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Time for resolving a name, all tries.
    #[serde(with = "humantime_serde")]
    pub dns_timeout: Duration,
    /// Time for one try at a name server.
    #[serde(with = "humantime_serde")]
    pub dns_try_timeout: Duration,
    /// Time for connecting, TLS included.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// The most bytes of a body, on the wire and decoded.
    #[serde(serialize_with = "kit::size::exact")]
    pub max_bytes: ByteSize,
    /// The most bytes of a response's header.
    #[serde(serialize_with = "kit::size::exact")]
    pub max_header_bytes: ByteSize,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// The `User-Agent` sent.
    pub user_agent: String,
    /// The most jobs at once; further ones wait, four times as many at most.
    pub max_jobs: usize,
    /// The largest share of the jobs that one client may hold: the `limits.per_client` of a server.
    #[serde(skip)]
    pub per_client: f64,
    /// The most jobs at once at one host; the others wait.
    pub max_jobs_per_host: usize,
    /// The memory for the bodies of all jobs.
    #[serde(serialize_with = "kit::size::exact")]
    pub memory: ByteSize,
    /// The proxy for all pages. Environment variables are not read.
    pub proxy: Option<Proxy>,
    /// PEM files with root certificates to trust besides the system's.
    pub extra_roots: Vec<PathBuf>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            ports_deny: crate::ports::SERVICES.to_vec(),
            allow_private: false,
            client: ClientSettings::default(),
            own_addresses: Vec::new(),
            name_servers: Vec::new(),
            timeout: Duration::from_secs(10),
            dns_timeout: Duration::from_secs(5),
            dns_try_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(3),
            max_bytes: ByteSize::mb(10),
            max_header_bytes: ByteSize::kib(64),
            max_redirects: 5,
            user_agent: format!(
                "linkextractor/{} (+{})",
                env!("CARGO_PKG_VERSION"),
                env!("CARGO_PKG_REPOSITORY")
            ),
            max_jobs: 256,
            per_client: 1.0,
            max_jobs_per_host: 8,
            memory: ByteSize::mib(160),
            proxy: None,
            extra_roots: Vec::new(),
        }
    }
}
