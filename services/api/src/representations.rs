//! The representations of cached links in forms other than the cached one: each is made once for all of its readers, and
//! kept while there is memory for it.

use crate::{
    cached_result::{CachedResult, PageLinks},
    conversion::{Converted, convert, unconverted},
    error::ApiError,
    extraction_pool::ExtractionPool,
    negotiation::AnswerForm,
};
use bytes::Bytes;
use lru::LruCache;
use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::OnceCell;
use tracing::Instrument;

/// Bytes that a kept representation takes beside its own: its parts here, and its nodes in the two maps.
const OVERHEAD: usize = 512;

/// A store of representations.
pub(crate) struct Representations(Arc<Store>);

struct Store {
    pool: ExtractionPool,
    /// Bytes of those that are kept, at most.
    limit: usize,
    contents: Mutex<Contents>,
}

/// With `moka`, evicted bytes would be freed late: by its later operations.
struct Contents {
    /// Every one that is being made, read or kept: also one that is too large to be kept is made only once for those who
    /// read it at the same time.
    known: HashMap<RepresentationKey, Weak<Representation>>,
    kept: LruCache<RepresentationKey, Arc<Representation>>,
    /// Bytes that are free for further ones.
    free: usize,
}

/// A cached result, by its identity rather than its content, and a form.
#[derive(Clone)]
struct RepresentationKey {
    /// Keeps the address, not the links: it cannot become that of another result while the key exists.
    result: Weak<CachedResult>,
    form: AnswerForm,
}

struct Representation {
    key: RepresentationKey,
    store: Weak<Store>,
    made: OnceCell<Converted<Box<[u8]>>>,
}

/// A reference for [`Bytes`]: they are at the same address for all readers.
struct SharedBytes(Arc<Representation>);

impl Representations {
    /// A store that keeps about `bytes`, those read last. It converts on `pool`.
    pub(crate) fn new(pool: &ExtractionPool, bytes: usize) -> Self {
        let contents = Contents { known: HashMap::new(), kept: LruCache::unbounded(), free: bytes };
        Self(Arc::new(Store { pool: pool.clone(), limit: bytes, contents: Mutex::new(contents) }))
    }

    /// Adds the metrics of its memory.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        let store = Arc::clone(&self.0);
        let kept = move || (store.limit - store.lock().free) as u64;
        metrics.memory("cache_representations", self.0.limit as u64, kept);
    }

    /// The representation in `form` of `links`, which are those of `cached`; an error if it could not be made.
    pub(crate) async fn get(
        &self,
        cached: &Arc<CachedResult>,
        links: &PageLinks,
        form: AnswerForm,
    ) -> Result<Converted<Bytes>, ApiError> {
        if let Some(unconverted) = unconverted(&links.json, form) {
            return Ok(unconverted);
        }
        let key = RepresentationKey { result: Arc::downgrade(cached), form };
        let representation = self.0.find(key);
        if representation.made.get().is_none() {
            // Spawned: a client that leaves does not make the next one begin again.
            let making = Arc::clone(&representation).make(Arc::clone(&self.0), Arc::clone(cached));
            tokio::spawn(making.in_current_span()).await.map_err(|_| ApiError::Internal)??;
        }
        let coding = representation.made.get().and_then(|made| made.coding);
        Ok(Converted { bytes: Bytes::from_owner(SharedBytes(representation)), coding })
    }
}

impl Store {
    /// The representation for `key`, which may have to be made.
    fn find(self: &Arc<Self>, key: RepresentationKey) -> Arc<Representation> {
        let mut contents = self.lock();
        if let Some(kept) = contents.kept.get(&key) {
            return Arc::clone(kept);
        }
        if let Some(representation) = contents.known.get(&key).and_then(Weak::upgrade) {
            return representation;
        }
        let store = Arc::downgrade(self);
        let representation = Arc::new(Representation { key: key.clone(), store, made: OnceCell::new() });
        contents.known.insert(key, Arc::downgrade(&representation));
        representation
    }

    /// Keeps `representation` in place of those that were read longest ago, unless it is larger than the store.
    fn keep(&self, representation: &Arc<Representation>) {
        let mut evicted = Vec::new();
        let mut contents = self.lock();
        let size = representation.size();
        if size > self.limit || contents.kept.contains(&representation.key) {
            return;
        }
        while contents.free < size {
            let Some((_, oldest)) = contents.kept.pop_lru() else { return };
            contents.free += oldest.size();
            evicted.push(oldest);
        }
        contents.free -= size;
        contents.kept.push(representation.key.clone(), Arc::clone(representation));
        // Before the evicted ones: each takes the lock when it is dropped.
        drop(contents);
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Representation {
    /// Converts the links of `cached`, unless another request is doing so, and keeps the result.
    async fn make(self: Arc<Self>, store: Arc<Store>, cached: Arc<CachedResult>) -> Result<(), ApiError> {
        let links = cached.result.as_ref().map_err(Clone::clone)?;
        self.made.get_or_try_init(|| convert(&store.pool, links, self.key.form)).await?;
        store.keep(&self);
        Ok(())
    }

    fn size(&self) -> usize {
        OVERHEAD + self.made.get().map_or(0, |made| made.bytes.len())
    }
}

impl Drop for Representation {
    fn drop(&mut self) {
        let Some(store) = self.store.upgrade() else { return };
        let known = &mut store.lock().known;
        // A new one may have its key by now.
        if known.get(&self.key).is_some_and(|known| known.strong_count() == 0) {
            known.remove(&self.key);
        }
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.made.get().map_or(&[], |made| &made.bytes)
    }
}

impl PartialEq for RepresentationKey {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form && self.result.ptr_eq(&other.result)
    }
}

impl Eq for RepresentationKey {}

impl Hash for RepresentationKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.result.as_ptr().hash(state);
        self.form.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link_query::LinkQuery;
    use fetch::FetchError;
    use futures_util::{FutureExt, future::join_all};
    use http::HeaderMap;
    use kit::CpuPool;
    use std::{sync::mpsc, time::Duration};

    const JSON: &[u8] = br#"[{"text":"a","href":"http://a/"}]"#;

    fn cached() -> Arc<CachedResult> {
        Arc::new(CachedResult::new(Ok(PageLinks::of_json(JSON)), Duration::from_mins(1)))
    }

    fn store(bytes: usize) -> Representations {
        Representations::new(&ExtractionPool::new(&CpuPool::new(1).unwrap(), 1 << 20, 1 << 20), bytes)
    }

    async fn get(store: &Representations, cached: &Arc<CachedResult>, query: &str) -> Bytes {
        let form = AnswerForm::of(&LinkQuery::parse(Some(query)).unwrap(), &HeaderMap::new());
        store.get(cached, cached.result.as_ref().unwrap(), form).await.unwrap().bytes
    }

    async fn text(store: &Representations, cached: &Arc<CachedResult>) -> Bytes {
        get(store, cached, "format=text").await
    }

    fn known(store: &Representations) -> usize {
        store.0.lock().known.len()
    }

    #[tokio::test]
    async fn readers_at_the_same_time_and_later_ones_share_the_bytes() {
        let store = store(10_000);
        let cached = cached();
        let first = join_all([(); 10].map(|()| text(&store, &cached))).await;
        let address = first[0].as_ptr();
        assert!(first.iter().all(|bytes| bytes.as_ptr() == address));
        assert_eq!(first[0], "http://a/\n");
        drop(first);
        assert_eq!(text(&store, &cached).await.as_ptr(), address);
        let csv = get(&store, &cached, "format=csv").await;
        assert_eq!(csv, "text,href\r\na,http://a/\r\n");
    }

    #[tokio::test]
    async fn one_that_is_too_large_to_be_kept_is_shared_while_it_is_read() {
        let store = store(0);
        let cached = cached();
        let (first, second) = (text(&store, &cached).await, text(&store, &cached).await);
        assert_eq!(first.as_ptr(), second.as_ptr());
        drop((first, second));
        assert_eq!(known(&store), 0);
    }

    #[tokio::test]
    async fn results_with_the_same_links_have_representations_of_their_own() {
        let store = store(10_000);
        let (one, other) = (cached(), cached());
        assert_ne!(text(&store, &one).await.as_ptr(), text(&store, &other).await.as_ptr());
    }

    #[tokio::test]
    async fn the_store_is_bounded_and_keeps_those_read_last() {
        let store = store(10_000);
        for _ in 0..1_000 {
            text(&store, &cached()).await;
        }
        assert_eq!(known(&store), 10_000 / (OVERHEAD + "http://a/\n".len()));
    }

    /// Links whose conversion is handed to another thread.
    fn long() -> Arc<CachedResult> {
        let json = format!(r#"[{{"text":"{}","href":"http://a/"}}]"#, "a".repeat(100_000));
        Arc::new(CachedResult::new(Ok(PageLinks::of_json(json)), Duration::from_mins(1)))
    }

    #[tokio::test]
    async fn long_links_wait_for_their_conversion_only_as_far_as_there_is_memory() {
        let pool = CpuPool::new(1).unwrap();
        let store = Representations::new(&ExtractionPool::new(&pool, 1 << 20, 150_000), 0);
        let form = AnswerForm::of(&LinkQuery::parse(Some("format=text")).unwrap(), &HeaderMap::new());
        let (open, gate) = mpsc::channel::<()>();
        let busy = tokio::spawn(async move { pool.run(move || gate.recv().is_ok()).await });
        let (one, other) = (long(), long());
        let get = async |cached: &Arc<CachedResult>| {
            store.get(cached, cached.result.as_ref().unwrap(), form).await.map(|made| made.bytes)
        };
        let mut first = Box::pin(get(&one));
        while store.0.pool.waiting_place(100_000).is_some() {
            assert!((&mut first).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        assert_eq!(get(&other).await, Err(FetchError::Overloaded.into()));
        drop(open);
        busy.await.unwrap();
        assert_eq!(first.await.unwrap(), "http://a/\n");
        assert_eq!(get(&other).await.unwrap(), "http://a/\n");
    }

    #[tokio::test]
    async fn a_conversion_goes_on_when_its_reader_leaves() {
        let pool = CpuPool::new(1).unwrap();
        let store = Representations::new(&ExtractionPool::new(&pool, 1 << 20, 1 << 20), 100_000);
        let cached = long();
        let (open, gate) = mpsc::channel::<()>();
        let busy = tokio::spawn(async move { pool.run(move || gate.recv().is_ok()).await });
        assert!(text(&store, &cached).now_or_never().is_none());
        drop(open);
        busy.await.unwrap();
        let made = || !store.0.lock().kept.is_empty();
        while !made() {
            tokio::task::yield_now().await;
        }
        assert_eq!(text(&store, &cached).await, "http://a/\n");
    }
}
