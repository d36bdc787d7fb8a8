//! From the URL of a page to its result: from the cache, or by one job at a time that fetches, extracts and stores.

use crate::{
    cache::{Cache, CacheLimits, Lookup, Tier},
    cache_control::CacheDirectives,
    cache_key::CacheKey,
    cached_result::CachedResult,
    error::ApiError,
    extraction_log::ExtractionLog,
    extraction_pool::ExtractionPool,
    fetch_outcome::FetchOutcome,
    freshness::{StaleLimits, Verdict},
    metrics::{ApiMetrics, CacheUse},
    page_fetcher::{FetchJob, PageFetcher},
    requester::Requester,
    result_source::{FetchReason, ResultSource},
    settings::ApiSettings,
    single_flight::{SingleFlight, Waiter},
};
use fetch::{JobClient, PageUrl, QueueHolds};
use kit::{CpuPool, Deadline, SharedBudget};
use std::{sync::Arc, time::Duration};

/// How much longer than `fetch.timeout` a request waits for its job: one that fetches by itself ends by then, and its
/// error says more.
const GRACE: Duration = Duration::from_millis(100);

pub(crate) struct PageService {
    pub(crate) cache: Arc<Cache>,
    /// Where links are extracted and converted.
    pub(crate) pool: ExtractionPool,
    pub(crate) metrics: ApiMetrics,
    pub(crate) fetcher: Arc<PageFetcher>,
    timeout: Duration,
    stale: StaleLimits,
    jobs: SingleFlight<Result<FetchOutcome, ApiError>, QueueHolds>,
    log: ExtractionLog,
}

/// What was found for a page.
pub(crate) type Found = Result<FoundResult, ApiError>;

/// A page's result.
pub(crate) struct FoundResult {
    pub(crate) result: Arc<CachedResult>,
    pub(crate) source: ResultSource,
    /// Its age when it was found.
    pub(crate) age: Duration,
}

impl FoundResult {
    /// This `result`, found at this moment.
    pub(crate) fn now(result: Arc<CachedResult>, source: ResultSource) -> Self {
        let age = result.age();
        Self { result, source, age }
    }
}

impl PageService {
    /// A service that decodes and extracts on `pool`; an error names the setting that cannot be used.
    pub(crate) fn new(settings: &ApiSettings, pool: &CpuPool) -> Result<Self, String> {
        let metrics = ApiMetrics::default();
        let stale = StaleLimits::new(&settings.cache);
        let shares = settings.shares();
        let limits = CacheLimits {
            bytes: settings.cache.results(),
            writes: shares.redis_writes,
            ttl: settings.cache.ttl,
            grace: stale.grace(),
        };
        let cache = Arc::new(Cache::new(settings.redis_url.as_ref(), &settings.redis, limits, pool)?);
        let share = kit::client_share(shares.conversion, settings.limits.per_client);
        let extraction =
            ExtractionPool::new(pool, shares.extraction, SharedBudget::new(shares.conversion, share));
        Ok(Self {
            fetcher: Arc::new(PageFetcher::new(settings, &cache, pool, &extraction, &metrics)?),
            cache,
            pool: extraction,
            timeout: settings.fetch.timeout,
            stale,
            jobs: SingleFlight::default(),
            log: ExtractionLog::new(settings.extraction_log.clone(), metrics.log_lines_lost.clone())?,
            metrics,
        })
    }

    /// Adds the metrics of all that it uses.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        self.metrics.register(metrics);
        self.fetcher.register(metrics);
        self.cache.register(metrics);
        self.pool.register(metrics);
    }

    /// The result for the page at `url`, within the limits that `directives` set, fetched for `requester` if need be; if
    /// there are links, the extraction log gets a line.
    pub(crate) async fn find(
        self: &Arc<Self>,
        url: &str,
        directives: &CacheDirectives,
        requester: Requester<'_>,
    ) -> Found {
        if let Some(copy) = self.fresh_copy(url, directives) {
            if copy.result.result.is_ok() {
                self.log.append(copy.source, url);
            }
            return Ok(copy);
        }
        let page = PageUrl::parse(url)?;
        let found = Box::pin(self.look_up_or_fetch(&page, directives, requester)).await?;
        if found.result.result.is_ok() {
            self.log.append(found.source, page.as_url().as_str());
        }
        Ok(found)
    }

    /// The fresh result that this process has for the page at `url`, if the URL is given as it is serialized. Most are, and
    /// need not be parsed then: parsing would take longer than everything else about a hit.
    fn fresh_copy(&self, url: &str, directives: &CacheDirectives) -> Option<FoundResult> {
        // Serialized, a URL may be longer than one may be when it is given.
        if directives.no_cache || url.len() > PageUrl::MAX_LENGTH {
            return None;
        }
        let entry = self.cache.current_copy(url)?;
        let Verdict::Fresh(result, age) = self.stale.judge(Some(&entry), directives) else { return None };
        self.metrics.answered(CacheUse::Local);
        Some(FoundResult { result, source: ResultSource::Cache(Tier::Local), age })
    }

    async fn look_up_or_fetch(
        self: &Arc<Self>,
        page: &PageUrl,
        directives: &CacheDirectives,
        requester: Requester<'_>,
    ) -> Found {
        let deadline = requester.request.map(|_| Deadline::after(self.timeout.saturating_add(GRACE)));
        let key = CacheKey::of(page);
        let mut time = self.cache.time();
        let (entry, tier, reachable) = if directives.no_cache {
            (None, self.cache.tier(), true)
        } else {
            let _span = requester.trace.child("cache look-up");
            match self.cache.get(&key, &mut time).await {
                Lookup::Found(entry, tier) => (Some(entry), tier, true),
                Lookup::Absent => (None, self.cache.tier(), true),
                Lookup::Unreachable => (None, self.cache.tier(), false),
            }
        };
        let verdict = self.stale.judge(entry.as_ref(), directives);
        let job = |reason, holds| FetchJob {
            page: page.clone(),
            key: key.clone(),
            reason,
            seen: entry.clone(),
            reachable,
            client: JobClient { key: requester.client, holds: Some(holds) },
            request_id: requester.id.clone(),
            trace: requester.trace.clone(),
        };
        let reason = match verdict {
            Verdict::Fresh(result, age) => {
                let source = ResultSource::Cache(tier);
                self.metrics.answered(CacheUse::of(source));
                return Ok(FoundResult { result, source, age });
            }
            Verdict::Stale { links, refresh } => {
                self.metrics.answered(CacheUse::Stale);
                if refresh && !directives.only_if_cached {
                    let job = |holds| Arc::clone(&self.fetcher).run(job(FetchReason::Stale, holds), time);
                    drop(self.jobs.join(&key, job));
                }
                return Ok(FoundResult::now(links, ResultSource::Cache(tier)));
            }
            _ if directives.only_if_cached => return Err(ApiError::NotCached),
            Verdict::StaleIfError(links) => {
                self.metrics.answered(CacheUse::Stale);
                return Ok(FoundResult::now(links, ResultSource::StaleIfError));
            }
            Verdict::Fetch(reason) => reason,
        };
        let waiter = self.jobs.join(&key, |holds| Arc::clone(&self.fetcher).run(job(reason, holds), time));
        let _hold = requester.request.is_none().then(|| waiter.shared.hold());
        if let Some(request) = requester.request.filter(|_| waiter.collapsed) {
            request.count_as_waiting();
        }
        let is_collapsed = waiter.collapsed;
        let outcome = if let Ok(outcome) = Self::wait(waiter, deadline).await {
            outcome?
        } else {
            let time = self.timeout.saturating_add(GRACE);
            let cause = "the fetch of another request or process has not ended in time";
            self.fetcher.log_timed_out_wait(page, requester.id, requester.trace, time, cause);
            FetchOutcome::not_in_time(entry.as_ref())
        };
        let found = self.choose(outcome, reason, is_collapsed, directives);
        self.metrics.answered(CacheUse::of(found.source));
        Ok(found)
    }

    /// Waits for a job, until `deadline` if there is one; an error if that has passed.
    async fn wait(
        waiter: Waiter<Result<FetchOutcome, ApiError>, QueueHolds>,
        deadline: Option<Deadline>,
    ) -> Result<Result<FetchOutcome, ApiError>, ()> {
        let result = match deadline {
            Some(deadline) => deadline.run(waiter.result).await.map_err(drop)?,
            None => waiter.result.await,
        };
        Ok(result.unwrap_or(Err(ApiError::Internal)))
    }

    /// Chooses between the result of a job and the links that were there before.
    fn choose(
        &self,
        outcome: FetchOutcome,
        reason: FetchReason,
        is_collapsed: bool,
        directives: &CacheDirectives,
    ) -> FoundResult {
        if let Some(links) = self.stale.instead_of(&outcome.result, outcome.previous.as_ref(), directives) {
            return FoundResult::now(links, ResultSource::StaleIfError);
        }
        let FetchOutcome { result, stored, renewed, collapsed, .. } = outcome;
        let collapsed = is_collapsed || collapsed;
        FoundResult::now(result, ResultSource::Fetch { reason, stored, collapsed, renewed })
    }
}
