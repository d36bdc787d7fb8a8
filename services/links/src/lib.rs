//! From the bytes of a page to its links, as a browser without scripting sees them.
//!
//! Promises: pure (no I/O, no async, no clock), bounded in time and memory for every input.
//! Does not know: HTTP, the source of the bytes, the caller. The only crate that knows `tl`.

mod charset;
mod extraction;
pub mod format;
mod html;
mod links;
mod page;
mod resolve;
mod selection;
mod xhtml;

pub use encoding_rs::{Encoding, UTF_8};
pub use extraction::{Extraction, Method};
pub use links::{Iter, Link, Links};
pub use page::{Page, Syntax};
pub use selection::{HostScope, LinkSelection};
pub use xhtml::has_xhtml_root;
