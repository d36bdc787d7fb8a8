//! The arguments of `serve` and `check-config`.

use clap::{Args as ClapArgs, ValueHint};
use std::{net::SocketAddr, path::PathBuf};

#[derive(Debug, Default, ClapArgs)]
pub struct Serve {
    /// Where the web page is served [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", value_hint = ValueHint::Other)]
    pub listen: Option<SocketAddr>,
    /// Where the API is served [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS:PORT", value_hint = ValueHint::Other)]
    pub api_listen: Option<SocketAddr>,
    /// Let the API reach private addresses: lifts the rules on addresses, names and ports
    #[arg(long)]
    pub allow_private: bool,
    /// Answer to this host name too; with --allow-private only localhost, this machine's name and IP addresses are
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Hostname, requires = "allow_private")]
    pub allow_host: Vec<String>,
    #[command(flatten)]
    pub config: ConfigFiles,
}

#[derive(Debug, Default, ClapArgs)]
pub struct ConfigFiles {
    /// A configuration file for the API
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub api_config: Option<PathBuf>,
    /// A configuration file for the web page
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub web_config: Option<PathBuf>,
}
