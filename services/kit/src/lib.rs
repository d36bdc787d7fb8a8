//! What every hyper service gets: accept loop, limits, drain, admin listener, errors, configuration, logs.
//!
//! Promises: a service on it is a struct with one async function from request to response.
//! Does not know: any business word. A third service could be written on it in an afternoon.

mod admin;
mod body;
pub mod command;
pub mod config;
mod descriptors;
mod healthcheck;
pub mod logging;
mod metrics;
mod problem;
mod ready;
pub mod refusal;
mod reload;
mod request_id;
mod secret;
mod server;
mod service;
mod settings;
pub mod shutdown;
mod systemd;

pub use body::{Body, BoxError, empty, full, read};
pub use config::{ConfigError, Configuration};
pub use problem::Problem;
pub use request_id::RequestId;
pub use secret::Secret;
pub use server::{Listeners, serve};
pub use service::{Check, Metrics, Peer, Request, Response, Route, Service};
pub use settings::{Admin, Limits, Log, LogFormat, ServerSettings};
