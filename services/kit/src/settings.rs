//! The sections of a configuration that every service has.

use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, time::Duration};

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
}

/// The `admin` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Where `/live`, `/ready` and `/metrics` are answered; none: nowhere.
    pub listen: Option<SocketAddr>,
}

/// The `limits` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel.
    pub connections: usize,
    /// How long requests in flight may take after a signal to stop.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 10_000, grace: Duration::from_secs(20) }
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
