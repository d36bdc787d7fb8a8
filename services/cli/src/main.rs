//! The program `linkextractor`: the links of web pages, on the command line or served.

mod args;
mod exit;
mod extract;
mod output;
mod progress;
mod serve;
mod stdout;
mod target;

use args::{Args, Commands};
use clap::{CommandFactory, Parser};
use exit::{Exit, written};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => exit.into(),
    }
}

fn run() -> Result<(), Exit> {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            let _ = error.print();
            return Err(Exit::Usage);
        }
        Err(help_or_version) => return written(stdout::open().and_then(|_| help_or_version.print())),
    };
    match args.command {
        None => extract::run(args.extract),
        Some(Commands::Extract(extract)) => extract::run(extract),
        Some(Commands::Serve(serve)) => serve::run(&serve),
        Some(Commands::CheckConfig(files)) => serve::check_config(files),
        Some(Commands::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), args::NAME, &mut script);
            written(stdout::open().and_then(|mut stdout| stdout.write_all(&script)))
        }
    }
}
