//! The command line measured, as `nix/docker/static-programs` builds it for a release: in the folder `PROGRAMS`.
//!
//! - `cli [PAGES | FOLDER [ROUNDS]]`: beside `lychee --dump` on the same local files.
//! - `cli http [PAGES [ROUNDS]]`: beside bare requests to a server on this machine.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod bare;
mod http;
mod local;
mod origin;
#[path = "../../pages.rs"]
mod pages;
mod program;

use std::{env, io};

fn main() -> io::Result<()> {
    if env::args().nth(1).as_deref() == Some("measure") {
        return program::measure(env::args_os().skip(2));
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|number| number.parse::<usize>().ok());
    match arguments.first().map(String::as_str) {
        Some("http") => http::run(number(1).unwrap_or(10_000), number(2).unwrap_or(5).max(1)),
        Some("bare") => bare::run(arguments.get(1).map_or("", String::as_str)),
        corpus => local::run(corpus.unwrap_or("1500"), number(1).unwrap_or(5).max(1)),
    }
}
