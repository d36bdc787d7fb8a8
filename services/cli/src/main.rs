//! The program `linkextractor`: the links of web pages, on the command line or served.

mod args;
mod exit;
mod extract;
mod note;
mod output;
mod progress;
mod serve;
mod target;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use exit::Exit;
use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let args = Args::parse();
    let exit = match args.command {
        None => extract::run(args.extract),
        Some(Command::Extract(extract)) => extract::run(extract),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::CheckConfig(files)) => serve::check_config(files),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), args::NAME, &mut script);
            Exit::of_writing(io::stdout().write_all(&script).map(|()| Exit::Done))
        }
    };
    exit.into()
}
