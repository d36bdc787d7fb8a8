//! The HTTP API: a page's links by `GET /api/<url>`, cached.
//!
//! Promises: one fetch per URL at a time, a stable code for every error, no failure because of the cache.
//! Does not know: HTML, templates, how addresses are guarded. The only crate that knows Redis.

mod settings;

pub use settings::Settings;

use kit::{Request, Response, Service};

/// The service.
#[derive(Debug)]
pub struct Api {}

impl Api {
    /// A service that keeps to `settings`; an error names what cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let _ = settings;
        Ok(Self {})
    }
}

impl Service for Api {
    async fn handle(&self, request: Request) -> Response {
        let _ = request;
        Response::new(kit::full("[]\n"))
    }
}
