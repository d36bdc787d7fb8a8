//! A page's bytes to its links, as a browser without scripting would see them.
//!
//! Promises: pure (no I/O, no async, no clock), bounded in time and memory for every input.
//! Does not know: HTTP, where the bytes came from, who asks. The only crate that knows `tl`.

pub mod charset;
mod extract;
pub mod format;
mod html;
mod links;
#[cfg(feature = "measure")]
pub mod measure;
mod resolve;

pub use encoding_rs::Encoding;
pub use extract::{Extraction, Method, Page};
pub use links::{Iter, Link, Links};
