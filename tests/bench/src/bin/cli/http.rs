//! Beside bare requests for the same pages, from a server on this machine.

use crate::{
    bare::REQUESTS,
    origin::Origin,
    pages,
    program::{Program, beside, compare},
};
use std::{env, fs, io, path::Path};

/// The links of a small page, of which fetching is nearly all the work.
const LINKS: usize = 10;

pub fn run(count: usize, rounds: usize) -> io::Result<()> {
    let links = (0..LINKS).map(|number| format!("<p>Words and <a href=\"/page/{number}\">a link</a>.\n"));
    let small = ["<!doctype html>\n<title>A page</title>\n".to_owned()].into_iter().chain(links);
    compare_at(vec![small.collect::<String>().into_bytes()], count, rounds)?;
    println!();
    compare_at(pages::own(), count, rounds)
}

fn compare_at(bodies: Vec<Vec<u8>>, count: usize, rounds: usize) -> io::Result<()> {
    let bytes: usize = bodies.iter().map(Vec::len).cycle().take(count).sum();
    let origin = Origin::start(bodies)?;
    let folder = tempfile::tempdir()?;
    let list = folder.path().join("list");
    let urls: Vec<_> =
        (0..count).map(|number| format!("http://127.0.0.1:{}/{number}", origin.port)).collect();
    fs::write(&list, urls.join("\n"))?;

    let requests = REQUESTS.to_string();
    let ours: [&Path; 9] = [
        "--from".as_ref(),
        &list,
        "--jobs".as_ref(),
        requests.as_ref(),
        "--jobs-per-host".as_ref(),
        requests.as_ref(),
        "--format".as_ref(),
        "text".as_ref(),
        "--quiet".as_ref(),
    ];
    let mut programs = [
        Program::new("linkextractor", beside("linkextractor")?, ours),
        Program::new("bare requests", env::current_exe()?, ["bare".as_ref(), &list]),
    ];
    println!("{count} pages, {:.1} MB, {REQUESTS} at once, {rounds} rounds\n", bytes as f64 / 1e6);
    compare(&mut programs, count, rounds)?;
    let [ours, bare] = programs.map(|program| program.medians());
    println!("\nof bare requests: {:.2} of the rate", bare.wall / ours.wall);
    Ok(())
}
