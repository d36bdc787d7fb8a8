//! URLs by the WHATWG URL standard, where the `url` crate is behind it.
//!
//! Promises: a [`WebUrl`] is what the standard makes of a reference, for links, redirects, requests and cache keys alike.
//! Does not know: pages, requests, which URLs may be fetched.
//!
//! A [`Resolver`] resolves many references against one base, and [`host_of`] finds hosts. Each other module stands for issues
//! of <https://github.com/servo/rust-url> and goes when they are closed; with the last of them, [`WebUrl`] becomes `url::Url`,
//! whose methods it has.
//!
//! | module | issue |
//! |---|---|
//! | `authority` | #1134, #1136: more than two slashes before a relative reference's authority; a backslash behind a port |
//! | `ascii_domain` | #1135: ASCII domains with labels that begin with `xn--` and are no A-labels |
//! | `path` | #1140: `^` in paths; #1123: a space at the end of an opaque path; backslashes in front of a path |
//! | `dot_segments` | #1113, #1130: drive letters of other schemes than "file" |
//! | `file` | #889, #1118, #1126, #1149: drive letters, hosts and empty segments of `file:` URLs |

mod ascii_domain;
mod authority;
mod dot_segments;
mod file;
mod host;
mod parse;
mod path;
mod resolver;
mod scheme;
mod segments;
mod web_url;

pub use host::host_of;
pub use resolver::Resolver;
pub use url::{EncodingOverride, Host, ParseError};
pub use web_url::WebUrl;
