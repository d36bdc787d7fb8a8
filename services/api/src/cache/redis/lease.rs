//! The right to fetch a page, among all replicas that share a Redis: a key with a token and a short life,
//! renewed while the job lasts, so that the right of a replica that dies is free again soon.

use super::link::{Fault, Link};
use crate::{cache::Patience, page::CacheKey};
use redis::Cmd;
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Handle, task::AbortHandle, time};

/// How long the right outlives its holder.
const LIFE: Duration = Duration::from_secs(3);
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(1);
/// A key that outlives every lease is none: somebody else's value at our key must not keep a page from being fetched.
/// `PTTL` is negative for a key that is not there, or never goes away.
const ASK: &str = "local rest=redis.call('PTTL',KEYS[1]) if rest<0 or rest>tonumber(ARGV[2]) then \
                   return redis.call('SET',KEYS[1],ARGV[1],'PX',ARGV[2]) end";
/// Only who holds the token may renew or give back: it may have run out and be another's by now.
const RENEW: &str =
    "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('PEXPIRE',KEYS[1],ARGV[2]) end";
const RELEASE: &str = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end";

/// The right, while it is held; dropping gives it back.
#[derive(Debug)]
pub(crate) struct Lease {
    name: Name,
    renewal: AbortHandle,
}

#[derive(Clone, Debug)]
struct Name {
    link: Arc<Link>,
    key: String,
    token: String,
}

impl Lease {
    /// Asks for the right to fetch `key`; nothing when another has it.
    pub(super) async fn ask(
        link: &Arc<Link>,
        key: &CacheKey,
        most: Duration,
        patience: &mut Patience,
    ) -> Result<Option<Self>, Fault> {
        let key = format!("{}#lease", key.as_str());
        let name = Name { link: Arc::clone(link), key, token: format!("{:032x}", fastrand::u128(..)) };
        let command = name.script(ASK).arg(millis(LIFE)).take();
        let granted: Option<String> = link.query(&command, most, patience).await?;
        Ok(granted.map(|_| {
            let renewal = tokio::spawn(name.clone().renew()).abort_handle();
            Self { name, renewal }
        }))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
        // Without a runtime the process is ending; the lease runs out by itself.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.name.clone().release());
        }
    }
}

impl Name {
    async fn renew(self) {
        loop {
            time::sleep(RENEWAL).await;
            let mut command = self.script(RENEW);
            let _ = self.link.send::<Option<u8>>(command.arg(millis(LIFE))).await;
        }
    }

    async fn release(self) {
        let _ = self.link.send::<Option<u8>>(&self.script(RELEASE)).await;
    }

    fn script(&self, script: &str) -> Cmd {
        redis::cmd("EVAL").arg(script).arg(1).arg(&self.key).arg(&self.token).take()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
