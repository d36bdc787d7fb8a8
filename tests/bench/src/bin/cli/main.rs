//! The command line beside `lychee --dump`: pages a second, processor time and peak memory on the same local files.
//!
//! `cli [PAGES | FOLDER [ROUNDS]]`: that many pages of an own corpus, 1,500 by default, or all files of a folder; 5 rounds,
//! in which the programs take turns. The median of the rounds counts. The programs are those that `just bench cli` builds.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "../../pages.rs"]
mod pages;

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use wait4::Wait4;

const PAGES: usize = 1_500;
const ROUNDS: usize = 5;
/// Files of one folder.
const FOLDER: usize = 1_000;

/// A program with the arguments that make it print the links of all pages.
struct Program {
    name: &'static str,
    path: PathBuf,
    arguments: Vec<OsString>,
    runs: Vec<Run>,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Run {
    wall: Duration,
    processor: Duration,
    /// In bytes.
    peak: u64,
}

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let corpus = arguments.next().unwrap_or_else(|| PAGES.to_string().into());
    let rounds = arguments.next().and_then(|rounds| rounds.to_str()?.parse().ok()).unwrap_or(ROUNDS).max(1);
    let count = corpus.to_str().and_then(|count| count.parse().ok());
    let bodies = if count.is_some() { pages::own() } else { pages::in_folder(&corpus)? };
    let count: usize = count.unwrap_or(bodies.len());
    let folder = tempfile::Builder::new().prefix("pages").tempdir()?; // not hidden, or lychee may skip it
    let list = folder.path().join("list");
    let bytes = write_pages(folder.path(), &list, &bodies, count)?;

    let mut programs = programs(folder.path(), &list)?;
    for _ in 0..rounds {
        for program in &mut programs {
            let run = program.run()?;
            program.runs.push(run);
        }
    }
    println!("{count} pages, {:.1} MB, {rounds} rounds\n", bytes as f64 / 1e6);
    println!("{:<16} {:>9} {:>8} {:>9} {:>8}", "", "pages/s", "CPU s", "peak MiB", "wall s");
    for program in &programs {
        let (wall, processor, peak) = program.medians();
        let rate = count as f64 / wall;
        println!(
            "{:<16} {rate:>9.0} {processor:>8.3} {:>9.1} {wall:>8.3}",
            program.name,
            peak / f64::from(1 << 20)
        );
    }
    if let [ours, other] = &programs[..] {
        let (ours, other) = (ours.medians(), other.medians());
        println!(
            "\nof lychee: {:.2} of the processor time, {:.2} of the memory",
            ours.1 / other.1,
            ours.2 / other.2
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
    let here = env::current_exe()?;
    let built = here.parent().ok_or(io::ErrorKind::NotFound)?;
    let ours: [OsString; 5] =
        ["--from".into(), list.into(), "--format".into(), "text".into(), "--quiet".into()];
    // The root folder lets it resolve the paths that begin with a slash, as we do.
    let pages = folder.join("pages");
    let others: [OsString; 5] =
        ["--dump".into(), "--no-progress".into(), "--root-dir".into(), pages.clone().into(), pages.into()];
    let mut programs = vec![Program::new("linkextractor", built.join("linkextractor"), &ours)];
    let lychee = built.join("../lychee/bin/lychee");
    if lychee.exists() {
        programs.push(Program::new("lychee --dump", lychee, &others));
    } else {
        println!("{} is not there", lychee.display());
    }
    Ok(programs)
}

impl Program {
    fn new(name: &'static str, path: PathBuf, arguments: &[OsString]) -> Self {
        Self { name, path, arguments: arguments.to_vec(), runs: Vec::new() }
    }

    fn run(&self) -> io::Result<Run> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let done = command.spawn()?.wait4()?;
        let wall = start.elapsed();
        if !done.status.success() {
            return Err(io::Error::other(format!("{}: {}", self.name, done.status)));
        }
        let usage = done.rusage;
        Ok(Run { wall, processor: usage.utime + usage.stime, peak: usage.maxrss })
    }

    /// Of the seconds, the seconds of processor time, and the peaks.
    fn medians(&self) -> (f64, f64, f64) {
        let median = |value: fn(&Run) -> f64| {
            let mut values: Vec<f64> = self.runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        (
            median(|run| run.wall.as_secs_f64()),
            median(|run| run.processor.as_secs_f64()),
            median(|run| run.peak as f64),
        )
    }
}
