//! The command line's arguments.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;
use std::{ffi::OsString, net::SocketAddr, path::PathBuf};
use weburl::WebUrl;

pub const NAME: &str = "linkextractor";

/// The links of a web page, each with its text, as a browser would see them.
#[derive(Debug, Parser)]
#[command(name = NAME, version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 all done, 1 a target failed or the output could not be written, 2 wrong usage."
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Commands>,
    #[command(flatten)]
    pub extract: Extract,
}

#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Print the links of pages (what the program does without a command)
    #[command(arg_required_else_help = true)]
    Extract(Extract),
    /// Serve the API and the web page in this process, cache embedded
    Serve(Serve),
    /// Check the configuration that `serve` would use
    CheckConfig(ConfigFiles),
    /// Print a completion script
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub struct Extract {
    /// A URL, a file, or `-` for HTML on standard input
    #[arg(value_name = "TARGET")]
    pub targets: Vec<OsString>,
    /// How links are written
    #[arg(long, value_enum, default_value_t)]
    pub format: OutputFormat,
    /// Print hrefs as written in the page: unresolved, all of them
    #[arg(long)]
    pub raw: bool,
    /// The URL of HTML that comes from a file or standard input
    #[arg(long, value_name = "URL")]
    pub base: Option<WebUrl>,
    /// Read a file or standard input as XHTML, as files named .xhtml and .xht are
    #[arg(long)]
    pub xhtml: bool,
    /// Read further targets from FILE, one a line (`-` for standard input)
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The number of targets to work on at once, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u8).range(1..=64))]
    pub jobs: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// `[text](href)` a line, unescaped
    #[default]
    Markdown,
    /// The hrefs, one a line
    Text,
    /// One array of all links, as the API's
    Json,
    /// A page a line: `{"page", …, "links"}` or `{"page", "error"}`
    Ndjson,
    /// `text,href` with a header line; after a `page` column when there are several targets
    Csv,
}

#[derive(Debug, Default, ClapArgs)]
pub struct Serve {
    /// Where the web page is served [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Where the API is served [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub api_listen: Option<SocketAddr>,
    /// Let the API reach private addresses: lifts the rules on addresses, names and ports
    #[arg(long)]
    pub allow_private: bool,
    /// Answer to this host name too; with --allow-private only localhost, this machine's name and IP addresses are
    #[arg(long, value_name = "NAME", requires = "allow_private")]
    pub allow_host: Vec<String>,
    #[command(flatten)]
    pub config: ConfigFiles,
}

#[derive(Debug, Default, ClapArgs)]
pub struct ConfigFiles {
    /// A configuration file for the API
    #[arg(long, value_name = "FILE")]
    pub api_config: Option<PathBuf>,
    /// A configuration file for the web page
    #[arg(long, value_name = "FILE")]
    pub web_config: Option<PathBuf>,
}
