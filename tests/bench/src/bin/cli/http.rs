//! Beside bare requests for the same pages, from a server on this machine.

use crate::{
    bare::REQUESTS,
    origin::Origin,
    pages,
    program::{Program, compare, linkextractor},
};
use std::{env, fs, io, path::Path};

pub fn run(count: usize, rounds: usize) -> io::Result<()> {
    println!(
        "Small pages: nearly all the work is to fetch them, so the rate is that of the command line's requests.\n"
    );
    compare_at(vec![page(10, "Words and ")], count, rounds)?;
    println!(
        "\nPages of documentation of median size and number of links: to read one takes longer than a request here.\n"
    );
    compare_at(vec![page(26, &"Words of <em>a sentence</em> ".repeat(12))], count, rounds)?;
    println!("\nLarge pages that consist of links: a test of extraction.\n");
    compare_at(pages::own(), count, rounds)
}

/// A page of paragraphs, each with `words` and a link.
fn page(links: usize, words: &str) -> Vec<u8> {
    let links = (0..links).map(|number| format!("<p>{words}<a href=\"/page/{number}\">a link</a>.\n"));
    let head = "<!doctype html>\n<title>A page</title>\n".to_owned();
    [head].into_iter().chain(links).collect::<String>().into_bytes()
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
        Program::new("linkextractor", linkextractor()?, ours),
        Program::new("bare requests", env::current_exe()?, ["bare".as_ref(), &list]),
    ];
    println!("{count} pages, {:.1} MB, {REQUESTS} at once, {rounds} rounds\n", bytes as f64 / 1e6);
    compare(&mut programs, count, rounds)?;
    let [ours, bare] = programs.map(|program| program.medians());
    println!("\nof bare requests: {:.2} of the rate", bare.wall / ours.wall);
    Ok(())
}
