//! The settings that every service has, and the trait of a service's own settings.

use crate::{HostRule, SpanPipeline, TraceSettings, TrustedProxies, cgroup, size};
use bytesize::ByteSize;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{net::SocketAddr, time::Duration};

/// The limit of connections, and of concurrent requests, of an admin listener.
const ADMIN_LIMIT: usize = 64;
/// The least `limits.memory`.
const LEAST_MEMORY: ByteSize = ByteSize::mib(64);

/// A service's settings, and their names in the environment and in files.
pub trait Configuration: Default + Serialize + DeserializeOwned + Send + 'static {
    /// The program's name: `linkextractor-api`.
    const NAME: &'static str;
    /// One line about the program, for `--help`.
    const ABOUT: &'static str;
    /// The prefix of environment variables: `LINKEXTRACTOR_API_`; `__` separates sections.
    const ENV_PREFIX: &'static str;
    /// Variables without the prefix, and the keys they set.
    const ENV_ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// Dotted keys of secrets: `KEY_file` names a file with the value.
    const SECRETS: &'static [&'static str] = &[];

    /// The part that the server needs.
    fn server(&self) -> ServerSettings;

    /// Checks what types cannot express. The error reads `KEY: found …; expected …` with a dotted key; its source is added.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The defaults of the settings that are shares of `limits.memory`: their dotted keys and bytes. Everything else is
    /// set in `self` already.
    fn memory_shares(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Warnings of `check-config` about valid settings, in the form of `check`'s errors.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The part of a service's settings that [`serve`](crate::serve) needs.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The service's name: `linkextractor-api`.
    pub name: &'static str,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The admin listener.
    pub admin: Admin,
    /// Its limits.
    pub limits: Limits,
    /// Its logs.
    pub log: Log,
    /// The host names that the service answers to; `None`: any.
    pub host_rule: Option<HostRule>,
    /// The proxies that are believed when they report the client of a request.
    pub trusted_proxies: TrustedProxies,
    /// The peers that begin each connection with a header of the PROXY protocol.
    pub proxy_protocol: TrustedProxies,
    /// Its traces.
    pub tracing: TraceSettings,
    /// The way of its spans to a collector, if it shares one with other services; otherwise it has one of its own.
    pub spans: Option<SpanPipeline>,
    /// Bytes of the responses that wait for their clients: a quarter of `limits.memory`, unless the service has another
    /// use for it.
    pub send_queue: u64,
    /// `limits.memory` of all services in this process, in bytes.
    pub process_memory: u64,
    /// The number of services in this process: each takes an equal part of the limit of open files.
    pub services: usize,
}

impl ServerSettings {
    /// Settings of the only service in its process, which answers to any host name and trusts no proxy.
    pub fn new(name: &'static str, listen: SocketAddr, admin: Admin, limits: Limits, log: Log) -> Self {
        let process_memory = limits.memory.as_u64();
        let send_queue = process_memory / 4;
        Self {
            name,
            listen,
            admin,
            limits,
            log,
            host_rule: None,
            trusted_proxies: TrustedProxies::default(),
            proxy_protocol: TrustedProxies::default(),
            tracing: TraceSettings::default(),
            spans: None,
            send_queue,
            process_memory,
            services: 1,
        }
    }

    /// The settings of its admin listener: few connections, no access log, own host names only, no proxies.
    pub(crate) fn for_admin(&self) -> Self {
        let (connections, requests, per_client) = (ADMIN_LIMIT, ADMIN_LIMIT, 1.0);
        let limits = Limits { connections, requests, per_client, ..self.limits.clone() };
        let log = Log { access: false, ..self.log.clone() };
        let host_rule = Some(HostRule::new(self.admin.hosts.iter().cloned()));
        let (trusted_proxies, proxy_protocol) = Default::default();
        Self { limits, log, host_rule, trusted_proxies, proxy_protocol, ..self.clone() }
    }
}

/// The `admin` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// The address of `/live`, `/ready` and `/metrics`; `None` (`"none"` in a file) disables them.
    #[serde(with = "maybe_address")]
    pub listen: Option<SocketAddr>,
    /// Allowed host names, without a port, besides IP addresses, `localhost` and the machine's own name.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl Admin {
    /// An admin listener at `listen` without further host names.
    pub fn at(listen: Option<SocketAddr>) -> Self {
        Self { listen, hosts: Vec::new() }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let is_name = |host: &&String| !host.is_empty() && !host.contains([':', '/', '@', ' ']);
        match self.hosts.iter().find(|host| !is_name(host)) {
            Some(host) => Err(format!("admin.hosts: found `{host}`; expected host names without a port")),
            None => Ok(()),
        }
    }
}

/// An address or `none`: TOML has no null.
mod maybe_address {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use std::net::SocketAddr;

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(value: &Option<SocketAddr>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(address) => address.serialize(to),
            None => to.serialize_str("none"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(from)?;
        let expected =
            || D::Error::custom(format!("found `{text}`; expected an address with a port, or `none`"));
        if text == "none" { Ok(None) } else { text.parse().map(Some).map_err(|_| expected()) }
    }
}

/// The `limits` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Open connections; further ones wait in the kernel.
    pub connections: usize,
    /// Concurrent requests; further ones are answered 503. A streamed response does not count while it waits for its
    /// client. At most half of the requests may wait for a body.
    pub requests: usize,
    /// The share that one client may hold of what clients compete for, such as concurrent requests: over 0, at most 1.
    pub per_client: f64,
    /// The memory of the whole service, from which every budget takes its share.
    #[serde(serialize_with = "size::exact")]
    pub memory: ByteSize,
    /// The time that requests in flight have after a signal to stop.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
    /// The time between a signal to stop, from which `/ready` answers 503, and the end of accepting: load balancers need
    /// it.
    #[serde(with = "humantime_serde")]
    pub delay: Duration,
    /// The time from a connection's start, or its last response, to a complete request header.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// The time in which a client has to read 4 KiB of a response, or over HTTP/2 a frame.
    #[serde(with = "humantime_serde")]
    pub stall_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            requests: 1024,
            per_client: 0.5,
            memory: ByteSize::mib(512),
            grace: Duration::from_secs(20),
            delay: Duration::ZERO,
            header_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// These limits with as much memory as the process's control group allows: three quarters of its limit at most, as
    /// that counts buffers of the kernel, too.
    #[must_use]
    pub fn within_cgroup(self) -> Self {
        let affordable = cgroup::memory_limit().map_or(self.memory, |limit| ByteSize(limit / 4 * 3));
        Self { memory: self.memory.min(affordable.max(LEAST_MEMORY)), ..self }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, number) in [("connections", self.connections), ("requests", self.requests)] {
            if number == 0 {
                return Err(format!("limits.{key}: found 0; expected at least 1"));
            }
        }
        if !(self.per_client > 0.0 && self.per_client <= 1.0) {
            return Err(format!(
                "limits.per_client: found {}; expected a number over 0, at most 1",
                self.per_client
            ));
        }
        if self.memory < LEAST_MEMORY {
            let (found, least) = (self.memory, LEAST_MEMORY);
            return Err(format!("limits.memory: found {found}; expected at least {least}"));
        }
        let allowed = Duration::from_millis(10)..=Duration::from_hours(24);
        for (key, time) in [("header_timeout", self.header_timeout), ("stall_timeout", self.stall_timeout)] {
            if !allowed.contains(&time) {
                return Err(format!("limits.{key}: found {time:?}; expected 10ms to 24h"));
            }
        }
        Ok(())
    }
}

/// The `log` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The format of lines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives of tracing's `EnvFilter`.
    pub level: String,
    /// Whether each request is logged.
    pub access: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned(), access: true }
    }
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Human-readable on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// Human-readable.
    Text,
}
