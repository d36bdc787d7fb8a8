//! Programs whose time and memory are measured.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use wait4::Wait4;

/// A program with arguments.
pub struct Program {
    pub name: &'static str,
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

/// The medians of several runs: seconds, seconds of processor time, and the peak of the memory in bytes.
pub struct Medians {
    pub wall: f64,
    pub processor: f64,
    pub peak: f64,
}

impl Program {
    pub fn new<const N: usize>(name: &'static str, path: PathBuf, arguments: [&Path; N]) -> Self {
        Self { name, path, arguments: arguments.map(Into::into).into(), runs: Vec::new() }
    }

    fn run(&self) -> io::Result<Run> {
        let mut command = Command::new(env::current_exe()?);
        let output = command.arg("measure").arg(&self.path).args(&self.arguments).output()?;
        let wrong = || {
            let errors = String::from_utf8_lossy(&output.stderr);
            io::Error::other(format!("{}: {} {errors}", self.name, output.status))
        };
        let figures = String::from_utf8_lossy(&output.stdout);
        let figures: Vec<u64> = figures.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [wall, processor, peak] = figures[..] else { return Err(wrong()) };
        let [wall, processor] = [wall, processor].map(Duration::from_micros);
        Ok(Run { wall, processor, peak })
    }

    pub fn medians(&self) -> Medians {
        let median = |value: fn(&Run) -> f64| {
            let mut values: Vec<f64> = self.runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Medians {
            wall: median(|run| run.wall.as_secs_f64()),
            processor: median(|run| run.processor.as_secs_f64()),
            peak: median(|run| run.peak as f64),
        }
    }
}

/// Runs a program and prints the microseconds and the microseconds of processor time that it took, and the peak of its memory
/// in bytes. The system counts the memory of the process that starts a program as the program's: this one must be small,
/// not one that holds pages.
pub fn measure(mut arguments: impl Iterator<Item = OsString>) -> io::Result<()> {
    let mut command = Command::new(arguments.next().unwrap_or_default());
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let done = command.spawn()?.wait4()?;
    let wall = start.elapsed();
    if !done.status.success() {
        return Err(io::Error::other(done.status.to_string()));
    }
    let usage = done.rusage;
    println!("{} {} {}", wall.as_micros(), (usage.utime + usage.stime).as_micros(), usage.maxrss);
    Ok(())
}

/// Runs the programs in turn, so that a change of the machine's load concerns all of them, and prints the medians.
pub fn compare(programs: &mut [Program], pages: usize, rounds: usize) -> io::Result<()> {
    for _ in 0..rounds {
        for program in &mut *programs {
            let run = program.run()?;
            program.runs.push(run);
        }
    }
    println!("{:<16} {:>9} {:>8} {:>9} {:>8}", "", "pages/s", "CPU s", "peak MiB", "wall s");
    for program in &*programs {
        let Medians { wall, processor, peak } = program.medians();
        let (rate, peak) = (pages as f64 / wall, peak / f64::from(1 << 20));
        println!("{:<16} {rate:>9.0} {processor:>8.3} {peak:>9.1} {wall:>8.3}", program.name);
    }
    Ok(())
}

/// The command line.
pub fn linkextractor() -> io::Result<PathBuf> {
    let folder = env::var_os("PROGRAMS").ok_or_else(|| io::Error::other("PROGRAMS is not set"))?;
    Ok(Path::new(&folder).join("linkextractor"))
}

/// The program `name` beside this one.
pub fn beside(name: &str) -> io::Result<PathBuf> {
    let here = env::current_exe()?;
    Ok(here.parent().ok_or(io::ErrorKind::NotFound)?.join(name))
}
