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
use kit::{ClientKey, CodingPreference, ContentCoding};
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
    /// By what they are, not by what was asked for.
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
        client: ClientKey,
    ) -> Result<Converted<Bytes>, ApiError> {
        match unconverted(&links.json, form) {
            Some(unconverted) => Ok(unconverted),
            None => Box::pin(self.converted(cached, form, client)).await,
        }
    }

    async fn converted(
        &self,
        cached: &Arc<CachedResult>,
        form: AnswerForm,
        client: ClientKey,
    ) -> Result<Converted<Bytes>, ApiError> {
        let key = RepresentationKey { result: Arc::downgrade(cached), form };
        let representation = self.0.find(key);
        if representation.made.get().is_none() {
            // Spawned: a client that leaves does not make the next one begin again.
            let making = Arc::clone(&representation).make(Arc::clone(&self.0), Arc::clone(cached), client);
            tokio::spawn(making.in_current_span()).await.map_err(|_| ApiError::Internal)??;
        }
        let (coding, length) = representation.made.get().map_or((None, 0), |made| (made.coding, made.length));
        Ok(Converted { bytes: Bytes::from_owner(SharedBytes(representation)), coding, length })
    }
}

impl Store {
    /// The representation for `key`, which may have to be made.
    fn find(self: &Arc<Self>, key: RepresentationKey) -> Arc<Representation> {
        let mut contents = self.lock();
        if let Some(kept) = contents.kept(&key) {
            return kept;
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
        let (size, key) = (representation.size(), representation.made_key());
        if size > self.limit || contents.kept.contains(&key) {
            return;
        }
        while contents.free < size {
            let Some((_, oldest)) = contents.kept.pop_lru() else { return };
            contents.free += oldest.size();
            evicted.push(oldest);
        }
        contents.free -= size;
        contents.kept.push(key, Arc::clone(representation));
        // Before the evicted ones: each takes the lock when it is dropped.
        drop(contents);
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// The kept representation that answers requests for `key`.
    fn kept(&mut self, key: &RepresentationKey) -> Option<Arc<Representation>> {
        let preference = key.form.coding;
        // If it was not too short for the coding.
        let coded = preference.and_then(|preference| preference.for_length(usize::MAX));
        for key in [key, &key.in_coding(coded)] {
            if let Some(kept) = self.kept.get(key) {
                return Some(Arc::clone(kept));
            }
        }
        let plain = self.kept.peek(&key.in_coding(None))?;
        if preference?.for_length(plain.made.get()?.bytes.len()).is_some() {
            return None;
        }
        self.kept.get(&key.in_coding(None)).map(Arc::clone)
    }
}

impl RepresentationKey {
    /// The key of what is kept in `coding`.
    fn in_coding(&self, coding: Option<ContentCoding>) -> Self {
        let form = AnswerForm { coding: coding.map(CodingPreference::optional), ..self.form };
        Self { result: Weak::clone(&self.result), form }
    }
}

impl Representation {
    /// Converts the links of `cached`, unless another request is doing so, and keeps the result.
    async fn make(
        self: Arc<Self>,
        store: Arc<Store>,
        cached: Arc<CachedResult>,
        client: ClientKey,
    ) -> Result<(), ApiError> {
        let links = cached.result.as_ref().map_err(Clone::clone)?;
        self.made.get_or_try_init(|| convert(&store.pool, links, self.key.form, client)).await?;
        store.keep(&self);
        Ok(())
    }

    /// The key under which it is kept: requests that prefer different codings may get the same.
    fn made_key(&self) -> RepresentationKey {
        let Some(Converted { coding, length, .. }) = self.made.get() else { return self.key.clone() };
        let of_others = coding.and_then(|coding| CodingPreference::optional(coding).for_length(*length));
        // For others, one whose client refuses it without a coding may be too short for that.
        if of_others == *coding { self.key.in_coding(*coding) } else { self.key.clone() }
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
mod tests;
