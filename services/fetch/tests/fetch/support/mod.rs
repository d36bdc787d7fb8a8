//! Origins, a name server and a network namespace for the tests.

pub(crate) mod alone;
pub(crate) mod dns;
pub(crate) mod h2;
pub(crate) mod netns;
pub(crate) mod origin;
pub(crate) mod tls;

use fetch::{FetchSettings, Fetcher, PageUrl};

/// Parses a valid URL.
pub(crate) fn url(url: &str) -> PageUrl {
    PageUrl::parse(url).unwrap()
}

/// A fetcher that is allowed 127.0.0.1 besides public addresses.
pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new(loopback(), pool()).unwrap()
}

/// The settings of [`fetcher`].
pub(crate) fn loopback() -> FetchSettings {
    FetchSettings { allow: vec!["127.0.0.1".to_owned()], ..FetchSettings::default() }
}

/// A CPU pool for one fetcher.
pub fn pool() -> kit::CpuPool {
    kit::CpuPool::new(1).unwrap()
}
