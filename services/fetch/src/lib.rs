//! A guarded GET: a URL to its final URL and the page's bytes.
//!
//! Promises: an address that the guard refuses is never connected to, also after redirects, and time, bytes, memory and
//! the number of jobs are bounded.
//! Does not know: HTML, caching, HTTP servers, its callers.

mod admission;
mod body;
mod budget;
mod cause;
mod client;
mod coding;
mod conditional;
mod connect;
mod connect_failure;
mod cookies;
mod deadline;
mod decoding;
mod dns;
mod error;
mod exchange;
mod fetcher;
mod frames;
mod guard;
mod interim;
mod job_context;
mod job_record;
mod listed_certificates;
mod media_type;
mod metrics;
mod phase;
mod pool;
mod ports;
mod processor_time;
mod proxy;
mod request_fields;
mod response;
mod settings;
mod tls;
mod traffic;
mod unverified;
mod url;
pub mod url_list;
mod user_proxy;

pub use self::admission::{JobClient, JobPermit, QueueHold, QueueHolds};
pub use self::cause::{Cause, CauseKind, DECODING_TIME};
pub use self::client::{ClientSettings, UserProxies};
pub use self::conditional::{KnownVersion, Validators};
pub use self::error::{FetchError, ResponseProblem, TlsProblem, UrlProblem};
pub use self::fetcher::{FetchFailure, Fetched, FetchedPage, Fetcher, PageFuture};
pub use self::job_record::{HopRecord, JobRecord, PhaseSpan};
pub use self::media_type::declared_page;
pub use self::phase::Phase;
pub use self::processor_time::ProcessorTime;
pub use self::proxy::Proxy;
pub use self::request_fields::may_be_set;
pub use self::settings::FetchSettings;
pub use self::url::PageUrl;
