//! The cache in Redis, shared by replicas.

mod fault;
mod lease;
mod link;
mod metrics;
mod node;
mod refusals;
mod router;
mod sentinel;
mod servers;
mod settings;
mod slots;
mod tracking;
mod url;
mod value;

pub use self::settings::RedisSettings;

pub(crate) use self::lease::Claim;

use self::{
    fault::Fault,
    lease::Lease,
    metrics::{RedisCommand, RedisMetrics},
    refusals::Refusals,
    router::Router,
    servers::Servers,
    tracking::Tracking,
};
use super::{local_tier::LocalTier, lookup::TimeBudget};
use crate::{cache_entry::CacheEntry, cache_key::CacheKey};
use bytes::Bytes;
use kit::{ByteBudget, CpuPool, Reservation, Secret};
use redis::{Cmd, FromRedisValue};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{self, Instant},
};

/// The value that Redis has for a key, if any.
pub(super) type Read = Result<Option<CacheEntry>, Unreachable>;

/// Redis could not be asked, or refused.
#[derive(Clone, Copy)]
pub(super) struct Unreachable;

/// Knows nothing of the local tier except that changes are reported to it.
pub(crate) struct Redis(Arc<RedisTier>);

struct RedisTier {
    router: Arc<Router>,
    refusals: Refusals,
    metrics: RedisMetrics,
    pool: CpuPool,
    writes: ByteBudget,
    settings: RedisSettings,
    /// The longest lifetime that a value may claim to have.
    longest: Duration,
}

impl Redis {
    /// A cache at `urls`, which is `redis_url` of the configuration, of results that live for about `ttl`, of which
    /// `writes` bytes may be on their way. It connects in the background, and reports changes to `local`; large values are
    /// encoded and decoded on `pool`. Errors do not show the URL: it may hold a password.
    pub(crate) fn new(
        urls: &Secret,
        settings: &RedisSettings,
        ttl: Duration,
        writes: u64,
        pool: &CpuPool,
        local: Arc<LocalTier>,
    ) -> Result<Self, String> {
        let servers = Servers::parse(urls, settings.certificates()?.as_ref())?;
        let metrics = RedisMetrics::default();
        let router = Router::new(servers, Tracking::new(local), &metrics);
        Ok(Self(Arc::new(RedisTier {
            router: Arc::new(router),
            refusals: Refusals::default(),
            metrics,
            pool: pool.clone(),
            writes: ByteBudget::new(writes),
            settings: settings.clone(),
            // A tenth is added to lifetimes at random.
            longest: ttl.mul_f64(1.1) + Duration::from_secs(1),
        })))
    }

    /// Checks `urls` and `settings` without connecting.
    pub(crate) fn check(urls: Option<&Secret>, settings: &RedisSettings) -> Result<(), String> {
        settings.check()?;
        let certificates = settings.certificates()?;
        if certificates.is_some() && urls.is_some_and(|urls| !urls.expose().trim().starts_with("rediss")) {
            return Err(
                "redis.ca_file and redis.cert_file: found a redis_url without TLS; expected rediss://"
                    .to_owned(),
            );
        }
        urls.map_or(Ok(()), |urls| Servers::parse(urls, certificates.as_ref()).map(drop))
    }

    /// Waits until it is known whether Redis is reachable, two seconds at most.
    pub(super) async fn settled(&self) {
        self.0.router.settled().await;
    }

    pub(super) fn register(&self, metrics: &mut kit::Metrics) {
        self.0.metrics.register(metrics);
        metrics.budget("redis_writes", &self.0.writes);
    }

    /// Whether all servers are reachable, or why one is not.
    pub(super) fn state(&self) -> Result<(), String> {
        self.0.router.state()
    }

    pub(super) async fn get(&self, key: &CacheKey, time: &mut TimeBudget) -> Read {
        // Not GET: a value that is too large is not read to its end.
        let command = redis::cmd("GETRANGE").arg(key.as_str()).arg(0).arg(value::MAX_STORED).take();
        let query = self.0.router.query::<Bytes>(key.as_str(), &command, time.left());
        let stored = self.0.run(RedisCommand::Get, query, time).await.ok_or(Unreachable)?;
        Ok(self.0.decode(stored).await)
    }

    /// Stores `entry` for `lifetime`. The write goes on for `redis.write_timeout`; the caller waits for it a little, and
    /// not at all if Redis has not answered the request before. Returns whether Redis has it by then: another replica can
    /// then read it in time, too.
    pub(super) async fn put(
        &self,
        key: &CacheKey,
        entry: &CacheEntry,
        lifetime: Duration,
        time: &mut TimeBudget,
    ) -> bool {
        if lifetime.is_zero() {
            return false;
        }
        let memory = value::max_memory(entry).and_then(|bytes| {
            // One that takes more than there is goes alone.
            self.0.writes.try_reserve(bytes.min(self.0.writes.limit()))
        });
        let (true, Some(memory)) = (self.0.router.is_up(key.as_str()), memory) else {
            self.0.metrics.failed_write();
            return false;
        };
        let (tier, key, entry) = (Arc::clone(&self.0), key.clone(), entry.clone());
        let write = async move {
            let written = tier.write(&key, entry, memory, lifetime).await;
            if !written {
                tier.metrics.failed_write();
            }
            written
        };
        self.go_on(write, time).await
    }

    /// Removes the value of `key`; waits for it as [`put`](Self::put) does.
    pub(super) async fn remove(&self, key: &CacheKey, time: &mut TimeBudget) {
        let (tier, key) = (Arc::clone(&self.0), key.clone());
        let remove = async move {
            let command = redis::cmd("DEL").arg(key.as_str()).take();
            tier.change::<u64>(RedisCommand::Del, &key, &command).await.is_some()
        };
        self.go_on(remove, time).await;
    }

    /// Runs `write` to its end, and waits for it a little; returns its result, or false if it takes longer.
    async fn go_on(&self, write: impl Future<Output = bool> + Send + 'static, time: &mut TimeBudget) -> bool {
        let (done, written) = oneshot::channel();
        tokio::spawn(async move {
            let _ = done.send(write.await);
        });
        if !time.has_answer() {
            return false;
        }
        // A distant Redis has used most of the time already.
        let wait = time.left().max(self.0.settings.timeout / 2);
        time.track(time::timeout(wait, written)).await.is_ok_and(|written| written.unwrap_or(false))
    }

    /// Claims the right to fetch `key`, among all replicas, and reads its value after that; granted without a lease if
    /// Redis does not answer.
    pub(super) async fn claim(&self, key: &CacheKey, time: &mut TimeBudget) -> (Claim, Read) {
        let claim = Lease::claim(&self.0.router, key, value::MAX_STORED, time.left());
        match self.0.run(RedisCommand::Claim, claim, time).await {
            Some((claim, stored)) => (claim, Ok(self.0.decode(stored).await)),
            None => (Claim::Granted(None), Err(Unreachable)),
        }
    }
}

impl RedisTier {
    /// The value that `job` answers; a refusal is logged once.
    async fn run<T>(
        &self,
        command: RedisCommand,
        job: impl Future<Output = Result<T, Fault>>,
        time: &mut TimeBudget,
    ) -> Option<T> {
        let start = Instant::now();
        let answer = time.track(job).await;
        self.metrics.command(command, start.elapsed(), &answer);
        if matches!(answer, Ok(_) | Err(Fault::Refused(_))) {
            time.note_answer();
        }
        if let Err(Fault::Refused(error)) = &answer
            && self.refusals.note(command.name(), error.code().unwrap_or("ERR"))
        {
            tracing::warn!(command = command.name(), %error, "Redis refuses a command");
        }
        answer.ok()
    }

    async fn decode(&self, stored: Bytes) -> Option<CacheEntry> {
        let longest = self.longest;
        if value::is_slow(stored.len()) {
            return self.pool.run(move || value::decode(&stored, longest)).await?;
        }
        value::decode(&stored, longest)
    }

    async fn write(
        &self,
        key: &CacheKey,
        entry: CacheEntry,
        mut memory: Reservation,
        lifetime: Duration,
    ) -> bool {
        let encoded = if value::is_slow(entry.weight()) {
            self.pool.run(move || value::encode(&entry)).await.flatten()
        } else {
            value::encode(&entry)
        };
        let Some(encoded) = encoded else { return false };
        // The command copies it.
        memory.shrink_to(2 * encoded.len() as u64);
        // Redis refuses 0.
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1);
        let set = redis::cmd("SET").arg(key.as_str()).arg(encoded).arg("PX").arg(lifetime).take();
        self.change::<()>(RedisCommand::Set, key, &set).await.is_some()
    }

    /// Sends a command for which no request waits all the time.
    async fn change<T: FromRedisValue>(
        &self,
        kind: RedisCommand,
        key: &CacheKey,
        command: &Cmd,
    ) -> Option<T> {
        let limit = self.settings.write_timeout;
        let query = self.router.query(key.as_str(), command, limit);
        self.run(kind, query, &mut TimeBudget::new(limit)).await
    }
}
