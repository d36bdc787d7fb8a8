//! Where a result comes from.

use crate::cache::Tier;

/// Where a result comes from (RFC 9211, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultSource {
    /// Fresh, or expired and being fetched in the background.
    Cache(Tier),
    /// Expired, because fetching it has failed.
    StaleIfError,
    Fetch {
        reason: FetchReason,
        stored: bool,
        /// Whether another request or process had started it.
        collapsed: bool,
        /// Whether the origin said that the expired result is still current.
        renewed: bool,
    },
}

/// Why the cache did not answer (RFC 9211, section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FetchReason {
    /// It had no result.
    Miss,
    /// Its result has expired.
    Stale,
    /// The directives of the request exclude its result.
    Request,
}
