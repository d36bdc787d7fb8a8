//! The other side of the tests: origins, a name server, a network namespace.

pub(crate) mod alone;
pub(crate) mod dns;
pub(crate) mod netns;
pub(crate) mod origin;
pub(crate) mod tls;

use fetch::{FetchSettings, Fetcher, PageUrl};

/// A URL that is one.
pub(crate) fn url(url: &str) -> PageUrl {
    PageUrl::parse(url).unwrap()
}

/// A fetcher that may reach 127.0.0.1 and nothing else that is not public.
pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new(loopback(), pool()).unwrap()
}

/// The settings of [`fetcher`].
pub(crate) fn loopback() -> FetchSettings {
    FetchSettings { allow: vec!["127.0.0.1".to_owned()], ..FetchSettings::default() }
}

/// Threads for the decoding of one fetcher.
pub fn pool() -> kit::CpuPool {
    kit::CpuPool::new(1).unwrap()
}
