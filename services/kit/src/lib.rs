//! What every hyper service gets: accept loop, limits, drain, admin listener, errors, configuration, logs, and
//! what services share besides: deadlines, memory budgets, a pool of threads, TLS for clients.
//!
//! Promises: a service on it is a struct with one async function from request to response.
//! Does not know: what a service is for.
//!
//! A whole service:
//!
//! ```no_run
//! use kit::{Admin, Configuration, Limits, Log, Request, Response, Route, ServerSettings, Service, errors, full};
//! use serde::{Deserialize, Serialize};
//! use std::{net::SocketAddr, process::ExitCode};
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! struct Settings {
//!     listen: SocketAddr,
//!     greeting: String,
//! }
//!
//! impl Default for Settings {
//!     fn default() -> Self {
//!         Self { listen: ([127, 0, 0, 1], 7000).into(), greeting: "hello".to_owned() }
//!     }
//! }
//!
//! impl Configuration for Settings {
//!     const NAME: &'static str = "greeter";
//!     const ABOUT: &'static str = "Greets";
//!     const ENV_PREFIX: &'static str = "GREETER_";
//!
//!     fn server(&self) -> ServerSettings {
//!         let admin = Admin::at(Some(([127, 0, 0, 1], 7001).into()));
//!         ServerSettings::new(Self::NAME, self.listen, admin, Limits::default(), Log::default())
//!     }
//! }
//!
//! struct Greeter(String);
//!
//! impl Service for Greeter {
//!     async fn handle(&self, request: Request) -> Response {
//!         match (request.method().as_str(), request.uri().path()) {
//!             ("GET" | "HEAD", "/") => {
//!                 let mut response = Response::new(full(self.0.clone()));
//!                 response.extensions_mut().insert(Route("/"));
//!                 response
//!             }
//!             (_, "/") => errors::other_method(request.method(), "GET, HEAD, OPTIONS"),
//!             _ => errors::not_found().into_response(),
//!         }
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     kit::command::run(async |settings: Settings, server, listeners| {
//!         let service = Greeter(settings.greeting);
//!         kit::serve(service, listeners, server, kit::shutdown::signal()).await.map_err(|error| error.to_string())
//!     })
//! }
//! ```
//!
//! That program has `--config`, `--listen`, `--set`, `--print-config`, `check-config` and `healthcheck`, takes its
//! settings from `GREETER_…` too, and answers `/live`, `/ready` and `/metrics` on port 7001. [`serve`] says what holds
//! for clients; [`command::run`] what holds for operators.
//!
//! Several services may share a process: logs are started once ([`logging::init`]), everything else belongs to one
//! call of [`serve`].

mod acceptor;
mod admin;
#[cfg(target_env = "musl")]
mod allocator;
mod body;
mod byte_budget;
pub mod command;
mod conditional;
pub mod config;
mod cpu_pool;
mod deadline;
mod descriptors;
pub mod errors;
mod healthcheck;
mod host;
mod inherited;
mod listeners;
pub mod logging;
mod metrics;
mod problem;
mod ready;
mod redact;
mod reload;
mod request_id;
mod secret;
mod server;
mod service;
mod settings;
pub mod shutdown;
mod systemd;
pub mod tls;

pub use body::{Body, BoxError, ReadError, Request, Response, empty, full, read};
pub use byte_budget::{ByteBudget, Reservation};
pub use conditional::not_modified;
pub use config::{ConfigError, Configuration};
pub use cpu_pool::CpuPool;
pub use deadline::Deadline;
pub use host::HostRule;
pub use listeners::Listeners;
pub use problem::Problem;
pub use request_id::RequestId;
pub use secret::Secret;
pub use server::serve;
pub use service::{CacheOutcome, Check, Metrics, Peer, Route, Service};
pub use settings::{Admin, Limits, Log, LogFormat, ServerSettings};
