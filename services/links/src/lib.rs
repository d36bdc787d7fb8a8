//! A page's bytes to its links, as a browser without scripting would see them.
//!
//! Promises: pure (no I/O, no async, no clock), bounded in time and memory for every input.
//! Does not know: HTTP, where the bytes came from, who asks. The only crate that knows `tl`.

pub mod charset;
mod extraction;
pub mod format;
mod html;
mod links;
#[cfg(feature = "measure")]
pub mod measure;
mod page;
mod resolve;

pub use encoding_rs::Encoding;
pub use extraction::{Extraction, Method};
pub use links::{Iter, Link, Links};
pub use page::Page;
