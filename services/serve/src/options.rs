//! What the user of `serve` chooses.

use std::{net::SocketAddr, path::PathBuf};

/// The options of both services; the rest stands in their files and in the environment.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// A configuration file for the API.
    pub api_config: Option<PathBuf>,
    /// A configuration file for the web page.
    pub web_config: Option<PathBuf>,
    /// Where the web page is served.
    pub listen: Option<SocketAddr>,
    /// Where the API is served.
    pub api_listen: Option<SocketAddr>,
    /// Whether the API may reach private addresses.
    pub allow_private: bool,
    /// The host names that both answer to, besides their own, if private addresses are allowed.
    pub allow_host: Vec<String>,
}
