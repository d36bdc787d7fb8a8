//! The configuration of the API.

use crate::{
    cache::{Redis, RedisSettings},
    extraction_log,
    fetch_log::LoggedFetches,
    memory::{self, MemoryShares},
};
use bytesize::ByteSize;
use kit::{
    Admin, Configuration, CpuPool, Limits, Listeners, Log, LogFormat, Secret, ServerSettings, TraceSettings,
    TrustedProxies,
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Every setting of `linkextractor-api`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSettings {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// The proxies that are believed when they report the client of a request.
    pub trusted_proxies: TrustedProxies,
    /// The peers that begin each connection with a header of the PROXY protocol, which names the client.
    pub proxy_protocol: TrustedProxies,
    /// The admin listener.
    pub admin: Admin,
    /// `redis://`, `rediss://`, `redis+unix://`, `redis+sentinel://` or `rediss+sentinel://`; several nodes, separated by
    /// commas, are a Cluster. If missing, the cache is in the process only.
    pub redis_url: Option<Secret>,
    /// The connection to Redis.
    pub redis: RedisSettings,
    /// The cache.
    pub cache: CacheSettings,
    /// Fetching.
    pub fetch: fetch::FetchSettings,
    /// The file to which a line is appended for each extraction.
    pub extraction_log: Option<PathBuf>,
    /// The traces.
    pub tracing: TraceSettings,
    /// Limits of the server.
    pub limits: Limits,
    /// Logs.
    pub log: ApiLog,
}

/// The `log` section: that of every server, and which fetches are logged.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiLog {
    /// The format of lines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives of tracing's `EnvFilter`.
    pub level: String,
    /// Whether each request is logged.
    pub access: bool,
    /// Which fetches are logged.
    pub fetches: LoggedFetches,
}

impl Default for ApiLog {
    fn default() -> Self {
        let Log { format, level, access } = Log::default();
        Self { format, level, access, fetches: LoggedFetches::default() }
    }
}

impl ApiLog {
    /// The part that every server has.
    pub fn server(&self) -> Log {
        Log { format: self.format, level: self.level.clone(), access: self.access }
    }
}

/// The `cache` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSettings {
    /// How long a result is kept; a random tenth more or less is added.
    #[serde(with = "humantime_serde")]
    pub ttl: Duration,
    /// How long a failure that the page caused is kept.
    #[serde(with = "humantime_serde")]
    pub negative_ttl: Duration,
    /// How long after it has expired a result is still used at once, while it is fetched again in the background.
    #[serde(with = "humantime_serde")]
    pub stale_while_revalidate: Duration,
    /// How long after it has expired a result is used if the page cannot be fetched.
    #[serde(with = "humantime_serde")]
    pub stale_if_error: Duration,
    /// Bytes of the cache in the process: of the results, and of what is made from them: other formats, selections and
    /// codings.
    #[serde(serialize_with = "kit::size::exact")]
    pub memory: ByteSize,
}

impl CacheSettings {
    /// Bytes for results: what representations leave.
    pub(crate) fn results(&self) -> u64 {
        self.memory.as_u64() - self.representations() as u64
    }

    /// Bytes for representations in forms other than JSON: they can be made again.
    pub(crate) fn representations(&self) -> usize {
        usize::try_from(self.memory.as_u64() / 4).unwrap_or(usize::MAX)
    }
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_hours(1),
            negative_ttl: Duration::from_secs(30),
            stale_while_revalidate: Duration::from_mins(1),
            stale_if_error: Duration::from_hours(24),
            memory: ByteSize::mib(64),
        }
    }
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5000)),
            trusted_proxies: TrustedProxies::default(),
            proxy_protocol: TrustedProxies::default(),
            admin: Admin::at(Some(SocketAddr::from(([127, 0, 0, 1], 5001)))),
            redis_url: None,
            redis: RedisSettings::default(),
            cache: CacheSettings::default(),
            fetch: fetch::FetchSettings::default(),
            extraction_log: None,
            tracing: TraceSettings::default(),
            limits: Limits::default(),
            log: ApiLog::default(),
        }
    }
}

impl ApiSettings {
    /// The memory of what has no setting of its own.
    pub(crate) fn shares(&self) -> MemoryShares {
        MemoryShares::of(self.limits.memory, self.cache.memory, &self.fetch)
    }

    /// The settings of the fetcher.
    pub(crate) fn fetch(&self) -> fetch::FetchSettings {
        fetch::FetchSettings { per_client: self.limits.per_client, ..self.fetch.clone() }
    }

    /// Adds the addresses of `listeners` to those that are never fetched from.
    #[must_use]
    pub fn listening_at(mut self, listeners: &Listeners) -> Self {
        let addresses = [listeners.address().ok(), listeners.admin_address().and_then(Result::ok)];
        self.fetch.own_addresses.extend(addresses.into_iter().flatten());
        self
    }
}

impl Configuration for ApiSettings {
    const NAME: &'static str = "linkextractor-api";
    const ABOUT: &'static str = "Answers GET /api/<url> with the links of the page at <url>";
    const ENV_PREFIX: &'static str = "LINKEXTRACTOR_API_";
    const ENV_ALIASES: &'static [(&'static str, &'static str)] =
        &[("REDIS_URL", "redis_url"), kit::OTLP_VARIABLE];
    const SECRETS: &'static [&'static str] = &["redis_url", "fetch.proxy"];

    fn server(&self) -> ServerSettings {
        let (admin, limits, log) = (self.admin.clone(), self.limits.clone(), self.log.server());
        let (trusted_proxies, tracing) = (self.trusted_proxies.clone(), self.tracing.clone());
        let send_queue = self.shares().send_queue;
        ServerSettings {
            trusted_proxies,
            proxy_protocol: self.proxy_protocol.clone(),
            tracing,
            send_queue,
            ..ServerSettings::new(Self::NAME, self.listen, admin, limits, log)
        }
    }

    fn memory_shares(&self) -> Vec<(&'static str, u64)> {
        memory::defaults(self.limits.memory, &self.fetch)
    }

    fn check(&self) -> Result<(), String> {
        Redis::check(self.redis_url.as_ref(), &self.redis)?;
        if self.fetch.timeout.is_zero() {
            return Err("fetch.timeout: found 0s; expected a duration such as 10s".to_owned());
        }
        memory::check(self.limits.memory, self.cache.memory, &self.fetch)?;
        let pool = CpuPool::new(1).map_err(|error| error.to_string())?;
        fetch::Fetcher::new(self.fetch(), pool).map(drop)
    }

    fn warnings(&self) -> Vec<String> {
        let error = |path: &PathBuf| extraction_log::check(path).err();
        self.extraction_log.iter().filter_map(error).collect()
    }
}
