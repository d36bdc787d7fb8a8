//! The web page: a form, the links of a page and their domains.
//!
//! Promises: works without JavaScript, escapes everything, shows no internals.
//! Does not know: how links are found or cached. It asks the API by HTTP, whoever wrote that.

mod settings;

pub use settings::Settings;

use kit::{Request, Response, Service};

/// The service.
#[derive(Debug)]
pub struct Web {}

impl Web {
    /// A service that keeps to `settings`; an error names what cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let _ = settings;
        Ok(Self {})
    }
}

impl Service for Web {
    async fn handle(&self, request: Request) -> Response {
        let _ = request;
        Response::new(kit::full("<!doctype html>\n"))
    }
}
