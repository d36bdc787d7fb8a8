//! The arguments of `extract`. Options that other tools have are named as in `curl`, or else as in `lychee`; the other
//! names that users of these and of `wget` know are aliases.

use super::values::{duration, positive_duration, size};
use clap::{Args as ClapArgs, ValueEnum, ValueHint, value_parser};
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// Options that concern fetching, or what the API does not know.
const NOT_WITH_API: [&str; 15] = [
    "header",
    "user_agent",
    "user",
    "proxy",
    "cacert",
    "insecure",
    "timeout",
    "max_bytes",
    "max_redirects",
    "retries",
    "jobs_per_host",
    "delay",
    "raw",
    "base",
    "xhtml",
];

#[derive(Debug, ClapArgs)]
pub struct Extract {
    /// A URL, a file, or `-` for HTML on standard input
    #[arg(value_name = "TARGET", hide_short_help = true, value_hint = ValueHint::AnyPath)]
    pub targets: Vec<OsString>,
    /// The URL of HTML from a file or standard input
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub base: Option<String>,
    /// Read a file or standard input as XHTML, as files named .xhtml and .xht are
    #[arg(long, hide_short_help = true)]
    pub xhtml: bool,
    /// Read more targets from FILE, one a line (- for stdin)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, alias = "input-file")]
    pub from: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Output")]
    pub output: OutputOptions,
    #[command(flatten, next_help_heading = "Fetching")]
    pub fetch: FetchOptions,
    #[command(flatten, next_help_heading = "Lists")]
    pub list: ListOptions,
}

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct OutputOptions {
    /// markdown, text, json, ndjson or csv
    ///
    /// How links are written; markdown by default, ndjson with --resume.
    #[arg(short, long, value_enum, hide_possible_values = true)]
    pub format: Option<OutputFormat>,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, alias = "output-document")]
    pub output: Option<PathBuf>,
    /// all, internal (to the page's host) or external
    ///
    /// Internal links lead to the host of the page's final URL, external ones are the other http and https links; the rest,
    /// such as mailto:, are neither.
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, hide_default_value = true)]
    pub links: SelectedLinks,
    /// Print the first of equal addresses of a page only
    #[arg(long)]
    pub unique: bool,
    /// Print hrefs as written: unresolved, all of them
    #[arg(long)]
    pub raw: bool,
    /// Print nothing but failures on standard error
    #[arg(short, long, alias = "silent")]
    pub quiet: bool,
    /// Print a summary at the end even if standard error is no terminal
    #[arg(long, hide_short_help = true)]
    pub summary: bool,
}

#[derive(Debug, Default, ClapArgs)]
pub struct FetchOptions {
    /// Send a header field to the target's own origin
    ///
    /// It is never sent to another origin after a redirect. May be repeated.
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_hint = ValueHint::Other)]
    pub header: Vec<String>,
    /// Send this User-Agent
    #[arg(short = 'A', long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub user_agent: Option<String>,
    /// Authenticate to the target's own origin (Basic)
    ///
    /// User and password may stand in a URL too. They are never printed.
    #[arg(short, long, value_name = "USER:PASSWORD", value_hint = ValueHint::Username, alias = "basic-auth")]
    pub user: Option<String>,
    /// Use this proxy, http:// or socks5://
    ///
    /// Without it, the environment's `http_proxy`, `https_proxy` and `all_proxy` count, in lower or upper case. `no_proxy`
    /// counts with it too.
    #[arg(short = 'x', long, value_name = "URL", value_hint = ValueHint::Url)]
    pub proxy: Option<String>,
    /// Trust the certificates in FILE (PEM) besides the system's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, alias = "ca-certificate", hide_short_help = true)]
    pub cacert: Vec<PathBuf>,
    /// Do not verify certificates
    #[arg(short = 'k', long, alias = "no-check-certificate")]
    pub insecure: bool,
    /// The time for a page [default: 30s]
    ///
    /// All redirects included; in seconds, or with a unit: 500ms, 2m.
    #[arg(long, value_name = "TIME", value_parser = positive_duration, alias = "max-time", value_hint = ValueHint::Other)]
    pub timeout: Option<Duration>,
    /// The largest page [default: 64MB]
    ///
    /// For HTML from a file or standard input: 256 MiB by default.
    #[arg(long, value_name = "SIZE", value_parser = size, alias = "max-filesize", value_hint = ValueHint::Other)]
    pub max_bytes: Option<u64>,
    /// How many redirects are followed [default: 10]
    #[arg(long, value_name = "N", aliases = ["max-redirs", "max-redirect"], hide_short_help = true, value_hint = ValueHint::Other)]
    pub max_redirects: Option<u32>,
    /// Repeat timeouts, 5xx and refused connections
    ///
    /// Up to N times for each page, with growing pauses from a second on. A page that answers 429 or 503 with Retry-After
    /// is fetched once more after that time without this option, if it is at most five minutes.
    #[arg(long, value_name = "N", aliases = ["retry", "max-retries"], value_hint = ValueHint::Other)]
    pub retries: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub struct ListOptions {
    /// Pages in progress at once, up to 256 [default: 16]
    ///
    /// With --api 64 by default.
    #[arg(short, long, value_name = "N")]
    #[arg(value_parser = value_parser!(u16).range(1..=256), alias = "max-concurrency", value_hint = ValueHint::Other)]
    pub jobs: Option<u16>,
    /// How many of them may be of one host [default: 4]
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4,
        hide_default_value = true,
        hide_short_help = true,
        alias = "host-concurrency"
    )]
    #[arg(value_parser = value_parser!(u16).range(1..=256), value_hint = ValueHint::Other)]
    pub jobs_per_host: u16,
    /// The least time between two requests to one host
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0", hide_default_value = true)]
    #[arg(aliases = ["wait", "host-request-interval"], hide_short_help = true, value_hint = ValueHint::Other)]
    pub delay: Duration,
    /// Write NDJSON in the order of the list, not as pages are done
    #[arg(long, hide_short_help = true)]
    pub ordered: bool,
    /// Write NDJSON to FILE; leave out targets that FILE has
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "output")]
    pub resume: Option<PathBuf>,
    /// Let the API at URL fetch and extract (`http://HOST:5000`)
    ///
    /// Its own limits and rules for pages count. Options for fetching and --raw cannot be used with it.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, hide_short_help = true, conflicts_with_all = NOT_WITH_API)]
    pub api: Option<String>,
    /// With --resume, do those again that failed
    #[arg(long, requires = "resume", hide_short_help = true)]
    pub retry_failed: bool,
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
    /// `text,href` with a header line; after a `page` column for several targets and lists
    Csv,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SelectedLinks {
    /// Every link
    #[default]
    All,
    /// Links to the page's own host
    Internal,
    /// http(s) links to other hosts
    External,
}
