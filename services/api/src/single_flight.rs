//! Single flight: one job at a time for each key. Later requests for the key share its result, and the job goes on if the
//! request that started it is cancelled (with `moka`'s `try_get_with`, the next one would start it again).

use crate::cache_key::CacheKey;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::oneshot;
use tracing::Instrument;

/// The result of a job that is running; `None` if the job panics.
type JobResult<T> = Shared<BoxFuture<'static, Option<T>>>;
type Jobs<T, S> = Mutex<HashMap<CacheKey, (JobResult<T>, S)>>;

/// `S` is shared by a job and all that wait for it.
pub(crate) struct SingleFlight<T: Clone, S: Clone = ()>(Arc<Jobs<T, S>>);

/// A request that waits for a job.
pub(crate) struct Waiter<T: Clone, S = ()> {
    /// Whether another request had started the job.
    pub(crate) collapsed: bool,
    pub(crate) result: JobResult<T>,
    pub(crate) shared: S,
}

impl<T: Clone + Send + Sync + 'static, S: Clone + Default + Send + 'static> SingleFlight<T, S> {
    /// Joins the job for `key`, or starts `job` if there is none.
    pub(crate) fn join<F>(&self, key: &CacheKey, job: impl FnOnce(S) -> F) -> Waiter<T, S>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((result, shared)) = jobs.get(key) {
            return Waiter { collapsed: true, result: result.clone(), shared: shared.clone() };
        }
        let (sender, receiver) = oneshot::channel();
        let result = receiver.map(Result::ok).boxed().shared();
        let shared = S::default();
        jobs.insert(key.clone(), (result.clone(), shared.clone()));
        drop(jobs);
        let guard = CompletionGuard { jobs: Arc::clone(&self.0), key: key.clone() };
        let job = job(shared.clone());
        let run = async move {
            // Dropped in reverse order if the job panics: the key is free before its waiters learn of it.
            let (sender, guard) = (sender, guard);
            let result = job.await;
            drop(guard);
            let _ = sender.send(result);
        };
        tokio::spawn(run.in_current_span());
        Waiter { collapsed: false, result, shared }
    }
}

/// Removes a job when it ends, also by a panic: a request that comes later starts a new one.
struct CompletionGuard<T: Clone, S: Clone> {
    jobs: Arc<Jobs<T, S>>,
    key: CacheKey,
}

impl<T: Clone, S: Clone> Drop for CompletionGuard<T, S> {
    fn drop(&mut self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl<T: Clone, S: Clone> Default for SingleFlight<T, S> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fetch::PageUrl;

    fn key() -> CacheKey {
        CacheKey::of(&PageUrl::parse("http://a/").unwrap())
    }

    #[tokio::test]
    async fn a_waiter_gets_the_result_after_the_first_caller_has_left() {
        let jobs: SingleFlight<u8> = SingleFlight::default();
        let (finish, finished) = oneshot::channel::<u8>();
        let first = jobs.join(&key(), |()| async { finished.await.unwrap() });
        let second = jobs.join(&key(), |()| async { unreachable!("a second job") });
        assert!(!first.collapsed && second.collapsed);
        drop(first);
        finish.send(7).unwrap();
        assert_eq!(second.result.await, Some(7));
        let next = jobs.join(&key(), |()| async { 8 });
        assert!(!next.collapsed);
        assert_eq!(next.result.await, Some(8));
    }

    #[tokio::test]
    async fn a_job_that_panics_releases_its_waiters_and_its_key() {
        let jobs: SingleFlight<u8> = SingleFlight::default();
        let (go, gone) = oneshot::channel::<()>();
        let job = |()| async {
            gone.await.unwrap();
            panic!("on purpose")
        };
        let waiters = [jobs.join(&key(), job), jobs.join(&key(), |()| async { 1 })];
        go.send(()).unwrap();
        for waiter in waiters {
            assert_eq!(waiter.result.await, None);
        }
        assert_eq!(jobs.join(&key(), |()| async { 2 }).result.await, Some(2));
    }
}
