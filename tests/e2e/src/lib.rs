//! Shared by the end-to-end tests: the real programs as processes, a real Redis, a real browser, an origin server.
//!
//! Each listens on its own port or path and ends when it is dropped. Nothing sleeps to wait.

#![expect(clippy::missing_panics_doc, reason = "in a test's helper a panic is the test's failure")]

mod balancer;
mod browser;
mod client;
mod cluster;
mod collector;
mod encoded;
mod keys;
mod limits;
mod measured;
mod metrics;
mod origin;
mod program;
mod proxy;
mod redis;
mod sentinel;
mod servers;
mod socks;
mod terminal;
mod tool;
mod wire;

pub use balancer::{documented, documented_in, haproxy, nginx, replaced};
pub use browser::Browser;
pub use client::{Answer, Client};
pub use cluster::RedisCluster;
pub use collector::{CollectedSpan, Collector};
pub use encoded::encoded;
pub use keys::keys;
pub use limits::{own_address, raise_open_files};
pub use measured::{MeasuredServer, Processors, compare, serve_bare};
pub use metrics::{MetricsFamily, MetricsPage, MetricsRow, MetricsTable};
pub use origin::{Origin, Page, raw_origin};
pub use program::{Output, Program, command, program, run};
pub use proxy::Proxy;
pub use redis::RedisServer;
pub use sentinel::RedisSentinels;
pub use servers::{SERVE, api, metric, serve, wait_for_metric, web};
pub use socks::SocksProxy;
pub use terminal::Terminal;
pub use tool::{installed, output_of};
pub use wire::Wire;

use std::{path::PathBuf, time::Duration};

/// How long a test waits for something that must happen; much longer than it takes, so that only failures reach it.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// The result of `future`; panics with `what` after [`TIMEOUT`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(TIMEOUT, future).await;
    result.unwrap_or_else(|_| panic!("waited {TIMEOUT:?} for {what}"))
}

/// The path of a file of this repository.
pub fn repository(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../..", file].iter().collect()
}
