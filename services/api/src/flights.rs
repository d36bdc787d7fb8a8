//! One job a key at a time: who comes while it is under way gets its result. A job belongs to nobody, so it
//! goes on when the one who started it leaves.

use crate::page::CacheKey;
use std::{
    collections::{HashMap, hash_map},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use tracing::Instrument;

/// The jobs under way.
pub(crate) struct Flights<T>(Arc<Mutex<HashMap<CacheKey, watch::Receiver<Option<T>>>>>);

/// A place among those who wait for a job.
pub(crate) struct Seat<T> {
    /// Whether the job was under way already.
    pub(crate) collapsed: bool,
    result: watch::Receiver<Option<T>>,
}

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// Joins the job for `key`; `job` is started when there is none.
    pub(crate) fn join<F>(&self, key: &CacheKey, job: impl FnOnce() -> F) -> Seat<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut under_way = lock(&self.0);
        match under_way.entry(key.clone()) {
            hash_map::Entry::Occupied(other) => Seat { collapsed: true, result: other.get().clone() },
            hash_map::Entry::Vacant(place) => {
                let (sender, result) = watch::channel(None);
                place.insert(result.clone());
                let landing = Landing { under_way: Arc::clone(&self.0), key: key.clone() };
                let job = job();
                let flight = async move {
                    let landing = landing;
                    let result = job.await;
                    // First out of the list, then the result: who comes after it starts anew.
                    drop(landing);
                    sender.send_replace(Some(result));
                };
                tokio::spawn(flight.in_current_span());
                Seat { collapsed: false, result }
            }
        }
    }
}

impl<T: Clone> Seat<T> {
    /// The job's result; nothing when it panicked.
    pub(crate) async fn landed(mut self) -> Option<T> {
        self.result.wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// Takes a job off the list, also when it panics.
struct Landing<T> {
    under_way: Arc<Mutex<HashMap<CacheKey, watch::Receiver<Option<T>>>>>,
    key: CacheKey,
}

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        lock(&self.under_way).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> fmt::Debug for Flights<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("under_way", &lock(&self.0).len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fetch::PageUrl;
    use tokio::sync::oneshot;

    fn key(url: &str) -> CacheKey {
        CacheKey::of(&PageUrl::parse(url).unwrap())
    }

    #[tokio::test]
    async fn who_waits_gets_the_result_when_the_first_has_left() {
        let flights = Flights::default();
        let (finish, finished) = oneshot::channel::<u8>();
        let first = flights.join(&key("http://a/"), || async { finished.await.unwrap() });
        let second = flights.join(&key("http://a/"), || async { unreachable!("a second job") });
        assert!(!first.collapsed && second.collapsed);
        drop(first);
        finish.send(7).unwrap();
        assert_eq!(second.landed().await, Some(7));
        let next = flights.join(&key("http://a/"), || async { 8 });
        assert!(!next.collapsed);
        assert_eq!(next.landed().await, Some(8));
    }

    #[tokio::test]
    async fn a_panic_leaves_nobody_waiting() {
        let flights: Flights<u8> = Flights::default();
        let (go, gone) = oneshot::channel::<()>();
        let job = || async {
            gone.await.unwrap();
            panic!("on purpose")
        };
        let seats = [flights.join(&key("http://a/"), job), flights.join(&key("http://a/"), || async { 1 })];
        go.send(()).unwrap();
        for seat in seats {
            assert_eq!(seat.landed().await, None);
        }
        assert_eq!(flights.join(&key("http://a/"), || async { 2 }).landed().await, Some(2));
    }
}
