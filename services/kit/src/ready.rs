//! Readiness: whether the service should receive requests.

use crate::{Check, Service};
use serde_json::{Map, Value, json};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// How long a result of [`Service::checks`] is reused.
const LIFETIME: Duration = Duration::from_secs(1);
/// The time limit for the checks.
const TIMEOUT: Duration = Duration::from_secs(2);

type Round = (Instant, Arc<OnceCell<Vec<Check>>>);

/// The service's checks, and whether the service is stopping, which is final.
pub(crate) struct Readiness<S> {
    service: Arc<S>,
    stopping: AtomicBool,
    round: Mutex<Option<Round>>,
}

impl<S: Service> Readiness<S> {
    pub(crate) fn new(service: Arc<S>) -> Self {
        Self { service, stopping: AtomicBool::new(false), round: Mutex::new(None) }
    }

    /// Makes the service not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether the service is ready, and the report as JSON.
    pub(crate) async fn report(&self) -> (bool, Value) {
        if self.stopping.load(Ordering::Acquire) {
            return (false, json!({ "ready": false, "reason": "stopping", "parts": {} }));
        }
        let round = self.round();
        let checks = round.get_or_init(|| self.checks()).await;
        let ready = checks.iter().all(|check| check.optional || check.state.is_ok());
        let parts: Map<String, Value> =
            checks.iter().map(|check| (check.part.to_owned(), part(check))).collect();
        (ready, json!({ "ready": ready, "parts": parts }))
    }

    /// The current round of checks, which concurrent callers share.
    fn round(&self) -> Arc<OnceCell<Vec<Check>>> {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        match &*round {
            Some((begun, checks)) if begun.elapsed() < LIFETIME => Arc::clone(checks),
            _ => Arc::clone(&round.insert((Instant::now(), Arc::default())).1),
        }
    }

    async fn checks(&self) -> Vec<Check> {
        let late = || vec![Check { part: "checks", state: Err("took too long".to_owned()), optional: false }];
        tokio::time::timeout(TIMEOUT, self.service.checks()).await.unwrap_or_else(|_| late())
    }
}

fn part(check: &Check) -> Value {
    match &check.state {
        Ok(()) => json!({ "ready": true }),
        Err(reason) => json!({ "ready": false, "optional": check.optional, "reason": reason }),
    }
}
