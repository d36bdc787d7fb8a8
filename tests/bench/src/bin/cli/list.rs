//! A long list: its rate, that memory stays flat, and that nothing is lost or done twice when the run is killed.

use crate::{origin::Origin, program::beside};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    runtime::Runtime,
    time::timeout,
};

const HOSTS: usize = 100;
/// How often the run is killed.
const KILLED: usize = 3;
/// The promise, in MiB.
const MOST_MEMORY: u64 = 64;
const POLLED: Duration = Duration::from_millis(20);

pub fn run(count: usize) -> io::Result<()> {
    let origin = Origin::start(vec![b"<title>t</title><a href=/x>x</a><a href=y>y</a>".to_vec()])?;
    let folder = tempfile::tempdir()?;
    let (list, results) = (folder.path().join("list"), folder.path().join("results"));
    let mut urls = BufWriter::new(File::create(&list)?);
    for number in 0..count {
        writeln!(urls, "http://127.0.0.{}:{}/{number}", 1 + number % HOSTS, origin.port)?;
    }
    urls.flush()?;
    File::create(&results)?;

    let start = Instant::now();
    let peak = Runtime::new()?.block_on(complete(&list, &results, count))?;
    let elapsed = start.elapsed();
    let (missing, twice) = check(&results, count)?;
    println!("{count} pages of {HOSTS} hosts, killed and resumed {KILLED} times");
    println!(
        "{:.0} pages/s, peak {} MiB, lost {missing}, twice {twice}",
        count as f64 / elapsed.as_secs_f64(),
        peak >> 10
    );
    if missing + twice > 0 || peak >> 10 >= MOST_MEMORY {
        return Err(io::Error::other(format!(
            "expected none lost, none twice, and less than {MOST_MEMORY} MiB"
        )));
    }
    Ok(())
}

/// Runs until all is done, and kills it a few times before; gives the peak of its memory in KiB.
async fn complete(list: &Path, results: &Path, count: usize) -> io::Result<u64> {
    let (mut lines, mut peak) = (LineCount::open(results)?, 0);
    for stop in (1..=KILLED).map(|part| count / (KILLED + 1) * part).chain([usize::MAX]) {
        let mut run = begin(list, results)?;
        let ended = loop {
            if let Ok(status) = timeout(POLLED, run.wait()).await {
                break Some(status?);
            }
            peak = peak.max(memory(&run).unwrap_or_default());
            if lines.read()? >= stop {
                run.kill().await?;
                break None;
            }
        };
        if let Some(status) = ended.filter(|status| !status.success()) {
            return Err(io::Error::other(format!("it ended with {status}")));
        }
    }
    Ok(peak)
}

fn begin(list: &Path, results: &Path) -> io::Result<Child> {
    let mut command = Command::new(beside("linkextractor")?);
    command.arg("--from").arg(list).arg("--resume").arg(results).args(["--jobs", "64", "--quiet"]);
    command.stdin(Stdio::null()).spawn()
}

/// The peak of the resident memory in KiB, while the program runs.
fn memory(run: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", run.id()?)).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// Counts the lines of a file that grows.
struct LineCount {
    file: File,
    lines: usize,
}

impl LineCount {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, lines: 0 })
    }

    fn read(&mut self) -> io::Result<usize> {
        let mut new = Vec::new();
        self.file.read_to_end(&mut new)?;
        self.lines += memchr::memchr_iter(b'\n', &new).count();
        Ok(self.lines)
    }
}

/// How many of `count` pages have no line, and how many lines are of a page that had one before.
fn check(results: &Path, count: usize) -> io::Result<(usize, usize)> {
    let mut found = vec![false; count];
    let mut twice = 0;
    for line in BufReader::new(File::open(results)?).lines() {
        let line = line?;
        let page = line.strip_prefix("{\"page\":\"").and_then(|page| page.split('"').next());
        let number = page.and_then(|page| page.rsplit('/').next()?.parse::<usize>().ok());
        let is_whole = line.contains("\"count\":2,") && line.ends_with("]}");
        let place = number.and_then(|number| found.get_mut(number)).filter(|_| is_whole);
        let place = place.ok_or_else(|| io::Error::other(format!("an unexpected line: {line}")))?;
        twice += usize::from(*place);
        *place = true;
    }
    Ok((found.iter().filter(|found| !**found).count(), twice))
}
