//! The manual page and the completion scripts, from the definitions of the arguments.

use crate::{
    args::{Args, NAME},
    exit::{Exit, written},
    stdout,
};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

/// Prints the manual page.
pub fn page() -> Result<(), Exit> {
    let page = clap_mangen::Man::new(Args::command());
    written(stdout::open().and_then(|mut stdout| page.render(&mut stdout)))
}

/// Prints the completion script for `shell`.
pub fn completions(shell: Shell) -> Result<(), Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut script);
    written(stdout::open().and_then(|mut stdout| stdout.write_all(&script)))
}
