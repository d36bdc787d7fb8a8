//! What a client that acts for its own user may set beyond the configuration of a server. A server's settings never hold
//! it.

use std::{fmt, path::PathBuf};

/// The defaults change nothing: no proxy, certificates verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSettings {
    /// The user's proxies.
    pub proxies: UserProxies,
    /// PEM files with certificates to trust besides the system's: as servers' own, and those of authorities as issuers.
    pub certificates: Vec<PathBuf>,
    /// Whether certificates are not verified.
    pub insecure: bool,
    /// Whether the system's certificates are read only for the first https page, which takes the time of a hundred small
    /// pages: a list may have none. A server reads them when it starts, and so do settings with `certificates`, which can
    /// be wrong.
    pub certificates_when_needed: bool,
}

/// Proxies as `curl` knows them: `http://` or `socks5://`, a host, and a port; user and password may stand before the host.
/// Names are looked up by the proxy. An empty string is no proxy. `Debug` hides the passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserProxies {
    /// For `http` pages.
    pub http: String,
    /// For `https` pages.
    pub https: String,
    /// For pages of a scheme without a proxy of its own.
    pub all: String,
    /// Names, addresses and networks that are reached directly, separated by commas; `*` for all.
    pub no_proxy: String,
}

impl fmt::Debug for UserProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserProxies").field("no_proxy", &self.no_proxy).finish_non_exhaustive()
    }
}
