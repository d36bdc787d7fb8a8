//! What a visitor of the page may rely on: the real service on a real socket, asked as a browser asks it.
//!
//! The API behind it is a mock on a real socket: it answers what a test wants to see handled, also what the real
//! one never says. That the two services understand each other is tested with both of them in `tests/e2e`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod api_failures;
mod assets;
mod downloads;
mod foreign_api;
mod form;
mod frame;
mod freshness;
mod harness;
mod headers;
mod hostile;
mod links;
mod long_answers;
mod operation;
mod settings;
mod templates;
