//! The right to fetch a page, among all replicas that share a Redis: a key with a token and a short lifetime, renewed
//! while the job runs, so that it soon expires if the replica dies.

use super::{fault::Fault, router::Router, slots::hash_tag};
use crate::cache_key::CacheKey;
use bytes::Bytes;
use redis::Cmd;
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time};

/// How long a lease lasts without renewal.
const LIFE: Duration = Duration::from_secs(3);
const RENEWAL: Duration = Duration::from_secs(1);
/// How long a renewal or a release may take: no request waits for it.
const BACKGROUND_LIMIT: Duration = Duration::from_secs(1);
/// Claims the lease `KEYS[1]` and reads the value `KEYS[2]` in one round trip: the value may have been stored since the
/// last look. Ignores a lease whose TTL exceeds the longest one: we did not write it, and it must not block fetching.
/// `PTTL` is negative for a key that does not exist or never expires. A value that cannot be read counts as none.
const CLAIM: &str = "local rest=redis.call('PTTL',KEYS[1]) local granted=0 \
                   if rest<0 or rest>tonumber(ARGV[2]) then \
                   redis.call('SET',KEYS[1],ARGV[1],'PX',ARGV[2]) granted=1 end \
                   local value=redis.pcall('GETRANGE',KEYS[2],0,ARGV[3]) \
                   if type(value)~='string' then value='' end return {granted,value}";
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
    /// Claims the lease of `key`, and reads at most `most` + 1 bytes of the value of `key` after that; empty if there is
    /// none.
    pub(super) async fn claim(
        router: &Arc<Router>,
        key: &CacheKey,
        most: usize,
        limit: Duration,
    ) -> Result<(Claim, Bytes), Fault> {
        let lease = lease_key(key.as_str());
        let token = format!("{:032x}", fastrand::u128(..));
        let life = u64::try_from(LIFE.as_millis()).unwrap_or(u64::MAX);
        let mut claim = redis::cmd("EVAL");
        claim.arg(CLAIM).arg(2).arg(&lease).arg(key.as_str()).arg(&token).arg(life).arg(most);
        let (granted, value): (bool, Bytes) = router.query(&lease, &claim, limit).await?;
        if !granted {
            return Ok((Claim::Taken, value));
        }
        let script = move |text| redis::cmd("EVAL").arg(text).arg(1).arg(&lease).arg(&token).arg(life).take();
        let (held, dropped) = oneshot::channel();
        tokio::spawn(hold(Arc::clone(router), key.clone(), dropped, script(RENEW), script(RELEASE)));
        Ok((Claim::Granted(Some(Self { _held: held })), value))
    }
}

async fn hold(
    router: Arc<Router>,
    key: CacheKey,
    mut dropped: oneshot::Receiver<()>,
    renew: Cmd,
    release: Cmd,
) {
    while time::timeout(RENEWAL, &mut dropped).await.is_err() {
        let _ = router.query::<Option<u8>>(key.as_str(), &renew, BACKGROUND_LIMIT).await;
    }
    let _ = router.query::<Option<u8>>(key.as_str(), &release, BACKGROUND_LIMIT).await;
}

/// The name of the lease of `key`: in a Cluster it has the slot of `key`, since one script uses both.
fn lease_key(key: &str) -> String {
    match hash_tag(key) {
        // A tag cannot hold a brace. Such a lease may have another slot; a Cluster then refuses the script, and the page
        // is fetched without a lease.
        tag if tag.contains('}') => format!("{key}#lease"),
        // The key has a tag of its own.
        tag if tag.len() < key.len() => format!("{key}#lease"),
        key => format!("linkextractor:lease:{{{key}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::redis::slots::slot;

    #[test]
    fn a_lease_has_the_slot_of_its_key() {
        for key in
            ["linkextractor:3:http://a/", "linkextractor:3:http://a/?{b}", "linkextractor:3:http://a/?{b"]
        {
            let lease = lease_key(key);
            assert_eq!(slot(&lease), slot(key), "{lease}");
            assert!(lease.starts_with("linkextractor:") && lease != key, "{lease}");
        }
    }
}
