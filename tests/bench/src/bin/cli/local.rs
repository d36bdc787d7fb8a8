//! Beside `lychee --dump`: pages a second, processor time and peak memory on the same local files.

use crate::{
    pages,
    program::{Program, beside, compare, linkextractor},
};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// Files of one folder.
const FOLDER: usize = 1_000;

/// `corpus` is how many pages of an own corpus, or a folder, all files of which are read.
pub fn run(corpus: &str, rounds: usize) -> io::Result<()> {
    let count = corpus.parse().ok();
    let bodies = if count.is_some() { pages::own() } else { pages::in_folder(corpus.as_ref())? };
    let count: usize = count.unwrap_or(bodies.len());
    let folder = tempfile::Builder::new().prefix("pages").tempdir()?; // not hidden, or lychee may skip it
    let list = folder.path().join("list");
    let bytes = write_pages(folder.path(), &list, &bodies, count)?;

    let mut programs = programs(folder.path(), &list)?;
    println!("{count} pages, {:.1} MB, {rounds} rounds\n", bytes as f64 / 1e6);
    compare(&mut programs, count, rounds)?;
    if let [ours, other] = &programs[..] {
        let (ours, other) = (ours.medians(), other.medians());
        println!(
            "\nof lychee: {:.2} of the processor time, {:.2} of the memory",
            ours.processor / other.processor,
            ours.peak / other.peak
        );
    }
    Ok(())
}

/// Writes `count` pages below `folder`, each one of `bodies`, and a list of them; gives their bytes.
fn write_pages(folder: &Path, list: &Path, bodies: &[Vec<u8>], count: usize) -> io::Result<usize> {
    let mut list = io::BufWriter::new(File::create(list)?);
    let mut bytes = 0;
    for (number, body) in bodies.iter().cycle().take(count).enumerate() {
        let part = folder.join(format!("pages/{}", number / FOLDER));
        if number % FOLDER == 0 {
            std::fs::create_dir_all(&part)?;
        }
        let path = part.join(format!("{number}.html"));
        std::fs::write(&path, body)?;
        writeln!(list, "{}", path.display())?;
        bytes += body.len();
    }
    list.flush()?;
    Ok(bytes)
}

/// Ours beside this program, and `lychee` where it is installed.
fn programs(folder: &Path, list: &Path) -> io::Result<Vec<Program>> {
    let ours = ["--from".as_ref(), list, "--format".as_ref(), "text".as_ref(), "--quiet".as_ref()];
    let mut programs = vec![Program::new("linkextractor", linkextractor()?, ours)];
    let lychee = beside("../lychee/bin/lychee")?;
    if lychee.exists() {
        // The root folder lets it resolve the paths that begin with a slash, as we do.
        let pages = folder.join("pages");
        let others = ["--dump".as_ref(), "--no-progress".as_ref(), "--root-dir".as_ref(), &*pages, &*pages];
        programs.push(Program::new("lychee --dump", lychee, others));
    } else {
        println!("{} is not there", lychee.display());
    }
    Ok(programs)
}
