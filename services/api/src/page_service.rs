//! From the URL of a page to its result: from the cache, or by one job at a time that fetches, extracts and stores.

use crate::{
    cache::{Cache, Claim, Lookup, TimeBudget},
    cache_control::CacheDirectives,
    cache_key::CacheKey,
    cached_result::{CachedResult, PageLinks, ResultSource, caused_by_page},
    error::ApiError,
    extraction::extract,
    extraction_log::ExtractionLog,
    metrics::ApiMetrics,
    settings::{ApiSettings, CacheSettings},
    single_flight::SingleFlight,
};
use fetch::{FetchError, Fetcher, PageUrl, Step};
use kit::{CpuPool, Deadline};
use prometheus_client::metrics::gauge::Gauge;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::time::sleep;

pub(crate) struct PageService {
    pub(crate) cache: Cache,
    /// Where links are extracted.
    pool: CpuPool,
    pub(crate) metrics: ApiMetrics,
    fetcher: Fetcher,
    timeout: Duration,
    lifetimes: CacheSettings,
    jobs: SingleFlight<Found>,
    log: ExtractionLog,
}

/// A page's result and its source.
pub(crate) type Found = Result<(Arc<CachedResult>, ResultSource), ApiError>;

/// Why the cache did not answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MissReason {
    Absent,
    /// The directives of the request exclude its result.
    OnRequest,
    Unreachable,
}

/// The time between looks at the cache while another process fetches the page.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

impl PageService {
    /// A service that decodes and extracts on `pool`; an error names the setting that cannot be used.
    pub(crate) fn new(settings: &ApiSettings, pool: &CpuPool) -> Result<Self, String> {
        let metrics = ApiMetrics::default();
        Ok(Self {
            cache: Cache::new(settings.redis_url.as_ref(), settings.cache.results())?,
            pool: pool.clone(),
            fetcher: Fetcher::new(settings.fetch.clone(), pool.clone())?,
            timeout: settings.fetch.timeout,
            lifetimes: settings.cache.clone(),
            jobs: SingleFlight::default(),
            log: ExtractionLog::new(settings.extraction_log.clone(), metrics.log_lines_lost.clone())?,
            metrics,
        })
    }

    /// The result for the page at `url`, within the limits that `directives` set; if there are links, the extraction log
    /// gets a line.
    pub(crate) async fn find(self: &Arc<Self>, url: &str, directives: &CacheDirectives) -> Found {
        let page = PageUrl::parse(url)?;
        let (cached, source) = self.look_up_or_fetch(&page, directives).await?;
        if cached.result.is_ok() {
            self.log.append(source, &page);
        }
        Ok((cached, source))
    }

    async fn look_up_or_fetch(self: &Arc<Self>, page: &PageUrl, directives: &CacheDirectives) -> Found {
        let key = CacheKey::of(page);
        let mut time = TimeBudget::FULL;
        let reason = if directives.no_cache {
            MissReason::OnRequest
        } else {
            match self.look_up(&key, &mut time).await {
                Lookup::Found(cached, tier) if directives.allow_age(cached.age()) => {
                    return Ok((cached, ResultSource::Cache(tier)));
                }
                Lookup::Found(..) => MissReason::OnRequest,
                Lookup::Absent => MissReason::Absent,
                Lookup::Unreachable => MissReason::Unreachable,
            }
        };
        if directives.only_if_cached {
            return Err(ApiError::NotCached);
        }
        let waiter = self.jobs.join(&key, || Arc::clone(self).job(page.clone(), key.clone(), reason, time));
        let shared = waiter.collapsed;
        if shared {
            kit::count_as_waiting();
        }
        let (cached, mut source) = waiter.result.await.unwrap_or(Err(ApiError::Internal))?;
        if let ResultSource::Fetch { on_request, collapsed, .. } = &mut source {
            *on_request = reason == MissReason::OnRequest;
            *collapsed |= shared;
            if *collapsed {
                self.metrics.collapsed.inc();
            }
        }
        Ok((cached, source))
    }

    async fn look_up(&self, key: &CacheKey, time: &mut TimeBudget) -> Lookup {
        let lookup = self.cache.get(key, time).await;
        let (tier, result) = match lookup {
            Lookup::Found(_, tier) => (tier, "hit"),
            Lookup::Absent => (self.cache.tier(), "miss"),
            Lookup::Unreachable => (self.cache.tier(), "fault"),
        };
        self.metrics.lookup(tier.name(), result);
        lookup
    }

    /// Fetches the page, or waits for the process that fetches it. `on_request` is left to its caller: it
    /// differs between the requests that share the job.
    async fn job(
        self: Arc<Self>,
        page: PageUrl,
        key: CacheKey,
        reason: MissReason,
        mut time: TimeBudget,
    ) -> Found {
        if reason == MissReason::Unreachable {
            return self.fetch_and_store(&page, &key, time).await;
        }
        let (start, deadline) = (SystemTime::now(), Deadline::after(self.timeout));
        let mut waited = false;
        loop {
            let (claim, lookup) = self.cache.claim(&key, &mut time).await;
            // Also after a grant: another process may have finished between our lookup and our claim.
            if let Lookup::Found(cached, _) = lookup
                && (reason == MissReason::Absent || (waited && cached.is_since(start)))
            {
                return Ok((
                    cached,
                    ResultSource::Fetch { on_request: false, stored: true, collapsed: true },
                ));
            }
            match claim {
                Claim::Granted(_lease) => return self.fetch_and_store(&page, &key, time).await,
                Claim::Taken if deadline.has_passed() => return Err(FetchError::Timeout(Step::Queue).into()),
                Claim::Taken => sleep(POLL_INTERVAL).await,
            }
            waited = true;
            // The cache answers, and while the job waits there is nothing else to do.
            time = TimeBudget::FULL;
        }
    }

    async fn fetch_and_store(&self, page: &PageUrl, key: &CacheKey, mut time: TimeBudget) -> Found {
        self.metrics.jobs_in_flight.inc();
        let _in_flight = InFlight(self.metrics.jobs_in_flight.clone());
        let result = self.fetch(page).await;
        self.metrics.job(result.as_ref().map_or_else(ApiError::code, |_| "ok"));
        let result = match result {
            Err(ApiError::Fetch(error)) => Err(error),
            result => Ok(result?),
        };
        let lifetime = self.lifetime(&result);
        let cached = Arc::new(CachedResult::new(result, lifetime));
        let stored = !lifetime.is_zero() && self.cache.put(key, &cached, &mut time).await;
        Ok((cached, ResultSource::Fetch { on_request: false, stored, collapsed: false }))
    }

    async fn fetch(&self, page: &PageUrl) -> Result<PageLinks, ApiError> {
        let (start, deadline) = (Instant::now(), Deadline::after(self.timeout));
        let fetched = self.fetcher.fetch(page).await;
        self.metrics.fetch_seconds.observe(start.elapsed().as_secs_f64());
        let extracted = extract(&self.pool, fetched?, deadline).await.ok_or(ApiError::Internal)??;
        self.metrics.extracted(&extracted);
        let chunks = extracted.unparsed_chunks;
        if chunks > 0 {
            tracing::warn!(chunks, "parts of a page could not be parsed: their links are missing");
        }
        Ok(extracted.links)
    }

    /// How long a result is kept. A random tenth more or less keeps pages that were fetched together from expiring
    /// together.
    fn lifetime(&self, result: &Result<PageLinks, FetchError>) -> Duration {
        let about = match result {
            Ok(_) => self.lifetimes.ttl,
            Err(FetchError::UpstreamStatus { retry_after: Some(wait), .. }) => {
                return (*wait).min(self.lifetimes.ttl);
            }
            Err(error) if caused_by_page(error) => self.lifetimes.negative_ttl,
            Err(_) => Duration::ZERO,
        };
        if about.is_zero() {
            return about;
        }
        let seconds = about.as_secs_f64() * (0.9 + 0.2 * fastrand::f64());
        Duration::try_from_secs_f64(seconds.round().max(1.0)).unwrap_or(about)
    }
}

/// Counts a job while it runs, also if it panics.
struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
