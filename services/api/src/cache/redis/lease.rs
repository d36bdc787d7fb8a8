//! The right to fetch a page, among all replicas that share a Redis: a key with a token and a short lifetime, renewed
//! while the job runs, so that it soon expires if the replica dies.

use super::connection::{Fault, RedisConnection};
use crate::{cache::lookup::TimeBudget, cache_key::CacheKey};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time};

/// How long a lease lasts without renewal.
const LIFE: Duration = Duration::from_secs(3);
const RENEWAL: Duration = Duration::from_secs(1);
/// Ignores a key whose TTL exceeds the longest lease: we did not write it, and it must not block fetching. `PTTL` is
/// negative for a key that does not exist or never expires.
const CLAIM: &str = "local rest=redis.call('PTTL',KEYS[1]) if rest<0 or rest>tonumber(ARGV[2]) then \
                   return redis.call('SET',KEYS[1],ARGV[1],'PX',ARGV[2]) end";
/// Renewal and release compare the token: the lease may have expired, and another replica may hold it.
const RENEW: &str =
    "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('PEXPIRE',KEYS[1],ARGV[2]) end";
const RELEASE: &str = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end";

pub(crate) enum Claim {
    /// The caller may fetch; other replicas wait while it holds the lease, if there is one.
    Granted(Option<Lease>),
    Taken,
}

/// A lease, released when dropped: a task renews it until the sender is gone.
pub(crate) struct Lease {
    _held: oneshot::Sender<()>,
}

impl Lease {
    pub(super) async fn claim(
        connection: &Arc<RedisConnection>,
        key: &CacheKey,
        limit: Duration,
        time: &mut TimeBudget,
    ) -> Result<Claim, Fault> {
        let key = format!("{}#lease", key.as_str());
        let token = format!("{:032x}", fastrand::u128(..));
        let life = u64::try_from(LIFE.as_millis()).unwrap_or(u64::MAX);
        let script = move |text| redis::cmd("EVAL").arg(text).arg(1).arg(&key).arg(&token).arg(life).take();
        let granted: Option<String> = connection.query(&script(CLAIM), limit, time).await?;
        if granted.is_none() {
            return Ok(Claim::Taken);
        }
        let (held, mut dropped) = oneshot::channel();
        let connection = Arc::clone(connection);
        tokio::spawn(async move {
            while time::timeout(RENEWAL, &mut dropped).await.is_err() {
                let _ = connection.send::<Option<u8>>(&script(RENEW)).await;
            }
            let _ = connection.send::<Option<u8>>(&script(RELEASE)).await;
        });
        Ok(Claim::Granted(Some(Self { _held: held })))
    }
}
