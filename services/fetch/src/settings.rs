//! What an operator may set.

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The `fetch` section of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Networks and host names that may be reached although the guard would refuse them.
    pub allow: Vec<String>,
    /// Networks and host names that may not be reached.
    pub deny: Vec<String>,
    /// Lifts every rule on addresses, names and ports: for a client that acts for its own user.
    #[serde(skip)]
    pub allow_private: bool,
    /// The whole job, across all redirects.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Bytes on the wire, and bytes decoded.
    pub max_bytes: ByteSize,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// The `User-Agent` sent.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            allow_private: false,
            timeout: Duration::from_secs(10),
            max_bytes: ByteSize::mb(10),
            max_redirects: 5,
            user_agent: concat!("linkextractor/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}
