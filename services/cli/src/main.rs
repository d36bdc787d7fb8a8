//! The program `linkextractor`: the links of web pages, on the command line or served.

mod api_client;
mod args;
mod client;
mod done_page;
mod exit;
mod extract;
mod file_id;
mod found_page;
mod interrupt;
mod local_page;
mod manual;
mod media;
mod output;
mod output_file;
mod page;
mod page_error;
mod page_format;
mod progress;
mod serve;
mod stdout;
mod target;

use args::{Args, Commands};
use clap::Parser;
use exit::{Exit, written};
use std::process::ExitCode;

fn main() -> ExitCode {
    manual::complete();
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
        Some(Commands::Completions { shell }) => manual::completions(shell),
        Some(Commands::Man) => manual::page(),
    }
}
