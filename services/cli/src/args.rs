//! The command line's arguments.

mod extract;
mod serve;
mod values;

pub use self::{
    extract::{Extract, FetchOptions, ListOptions, OutputFormat, SelectedLinks},
    serve::{ConfigFiles, Serve},
};

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub const NAME: &str = "linkextractor";

pub const EXAMPLES: &str = "\
Examples:
  linkextractor https://example.com/          a page's links, one a line
  linkextractor -f text --unique page.html    the addresses in a file, each once
  curl -s https://example.com/ | linkextractor --base https://example.com/ -
  linkextractor --links external -f csv -o links.csv https://example.com/
  linkextractor -u me:secret -H 'Accept-Language: de' https://intranet.example/
  linkextractor --from urls.txt --jobs 64 --resume links.ndjson
  linkextractor serve                         the page at http://localhost:8080

";

const EXIT_STATUS: &str = "Exit status: 0 all done, 1 a target failed or the output could not be written, \
                           2 wrong usage, 130 interrupted.";

const TEMPLATE: &str = "{before-help}{about}\n\n{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The links of a web page, each with its text, as a browser would see them.
#[derive(Debug, Parser)]
#[command(name = NAME, version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true, max_term_width = 80, help_template = TEMPLATE)]
#[command(
    override_usage = "linkextractor [OPTIONS] TARGET...    (URLs, files, - for standard input)\n       linkextractor COMMAND"
)]
#[command(before_long_help = EXAMPLES, after_long_help = EXIT_STATUS)]
#[command(after_help = "More options and examples: linkextractor --help")]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Commands>,
    #[command(flatten)]
    pub extract: Extract,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Commands {
    /// Print the links of pages (what the program does without a command)
    #[command(arg_required_else_help = true, max_term_width = 80, before_long_help = EXAMPLES, after_long_help = EXIT_STATUS)]
    #[command(hide = true)]
    Extract(Extract),
    /// Serve the API and the web page in this process, cache embedded
    Serve(Serve),
    /// Check the configuration that `serve` would use
    CheckConfig(ConfigFiles),
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
    /// Print the manual page, for `man -l -`
    Man,
}
