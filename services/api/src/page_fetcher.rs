//! Fetches, extracts and stores a page: one process at a time, among all that share the cache.

use crate::{
    cache::{Cache, Claim, Lookup, TimeBudget},
    cache_control::CacheDirectives,
    cache_entry::CacheEntry,
    cache_key::CacheKey,
    cached_result::{CachedResult, PageLinks, caused_by_page, millis},
    conversion::Converted,
    error::ApiError,
    extraction::{Extracted, ReceivedPage, extract},
    extraction_pool::ExtractionPool,
    fetch_log::LoggedFetches,
    fetch_outcome::FetchOutcome,
    fetch_spans,
    freshness::{StaleLimits, Verdict, is_passing},
    metrics::ApiMetrics,
    result_source::FetchReason,
    settings::{ApiSettings, CacheSettings},
};
use bytes::Bytes;
use fetch::{
    Cause, CauseKind, FetchError, Fetched, Fetcher, JobClient, JobRecord, KnownVersion, PageUrl, Phase,
};
use kit::{CpuPool, Deadline, RequestId, Trace, redacted};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::sleep;

/// The time between looks at the cache while another process fetches the page.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Claims that Redis may leave unanswered while another process is known to fetch the page: Redis may be slow for a moment.
const UNANSWERED: usize = 3;

/// Fetches pages, extracts their links and stores them.
pub(crate) struct PageFetcher {
    cache: Arc<Cache>,
    pool: ExtractionPool,
    metrics: ApiMetrics,
    fetcher: Fetcher,
    logged: LoggedFetches,
    timeout: Duration,
    lifetimes: CacheSettings,
    stale: StaleLimits,
}

/// A page to be fetched.
pub(crate) struct FetchJob {
    pub(crate) page: PageUrl,
    pub(crate) key: CacheKey,
    pub(crate) reason: FetchReason,
    /// The entry that did not answer the request.
    pub(crate) seen: Option<CacheEntry>,
    /// Whether Redis has answered the request's lookup.
    pub(crate) reachable: bool,
    /// The client of the request, and the callers that wait for the job as long as it is in the queue.
    pub(crate) client: JobClient,
    /// The id of the request, for the log.
    pub(crate) request_id: RequestId,
    /// Its place in a trace.
    pub(crate) trace: Trace,
}

impl FetchJob {
    /// Whether `entry` is the result of a fetch that makes this one unnecessary. `waited`: since `start`, for another
    /// process.
    fn is_done_by(&self, entry: &CacheEntry, stale: StaleLimits, start: SystemTime, waited: bool) -> bool {
        match self.reason {
            FetchReason::Request => waited && entry.fetched() >= millis(start),
            FetchReason::Miss | FetchReason::Stale => {
                let later = self.seen.as_ref().is_none_or(|seen| entry.fetched() > seen.fetched());
                let verdict = stale.judge(Some(entry), &CacheDirectives::default());
                later && !matches!(verdict, Verdict::Fetch(_) | Verdict::Stale { refresh: true, .. })
            }
        }
    }
}

impl PageFetcher {
    /// A fetcher that decodes on `pool`, extracts on `extraction` and stores in `cache`; an error names the setting that
    /// cannot be used.
    pub(crate) fn new(
        settings: &ApiSettings,
        cache: &Arc<Cache>,
        pool: &CpuPool,
        extraction: &ExtractionPool,
        metrics: &ApiMetrics,
    ) -> Result<Self, String> {
        Ok(Self {
            cache: Arc::clone(cache),
            pool: extraction.clone(),
            metrics: metrics.clone(),
            fetcher: Fetcher::new(settings.fetch(), pool.clone())?,
            logged: settings.log.fetches,
            timeout: settings.fetch.timeout,
            stale: StaleLimits::new(&settings.cache),
            lifetimes: settings.cache.clone(),
        })
    }

    /// Adds the metrics of the fetcher.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        self.fetcher.register(metrics);
    }

    /// Fetches the page, or waits for the process that fetches it.
    pub(crate) async fn run(
        self: Arc<Self>,
        job: FetchJob,
        mut time: TimeBudget,
    ) -> Result<FetchOutcome, ApiError> {
        if !job.reachable {
            return self.fetch_and_store(&job, job.seen.clone(), time).await;
        }
        let (start, deadline) = (SystemTime::now(), Deadline::after(self.timeout));
        let (mut waited, mut unanswered) = (false, 0);
        let lease = job.trace.child("lease");
        loop {
            // The entry also counts after a grant: another process may have finished between our lookup and our claim.
            let (claim, lookup) = self.cache.claim(&job.key, &mut time).await;
            let entry = if let Lookup::Found(entry, _) = lookup { Some(entry) } else { None };
            if let Some(entry) =
                entry.as_ref().filter(|entry| job.is_done_by(entry, self.stale, start, waited))
                && let Some(result) = FetchOutcome::of_another(entry)
            {
                return Ok(result);
            }
            match claim {
                Claim::Granted(None) if waited && unanswered < UNANSWERED => {
                    unanswered += 1;
                    sleep(POLL_INTERVAL).await;
                }
                Claim::Granted(_lease) => {
                    drop(lease);
                    return self.fetch_and_store(&job, entry, time).await;
                }
                Claim::Taken if deadline.has_passed() && !job.client.always_waits() => {
                    let cause = "another process has not fetched the page in time";
                    self.log_timed_out_wait(&job.page, &job.request_id, &job.trace, self.timeout, cause);
                    return Ok(FetchOutcome::not_in_time(entry.as_ref().or(job.seen.as_ref())));
                }
                Claim::Taken => {
                    unanswered = 0;
                    sleep(POLL_INTERVAL).await;
                }
            }
            waited = true;
            // The cache answers, and while the job waits there is nothing else to do.
            time = self.cache.time();
        }
    }

    /// Logs and counts a request for `page` that has `waited` in vain for a fetch that it has not begun.
    pub(crate) fn log_timed_out_wait(
        &self,
        page: &PageUrl,
        id: &RequestId,
        trace: &Trace,
        waited: Duration,
        cause: &str,
    ) {
        let mut record = JobRecord::begin();
        record.start = record.start.checked_sub(waited).unwrap_or(record.start);
        record.end();
        record.cause = Some(Cause::new(CauseKind::Shared, cause));
        let error = ApiError::Fetch(FetchError::Timeout(Phase::Queue));
        self.logged.log(page, &record, Some(&error), id, trace);
        self.metrics.ended(error.code(), &record);
    }

    /// Fetches the page, of which `entry` is known.
    async fn fetch_and_store(
        &self,
        job: &FetchJob,
        entry: Option<CacheEntry>,
        mut time: TimeBudget,
    ) -> Result<FetchOutcome, ApiError> {
        let known = entry.as_ref().and_then(CacheEntry::page);
        let (fetched, record) = self.fetch(&job.page, known, job.client.clone()).await;
        let error = fetched.as_ref().err();
        self.logged.log(&job.page, &record, error, &job.request_id, &job.trace);
        fetch_spans::export(&job.trace, &record, error);
        self.metrics.fetched(fetched.as_ref().map_or_else(ApiError::code, |_| "ok"), &record);
        match fetched {
            Ok((result, renewed)) => {
                let result = Arc::new(result);
                let keeps = !result.lifetime().is_zero();
                let stored = keeps && self.cache.put(&job.key, &CacheEntry::of(&result), &mut time).await;
                Ok(FetchOutcome { result, previous: None, stored, collapsed: false, renewed })
            }
            Err(ApiError::Fetch(error)) => {
                Ok(self.store_failure(job, error, entry.as_ref(), &mut time).await)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps a failure beside the links of `entry`, or in place of them if it is the page's new state.
    async fn store_failure(
        &self,
        job: &FetchJob,
        error: FetchError,
        entry: Option<&CacheEntry>,
        time: &mut TimeBudget,
    ) -> FetchOutcome {
        let stays = job.reason == FetchReason::Request || is_passing(&error);
        let kept = entry.filter(|entry| stays && entry.page().is_some());
        let lifetime = self.failure_lifetime(&error, kept.is_some());
        let result = Arc::new(CachedResult::new(Err(error), lifetime));
        let new = kept.map_or_else(|| CacheEntry::of(&result), |entry| entry.with_failure(&result));
        let stored = !lifetime.is_zero() && self.cache.put(&job.key, &new, time).await;
        if lifetime.is_zero() && kept.is_none() && entry.is_some() {
            self.cache.remove(&job.key, time).await;
        }
        let previous = kept.and_then(CacheEntry::page).cloned();
        FetchOutcome { result, previous, stored, collapsed: false, renewed: false }
    }

    /// The result of fetching a page of which `known` are the links, and whether they are still current; also what the
    /// fetch went through.
    async fn fetch(
        &self,
        page: &PageUrl,
        known: Option<&Arc<CachedResult>>,
        client: JobClient,
    ) -> (Result<(CachedResult, bool), ApiError>, JobRecord) {
        let links = known.and_then(|known| known.result.as_ref().ok());
        let version = links.map(|links| KnownVersion { url: &links.url, validators: &links.validators });
        let (fetched, mut record) = self.fetcher.fetch_unless_known(page, version, client).await;
        let lifetime = Self::vary(self.lifetimes.ttl);
        let result = match fetched {
            Ok(Fetched::Page(page)) => {
                let deadline = page.deadline;
                let links = self.extract(page.into(), (), deadline, &mut record).await;
                links.map(|extracted| (CachedResult::new(Ok(extracted.links), lifetime), false))
            }
            Ok(Fetched::NotModified(validators)) => {
                let renewed = known.and_then(|known| known.renewed(&validators, lifetime));
                renewed.map(|renewed| (renewed, true)).ok_or(ApiError::Internal)
            }
            Err(error) => Err(error.into()),
        };
        (result, record)
    }

    /// The links of `page`, which `client` has sent, and their text in its form; `held` is kept as long as the page. It waits
    /// for its share of the jobs.
    pub(crate) async fn posted(
        &self,
        page: ReceivedPage,
        held: impl Send + 'static,
        client: JobClient,
    ) -> Result<(PageLinks, Converted<Bytes>), ApiError> {
        let (deadline, mut record) = (Deadline::after(self.timeout), JobRecord::begin());
        let permit = self.fetcher.admit(client, deadline).await?;
        let Extracted { links, converted, .. } =
            self.extract(page, (permit, held), deadline, &mut record).await?;
        Ok((links, converted.ok_or(ApiError::Internal)??))
    }

    async fn extract(
        &self,
        page: ReceivedPage,
        held: impl Send + 'static,
        deadline: Deadline,
        record: &mut JobRecord,
    ) -> Result<Extracted, ApiError> {
        let extracted =
            extract(&self.pool, page, held, deadline, record).await.ok_or(ApiError::Internal)??;
        self.metrics.extracted(&extracted);
        let chunks = extracted.unparsed_chunks;
        if chunks > 0 {
            let page = redacted(&extracted.links.url);
            tracing::warn!(chunks, page, "parts of a page could not be parsed: their links are missing");
        }
        Ok(extracted)
    }

    /// How long a failure is remembered: of a page that has links that are used meanwhile, also one that our own load has
    /// caused.
    fn failure_lifetime(&self, error: &FetchError, has_links: bool) -> Duration {
        match error {
            FetchError::UpstreamStatus { retry_after: Some(wait), .. } => (*wait).min(self.lifetimes.ttl),
            error if has_links || caused_by_page(error) => Self::vary(self.lifetimes.negative_ttl),
            _ => Duration::ZERO,
        }
    }

    /// A random tenth more or less keeps pages that were fetched together from expiring together.
    fn vary(about: Duration) -> Duration {
        if about.is_zero() {
            return about;
        }
        let seconds = about.as_secs_f64() * (0.9 + 0.2 * fastrand::f64());
        Duration::try_from_secs_f64(seconds.round().max(1.0)).unwrap_or(about)
    }
}
