//! A guarded GET: a URL to its final URL and the page's bytes.
//!
//! Promises: no address that the guard refuses is ever connected to, and every cost is bounded.
//! Does not know: HTML, caching, HTTP servers, who asks.

mod coding;
mod connect;
mod deadline;
mod dns;
mod error;
mod fetcher;
mod guard;
mod media_type;
mod pool;
mod response;
mod settings;
mod tls;
mod url;

pub use self::error::{FetchError, Step, TlsProblem, UrlProblem};
pub use self::fetcher::{Fetcher, Page};
pub use self::settings::Settings;
pub use self::url::PageUrl;
