//! The tiers of the cache.

/// A tier of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    Local,
    Redis,
}

impl Tier {
    /// Its name in `Cache-Status`, metrics and readiness checks.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Redis => "redis",
        }
    }
}
