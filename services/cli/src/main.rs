//! The program `linkextractor`: the links of web pages, on the command line or served.

mod args;
mod exit;
mod extract;
mod note;
mod output;
mod progress;
mod serve;
mod stdout;
mod target;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use exit::Exit;
use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let exit = match Args::try_parse() {
        Ok(Args { command: None, extract }) => extract::run(extract),
        Ok(Args { command: Some(command), .. }) => match command {
            Command::Extract(extract) => extract::run(extract),
            Command::Serve(serve) => serve::run(&serve),
            Command::CheckConfig(files) => serve::check_config(files),
            Command::Completions { shell } => Exit::of_writing(complete(shell)),
        },
        // --help and --version
        Err(output) if !output.use_stderr() => Exit::of_writing(print(&output)),
        Err(error) => {
            let _ = error.print();
            Exit::Usage
        }
    };
    exit.into()
}

fn complete(shell: Shell) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), args::NAME, &mut script);
    stdout::open()?.write_all(&script)?;
    Ok(Exit::Done)
}

fn print(output: &clap::Error) -> io::Result<Exit> {
    stdout::open()?;
    output.print()?;
    Ok(Exit::Done)
}
