//! What an operator may set.

use crate::Proxy;
use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The `fetch` section of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchSettings {
    /// Networks and host names that may be reached although the guard would refuse them.
    pub allow: Vec<String>,
    /// Networks and host names that may not be reached.
    pub deny: Vec<String>,
    /// Ports that may not be reached, besides those that browsers refuse.
    pub ports_deny: Vec<u16>,
    /// Lifts every rule on addresses, names and ports: for a client that acts for its own user. The deny list
    /// and `own_addresses` stand.
    #[serde(skip)]
    pub allow_private: bool,
    /// Where this process itself listens: never fetched from, or it would ask itself without end. An
    /// unspecified address (`0.0.0.0`, `[::]`) stands for all of the machine's.
    #[serde(skip)]
    pub own_addresses: Vec<SocketAddr>,
    /// Name servers to ask in place of the system's, hosts file included.
    #[serde(skip)]
    pub name_servers: Vec<SocketAddr>,
    /// The whole job, across all redirects.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Resolving a name, all tries.
    #[serde(with = "humantime_serde")]
    pub dns_timeout: Duration,
    /// One try at a name server.
    #[serde(with = "humantime_serde")]
    pub dns_try_timeout: Duration,
    /// Connecting, TLS included.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Bytes on the wire, and bytes decoded.
    #[serde(serialize_with = "crate::size::exact")]
    pub max_bytes: ByteSize,
    /// Bytes of a response's header.
    #[serde(serialize_with = "crate::size::exact")]
    pub max_header_bytes: ByteSize,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// The `User-Agent` sent.
    pub user_agent: String,
    /// Jobs at once; one more is refused.
    pub max_jobs: usize,
    /// Jobs at once at one host; more wait, as many as may run in all.
    pub max_jobs_per_host: usize,
    /// The memory that bodies may take, all jobs together.
    #[serde(serialize_with = "crate::size::exact")]
    pub memory: ByteSize,
    /// The proxy through which every page is fetched. Environment variables name none.
    pub proxy: Option<Proxy>,
    /// PEM files with certificates of authorities to trust besides the system's.
    pub extra_roots: Vec<PathBuf>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            ports_deny: crate::guard::service_ports(),
            allow_private: false,
            own_addresses: Vec::new(),
            name_servers: Vec::new(),
            timeout: Duration::from_secs(10),
            dns_timeout: Duration::from_secs(5),
            dns_try_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(3),
            max_bytes: ByteSize::mb(10),
            max_header_bytes: ByteSize::kib(64),
            max_redirects: 5,
            user_agent: concat!(
                "linkextractor/",
                env!("CARGO_PKG_VERSION"),
                " (+",
                env!("CARGO_PKG_REPOSITORY"),
                ")"
            )
            .to_owned(),
            max_jobs: 256,
            max_jobs_per_host: 8,
            memory: ByteSize::mib(160),
            proxy: None,
            extra_roots: Vec::new(),
        }
    }
}
