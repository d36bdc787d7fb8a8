//! From a page's URL to its result: the cache, or one job at a time that fetches, extracts and stores.

use crate::{
    cache::{Cache, Claim, Lookup, Patience},
    directives::Directives,
    entry::{Entry, Outcome},
    extraction::Extractor,
    flights::Flights,
    metrics::Metrics,
    page::CacheKey,
    problems::{Failure, caused_by_page},
    settings,
};
use fetch::{FetchError, Fetcher, PageUrl, Step};
use kit::CpuPool;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, sleep};

/// Everything between a page's URL and its result.
#[derive(Debug)]
pub(crate) struct Pages {
    cache: Box<dyn Cache>,
    fetcher: Fetcher,
    timeout: Duration,
    lives: settings::Cache,
    extractor: Extractor,
    flights: Flights<Landed>,
    metrics: Metrics,
}

/// A page's result and how it was come by.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The result.
    pub(crate) entry: Arc<Entry>,
    /// Where it is from.
    pub(crate) source: Source,
}

/// Where a result is from (RFC 9211, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The cache.
    Hit,
    /// A job.
    Forwarded {
        /// Whether the request's directives kept the cache from answering, not the cache.
        by_request: bool,
        /// Whether the cache has it now.
        stored: bool,
        /// Whether another request had started the job.
        collapsed: bool,
    },
}

/// What a job leaves.
type Landed = Result<Landing, Failure>;

#[derive(Clone, Debug)]
struct Landing {
    entry: Arc<Entry>,
    /// Whether the cache has it now.
    stored: bool,
    /// Whether another replica did the work.
    by_another: bool,
}

/// Why the cache did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// It has nothing.
    Missing,
    /// The request wants a newer result.
    Newer,
    /// It cannot be asked.
    Uncached,
}

/// How often who waits for another replica looks whether the result is there.
const POLL: Duration = Duration::from_millis(50);

impl Pages {
    /// Puts the parts together.
    pub(crate) fn new(
        cache: Box<dyn Cache>,
        fetcher: Fetcher,
        pool: CpuPool,
        settings: &settings::Settings,
        metrics: Metrics,
    ) -> Self {
        Self {
            cache,
            fetcher,
            timeout: settings.fetch.timeout,
            lives: settings.cache.clone(),
            extractor: Extractor::new(pool),
            flights: Flights::default(),
            metrics,
        }
    }

    /// Where links are extracted, and written in other formats.
    pub(crate) fn extractor(&self) -> &Extractor {
        &self.extractor
    }

    /// The cache.
    pub(crate) fn cache(&self) -> &dyn Cache {
        self.cache.as_ref()
    }

    /// The result for `page`, as `directives` want it.
    pub(crate) async fn find(
        self: &Arc<Self>,
        page: &PageUrl,
        directives: &Directives,
    ) -> Result<Found, Failure> {
        let key = CacheKey::of(page);
        let mut patience = Patience::FULL;
        let need = if directives.no_cache {
            Need::Newer
        } else {
            match self.look_up(&key, &mut patience).await {
                Lookup::Found(entry, _) if directives.allow_age(entry.age()) => {
                    return Ok(Found { entry, source: Source::Hit });
                }
                Lookup::Found(..) => Need::Newer,
                Lookup::Absent => Need::Missing,
                Lookup::Unreachable => Need::Uncached,
            }
        };
        if directives.only_if_cached {
            return Err(Failure::NotCached);
        }
        let seat =
            self.flights.join(&key, || Arc::clone(self).job(page.clone(), key.clone(), need, patience));
        let joined = seat.collapsed;
        let Landing { entry, stored, by_another } = seat.landed().await.ok_or(Failure::Internal)??;
        let collapsed = joined || by_another;
        if collapsed {
            self.metrics.collapsed.inc();
        }
        let by_request = need == Need::Newer;
        Ok(Found { entry, source: Source::Forwarded { by_request, stored, collapsed } })
    }

    async fn look_up(&self, key: &CacheKey, patience: &mut Patience) -> Lookup {
        let lookup = self.cache.get(key, patience).await;
        let (tier, result) = match lookup {
            Lookup::Found(_, tier) => (tier, "hit"),
            Lookup::Absent => (self.cache.tier(), "miss"),
            Lookup::Unreachable => (self.cache.tier(), "fault"),
        };
        self.metrics.lookup(tier, result);
        lookup
    }

    /// Does the work, or waits for the replica that is at it.
    async fn job(
        self: Arc<Self>,
        page: PageUrl,
        key: CacheKey,
        need: Need,
        mut patience: Patience,
    ) -> Landed {
        if need == Need::Uncached {
            return self.work(&page, &key, patience).await;
        }
        let (asked, deadline) = (SystemTime::now(), Instant::now() + self.timeout);
        let mut waited = false;
        loop {
            let claim = self.cache.claim(&key, &mut patience).await;
            // Also after a grant: another replica may have been done between our lookup and our claim.
            if let Lookup::Found(entry, _) = self.cache.get(&key, &mut patience).await
                && (need == Need::Missing || (waited && entry.is_since(asked)))
            {
                return Ok(Landing { entry, stored: true, by_another: true });
            }
            match claim {
                Claim::Granted(_lease) => return self.work(&page, &key, patience).await,
                Claim::Taken if Instant::now() >= deadline => {
                    return Err(FetchError::Timeout(Step::Queue).into());
                }
                Claim::Taken => sleep(POLL).await,
            }
            waited = true;
            // Time spent on answers while there is nothing else to do is not lost.
            patience = Patience::FULL;
        }
    }

    /// Fetches, extracts, stores.
    async fn work(&self, page: &PageUrl, key: &CacheKey, mut patience: Patience) -> Landed {
        let _in_flight = InFlight::new(&self.metrics);
        let outcome = self.outcome(page).await.inspect_err(|failure| self.metrics.job(failure.code()))?;
        let life = self.life(&outcome);
        match &outcome {
            Outcome::Links(_) => self.metrics.job("ok"),
            Outcome::Failure(error) => self.metrics.job(Failure::from(error.clone()).code()),
        }
        let entry = Arc::new(Entry::new(outcome, life));
        let stored = !life.is_zero() && self.cache.put(key, &entry, &mut patience).await;
        Ok(Landing { entry, stored, by_another: false })
    }

    async fn outcome(&self, page: &PageUrl) -> Result<Outcome, Failure> {
        let start = Instant::now();
        let fetched = self.fetcher.fetch(page).await;
        self.metrics.fetched(start.elapsed());
        let body = match fetched {
            Ok(body) => body,
            Err(error) => return Ok(Outcome::Failure(error)),
        };
        match self.extractor.links(body, start + self.timeout).await {
            Some(Ok(extracted)) => {
                self.metrics.extracted(extracted.method, extracted.time);
                self.metrics.unresolved.inc_by(u64::try_from(extracted.unresolved).unwrap_or(u64::MAX));
                Ok(Outcome::Links(extracted.links))
            }
            Some(Err(error)) => Ok(Outcome::Failure(error)),
            None => Err(Failure::Internal),
        }
    }

    /// How long a result is kept. A tenth more or less keeps pages that were fetched together from running
    /// out together.
    fn life(&self, outcome: &Outcome) -> Duration {
        let about = match outcome {
            Outcome::Links(_) => self.lives.ttl,
            Outcome::Failure(FetchError::UpstreamStatus { retry_after: Some(wait), .. }) => {
                return (*wait).min(self.lives.ttl);
            }
            Outcome::Failure(error) if caused_by_page(error) => self.lives.negative_ttl,
            Outcome::Failure(_) => Duration::ZERO,
        };
        if about.is_zero() {
            return about;
        }
        let seconds = about.as_secs_f64() * (0.9 + 0.2 * fastrand::f64());
        Duration::try_from_secs_f64(seconds.round().max(1.0)).unwrap_or(about)
    }
}

/// Counts a job while it is under way, also when it ends by a panic.
struct InFlight(Metrics);

impl InFlight {
    fn new(metrics: &Metrics) -> Self {
        metrics.jobs_in_flight.inc();
        Self(metrics.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.jobs_in_flight.dec();
    }
}
