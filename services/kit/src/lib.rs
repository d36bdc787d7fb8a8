//! Everything an HTTP service needs around its handler: accept loop, limits, drain, admin listener, errors, configuration
//! and logs; also deadlines, memory budgets, a thread pool, and TLS for clients. A service is a struct with one async
//! function from request to response, as in `examples/greeter.rs`; the kit does not know what it is for. [`serve`] documents
//! what holds for clients, [`command::run`] what holds for operators. Several services may share a process.

mod acceptor;
mod admin;
mod allocator;
mod body;
mod byte_budget;
mod causes;
mod cgroup;
mod client;
pub mod command;
mod conditional;
pub mod config;
mod cpu_pool;
mod deadline;
mod descriptors;
pub mod errors;
mod forwarded;
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
mod request_permits;
mod secret;
mod send_queue;
mod server;
mod service;
mod settings;
pub mod shutdown;
pub mod size;
mod systemd;
pub mod tls;
mod trace;
mod trusted_proxies;

pub use allocator::configure_allocator;
pub use body::{Body, BoxError, ReadError, Request, Response, empty, full, read, read_reserved};
pub use byte_budget::{ByteBudget, Reservation};
pub use causes::with_causes;
pub use client::{Client, ClientKey};
pub use conditional::not_modified;
pub use config::ConfigError;
pub use cpu_pool::CpuPool;
pub use deadline::Deadline;
pub use healthcheck::reachable;
pub use host::HostRule;
pub use listeners::Listeners;
pub use metrics::Metrics;
pub use problem::Problem;
pub use request_id::RequestId;
pub use request_permits::{client_share, count_as_waiting};
pub use secret::Secret;
pub use server::serve;
pub use service::{CacheOutcome, Check, Route, Service};
pub use settings::{Admin, Configuration, Limits, Log, LogFormat, ServerSettings};
pub use trace::{OTLP_VARIABLE, Trace, TraceSettings};
pub use trusted_proxies::TrustedProxies;
