//! A long list, killed and resumed: nothing is lost, nothing is done twice, and memory stays flat. `just bench list` runs
//! it with a million pages.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

use e2e::{Origin, Page, command};
use serde_json::Value;
use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::tempdir;
use tokio::{process::Child, time::timeout};

const HOSTS: usize = 7;
/// How often the run is killed.
const KILLED: usize = 3;
/// For each page, all the runs together, on a loaded machine.
const LONGEST: Duration = Duration::from_millis(12);
/// The promise for lists, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;
const POLLED: Duration = Duration::from_millis(20);

/// The peak of the resident memory in KiB, while the program runs.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()?)).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Writes a list of `count` pages of some hosts, every tenth of them twice.
fn write_list(path: &Path, origin: &Origin, count: usize) {
    let port = origin.address().port();
    let mut list = BufWriter::new(File::create(path).unwrap());
    for number in (0..count).chain((0..count).step_by(10)) {
        writeln!(list, "http://127.0.0.{}:{port}/?{number}", 1 + number % HOSTS).unwrap();
    }
    list.flush().unwrap();
}

/// Counts the lines of a file that grows.
struct LineCount {
    file: BufReader<File>,
    lines: usize,
}

impl LineCount {
    fn read(&mut self) -> usize {
        loop {
            let bytes = self.file.fill_buf().unwrap();
            if bytes.is_empty() {
                return self.lines;
            }
            self.lines += bytes.split(|byte| *byte == b'\n').count() - 1;
            let read = bytes.len();
            self.file.consume(read);
        }
    }
}

/// Runs until all is done, and kills it a few times before; gives the peak of its memory in KiB.
async fn complete(list: &Path, results: &Path, count: usize) -> u64 {
    let longest = LONGEST * u32::try_from(count).unwrap();
    let (started, mut most) = (Instant::now(), 0);
    File::create_new(results).unwrap();
    let mut lines = LineCount { file: BufReader::new(File::open(results).unwrap()), lines: 0 };
    for stop in (1..=KILLED).map(|part| count / (KILLED + 1) * part).chain([usize::MAX]) {
        let mut run = command("linkextractor");
        run.arg("--from").arg(list).arg("--resume").arg(results);
        run.args(["--jobs", "64", "--jobs-per-host", "16"]);
        let mut child = run.stderr(Stdio::null()).spawn().unwrap();
        loop {
            if let Ok(ended) = timeout(POLLED, child.wait()).await {
                assert_eq!(ended.unwrap().code(), Some(0));
                break;
            }
            most = peak(&child).unwrap_or_default().max(most);
            if lines.read() >= stop {
                child.kill().await.unwrap();
                break;
            }
            assert!(started.elapsed() < longest, "{} lines after {longest:?}", lines.lines);
        }
    }
    most
}

/// How many of `count` pages have no line, and how many lines are of a page that had one before.
fn check(results: &Path, count: usize) -> (usize, usize) {
    let mut found = vec![false; count];
    let mut twice = 0;
    for line in BufReader::new(File::open(results).unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).expect("a whole line");
        assert_eq!(line["count"], 2, "{line}");
        let (host, number) = line["page"].as_str().unwrap().split_once("/?").unwrap();
        let number: usize = number.parse().unwrap();
        assert!(host.starts_with(&format!("http://127.0.0.{}:", 1 + number % HOSTS)), "{line}");
        twice += usize::from(found[number]);
        found[number] = true;
    }
    (found.iter().filter(|found| !**found).count(), twice)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_done_once_however_often_the_run_is_killed() {
    let count = env::var("LIST_PAGES").map_or(50_000, |text| text.parse().expect("a number"));
    let origin = Origin::start().await;
    origin.everywhere(Page::html("<a href=/x>x</a><a href=/y>y</a>"));
    let folder = tempdir().unwrap();
    let (targets, results) = (folder.path().join("targets"), folder.path().join("results"));
    write_list(&targets, &origin, count);
    let started = Instant::now();
    let most = complete(&targets, &results, count).await;
    let rate = count as u128 * 1000 / started.elapsed().as_millis().max(1);
    let (lost, twice) = check(&results, count);
    println!("{count} pages, killed and resumed {KILLED} times");
    println!("{rate} pages/s, peak {} MiB, lost {lost}, twice {twice}", most >> 10);
    assert_eq!((lost, twice), (0, 0), "lost, twice");
    assert!(most < MOST_MEMORY, "{most} KiB");
}
