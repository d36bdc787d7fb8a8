//! What a user of the fetcher relies on, against real sockets; a file a promise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod answers;
mod bodies;
mod connections;
mod destinations;
mod limits;
mod memory;
mod names;
mod plain_page;
mod proxy;
mod settings;
mod tls_is_verified;
