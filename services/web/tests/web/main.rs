//! The promises to visitors, tested on the real service over real sockets.
//!
//! The API behind it is a mock, which can also send responses that the real one never sends. `tests/e2e` tests both
//! services together.

#![expect(clippy::unwrap_used, reason = "a panic shows where a test failed")]

mod api_failures;
mod assets;
mod compression;
mod downloads;
mod foreign_api;
mod form;
mod frame;
mod freshness;
mod harness;
mod headers;
mod hostile;
mod links;
mod list;
mod long_responses;
mod operation;
mod settings;
mod templates;
