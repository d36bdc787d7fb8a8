//! The labels of the metrics and their values.

use crate::{
    cache::Tier,
    result_source::{FetchReason, ResultSource},
};
use links::Method;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use std::fmt::Error;

/// How the cache served an answer: the words of the member `cache` in a line of NDJSON.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum CacheUse {
    /// Fresh, from the tier in the process.
    Local,
    /// Fresh, from Redis.
    Redis,
    /// Expired: it is fetched in the background, or could not be fetched.
    Stale,
    /// Expired and fetched, and the origin said that it is current.
    Renewed,
    /// Fetched: there was none, or it had expired.
    Miss,
    /// Fetched by another request or process.
    Collapsed,
    /// Fetched because the request wanted that.
    Bypassed,
}

impl CacheUse {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 7] =
        [Self::Local, Self::Redis, Self::Stale, Self::Renewed, Self::Miss, Self::Collapsed, Self::Bypassed];

    /// What `source` says about a result that was not expired when it came from the cache.
    pub(crate) fn of(source: ResultSource) -> Self {
        match source {
            ResultSource::Cache(Tier::Local) => Self::Local,
            ResultSource::Cache(Tier::Redis) => Self::Redis,
            ResultSource::StaleIfError => Self::Stale,
            ResultSource::Fetch { collapsed: true, .. } => Self::Collapsed,
            ResultSource::Fetch { renewed: true, .. } => Self::Renewed,
            ResultSource::Fetch { reason: FetchReason::Request, .. } => Self::Bypassed,
            ResultSource::Fetch { reason: FetchReason::Miss | FetchReason::Stale, .. } => Self::Miss,
        }
    }

    /// Its word in metrics and in lines of batches.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Redis => "redis",
            Self::Stale => "stale",
            Self::Renewed => "renewed",
            Self::Miss => "miss",
            Self::Collapsed => "collapsed",
            Self::Bypassed => "bypassed",
        }
    }
}

impl EncodeLabelValue for CacheUse {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        self.name().encode(encoder)
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct CacheLabels {
    pub(super) cache: CacheUse,
}

/// The code is `ok` or that of an error; the cause is `none` or a kind. All are literals.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct FetchLabels {
    pub(super) code: &'static str,
    pub(super) phase: &'static str,
    pub(super) cause: &'static str,
}

/// The name of a phase.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct PhaseLabels {
    pub(super) phase: &'static str,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) struct ExtractionMethod(pub(super) Method);

impl ExtractionMethod {
    pub(super) const ALL: [Self; 4] =
        [Self(Method::Streamed), Self(Method::Tree), Self(Method::Xml), Self(Method::Approximate)];
}

impl EncodeLabelValue for ExtractionMethod {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        let value = match self.0 {
            Method::Streamed => "streamed",
            Method::Tree => "tree",
            Method::Xml => "xml",
            Method::Approximate => "approximate",
        };
        value.encode(encoder)
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct ExtractionLabels {
    pub(super) method: ExtractionMethod,
}
