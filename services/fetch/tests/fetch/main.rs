//! Tests of the fetcher's promises against real sockets, one file a promise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod answers;
mod as_browsers;
mod bodies;
mod conditional;
mod connections;
mod destinations;
mod floods;
mod hostile_names;
mod job_records;
mod limits;
mod memory;
mod names;
mod plain_page;
mod proxy;
mod settings;
mod tls_is_verified;
