//! What the end-to-end tests share: the real programs as processes, a real Redis, a real browser, pages to fetch.
//!
//! Everything listens on a port or a path of its own, and ends when it is dropped. Nothing waits by sleeping.

#![expect(clippy::missing_panics_doc, reason = "in a test's helper a panic is the test's failure")]

mod browser;
mod client;
mod keys;
mod limits;
mod origin;
mod program;
mod redis;
mod servers;
mod tool;
mod wire;

pub use browser::Browser;
pub use client::{Answer, Client};
pub use keys::keys;
pub use limits::{own_address, raise_open_files};
pub use origin::{Origin, Page, raw_origin};
pub use program::{Output, Program, command, program, run};
pub use redis::RedisServer;
pub use servers::{api, figure, figure_until, web};
pub use tool::installed;
pub use wire::Wire;

use std::time::Duration;

/// How long a test waits for what has to happen; far more than it takes, so that only a failure meets it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// `future`'s result; a test that waits longer than [`PATIENCE`] fails with `what`.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    waited.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"))
}
