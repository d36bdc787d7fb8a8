//! The sections of a configuration that every service has.

use crate::HostRule;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, time::Duration};

/// Connections, and requests at once, of an admin listener.
const ADMIN_LIMIT: usize = 64;

/// What [`serve`](crate::serve) needs to know of a service's settings.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The service's name: `linkextractor-api`.
    pub name: &'static str,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The admin listener.
    pub admin: Admin,
    /// Its limits.
    pub limits: Limits,
    /// Its logs.
    pub log: Log,
    /// The host names to which the service answers; `None`: to any.
    pub host_rule: Option<HostRule>,
    /// How many services of this process share its limit of open files, in equal parts; 1 unless there are several.
    pub services: usize,
}

impl ServerSettings {
    /// The settings of the only service in its process, which answers to any host name.
    pub fn new(name: &'static str, listen: SocketAddr, admin: Admin, limits: Limits, log: Log) -> Self {
        Self { name, listen, admin, limits, log, host_rule: None, services: 1 }
    }

    /// Those of its admin listener: few connections, no access log, and own host names only.
    pub(crate) fn for_admin(&self) -> Self {
        let limits = Limits { connections: ADMIN_LIMIT, requests: ADMIN_LIMIT, ..self.limits.clone() };
        let log = Log { access: false, ..self.log.clone() };
        let host_rule = Some(HostRule::new(self.admin.hosts.iter().cloned()));
        Self { limits, log, host_rule, ..self.clone() }
    }
}

/// The `admin` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Where `/live`, `/ready` and `/metrics` are answered; none (`"none"` in a file): nowhere.
    #[serde(with = "maybe_address")]
    pub listen: Option<SocketAddr>,
    /// Host names, without a port, to which it answers besides IP addresses, `localhost` and the machine's own name.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl Admin {
    /// Answers on `listen`, to no further host names.
    pub fn at(listen: Option<SocketAddr>) -> Self {
        Self { listen, hosts: Vec::new() }
    }

    /// Checks that the server can use it; the error names the key, the value and what is expected.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_name = |host: &&String| !host.is_empty() && !host.contains([':', '/', '@', ' ']);
        match self.hosts.iter().find(|host| !is_name(host)) {
            Some(host) => Err(format!("admin.hosts: found `{host}`; expected host names without a port")),
            None => Ok(()),
        }
    }
}

/// An address, or `none`, as TOML has no null.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel.
    pub connections: usize,
    /// Requests at work at once; a streamed response counts except while its client reads. Further ones are answered 503.
    /// At most half of them may be waiting for a body.
    pub requests: usize,
    /// How long requests in flight may take after a signal to stop.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
    /// How long to go on accepting after a signal to stop, while `/ready` already says no: time for load balancers.
    #[serde(with = "humantime_serde")]
    pub delay: Duration,
    /// From a connection's start, or its last answer, to a whole request header.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// How long a client may take to read 4 KiB of a response, or over HTTP/2 a frame.
    #[serde(with = "humantime_serde")]
    pub stall_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            requests: 1024,
            grace: Duration::from_secs(20),
            delay: Duration::ZERO,
            header_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Whether a server can keep to them; an error names the key and what was expected.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, number) in [("connections", self.connections), ("requests", self.requests)] {
            if number == 0 {
                return Err(format!("limits.{key}: found 0; expected at least 1"));
            }
        }
        let turn = Duration::from_millis(10)..=Duration::from_hours(24);
        for (key, time) in [("header_timeout", self.header_timeout), ("stall_timeout", self.stall_timeout)] {
            if !turn.contains(&time) {
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
    /// How lines look.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives of tracing's `EnvFilter`.
    pub level: String,
    /// Whether each request is a line.
    pub access: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned(), access: true }
    }
}

/// How log lines look.
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
