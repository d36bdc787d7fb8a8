//! The manual page and the completions, from the definitions of the arguments.

use crate::{
    args::{Args, EXAMPLES, NAME},
    exit::{Exit, written},
    stdout,
};
use clap::CommandFactory;
use clap_complete::{CompleteEnv, Shell, env::Shells};
use clap_mangen::Man;
use std::io::{self, Write};

/// Makes the program answer the completion scripts.
const VARIABLE: &str = "LINKEXTRACTOR_COMPLETE";

/// Where the script for bash asks the program.
const BASH_ASKS: &str = "    COMPREPLY=( $( \\\n";
/// bash takes `--option=value` for three words; the program knows `--option value` too.
const BASH_JOINS: &str = r#"    local _i
    for ((_i = _CLAP_COMPLETE_INDEX - 1; _i > 0; _i--)); do
        if [[ ${words[_i]} == "=" && ${words[_i-1]} == --* ]]; then
            words=("${words[@]:0:_i}" "${words[@]:_i+1}")
            _CLAP_COMPLETE_INDEX=$((_CLAP_COMPLETE_INDEX - 1))
        fi
    done
"#;

/// Answers a completion script and ends the program, if one asks.
///
/// This is `clap_complete`'s dynamic engine: its static scripts for zsh and fish are wrong for a program that takes targets
/// beside its commands.
pub fn complete() {
    CompleteEnv::with_factory(Args::command).var(VARIABLE).complete();
}

/// Prints the script that makes `shell` ask this program.
pub fn completions(shell: Shell) -> Result<(), Exit> {
    let name = shell.to_string();
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&name) {
        written(completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script))?;
    }
    let script = String::from_utf8_lossy(&script).replace(BASH_ASKS, &[BASH_JOINS, BASH_ASKS].concat());
    written(stdout::open().and_then(|mut stdout| stdout.write_all(script.as_bytes())))
}

/// Prints the manual page.
pub fn page() -> Result<(), Exit> {
    let mut page = Vec::new();
    written(render(&mut page))?;
    written(stdout::open().and_then(|mut stdout| stdout.write_all(&page)))
}

fn render(page: &mut Vec<u8>) -> io::Result<()> {
    // An argument that is hidden from the short help would have no description.
    let command = Args::command().mut_args(|argument| argument.hide_short_help(false));
    let man = Man::new(command.before_long_help(None::<&str>));
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_options_section(page)?;
    man.render_subcommands_section(page)?;
    let examples =
        EXAMPLES.trim_start_matches("Examples:\n").trim_end().replace('\\', "\\e").replace('-', "\\-");
    // Not filled: each example keeps its line.
    writeln!(page, ".SH EXAMPLES\n.nf\n{examples}\n.fi")?;
    man.render_extra_section(page)?;
    man.render_version_section(page)
}
