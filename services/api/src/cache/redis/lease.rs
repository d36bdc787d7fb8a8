//! The right to fetch a page, among all replicas that share a Redis: a key with a token and a short lifetime, renewed
//! while the job runs, so that it soon expires if the replica dies.

use super::connection::{Fault, RedisConnection};
use crate::{cache::lookup::TimeBudget, cache_key::CacheKey};
use redis::Cmd;
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Handle, task::AbortHandle, time};

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

#[derive(Debug)]
pub(crate) enum Claim {
    /// The caller may fetch; other replicas wait while it holds the lease, if there is one.
    Granted(Option<Lease>),
    Taken,
}

/// A lease, released when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    token: LeaseToken,
    renewal: AbortHandle,
}

#[derive(Clone, Debug)]
struct LeaseToken {
    connection: Arc<RedisConnection>,
    key: String,
    value: String,
}

impl Lease {
    pub(super) async fn claim(
        connection: &Arc<RedisConnection>,
        key: &CacheKey,
        limit: Duration,
        time: &mut TimeBudget,
    ) -> Result<Claim, Fault> {
        let key = format!("{}#lease", key.as_str());
        let value = format!("{:032x}", fastrand::u128(..));
        let token = LeaseToken { connection: Arc::clone(connection), key, value };
        let command = token.script(CLAIM).arg(millis(LIFE)).take();
        let granted: Option<String> = connection.query(&command, limit, time).await?;
        if granted.is_none() {
            return Ok(Claim::Taken);
        }
        let renewal = tokio::spawn(token.clone().renew()).abort_handle();
        Ok(Claim::Granted(Some(Self { token, renewal })))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        // Without a runtime the process is ending, and the lease expires by itself.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.token.clone().release());
        }
    }
}

impl LeaseToken {
    async fn renew(self) {
        loop {
            time::sleep(RENEWAL).await;
            let mut command = self.script(RENEW);
            let _ = self.connection.send::<Option<u8>>(command.arg(millis(LIFE))).await;
        }
    }

    async fn release(self) {
        let _ = self.connection.send::<Option<u8>>(&self.script(RELEASE)).await;
    }

    fn script(&self, script: &str) -> Cmd {
        redis::cmd("EVAL").arg(script).arg(1).arg(&self.key).arg(&self.value).take()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
