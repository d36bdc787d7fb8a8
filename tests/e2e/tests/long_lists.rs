//! A long list, killed and resumed: nothing is lost, nothing is done twice, and memory stays flat.

use e2e::{Origin, Page, command};
use std::{
    collections::HashSet,
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::tempdir;
use tokio::process::Child;

const PAGES: usize = 50_000;
/// For all the runs together, on a loaded machine.
const LONGEST: Duration = Duration::from_mins(10);
/// The promise for lists, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

/// The peak of the resident memory in KiB, while the program runs.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()?)).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn lines(file: &Path) -> usize {
    fs::read(file).map_or(0, |bytes| bytes.split(|byte| *byte == b'\n').count() - 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_pages_are_each_done_once_however_often_the_run_is_killed() {
    let origin = Origin::start().await;
    let folder = tempdir().expect("a folder");
    let (list, results) = (folder.path().join("list"), folder.path().join("results"));
    let urls: Vec<String> = (0..PAGES)
        .map(|n| origin.page(&format!("/?{n}"), Page::html("<a href=/x>x</a><a href=/y>y</a>")))
        .collect();
    // Some stand twice, and some hosts more often than others.
    let host = |n: usize, url: &String| url.replace("127.0.0.1", &format!("127.0.0.{}", 1 + n % 7));
    let targets: Vec<String> = urls.iter().enumerate().map(|(n, url)| host(n, url)).collect();
    let twice = targets.iter().step_by(10).cloned().collect::<Vec<_>>();
    fs::write(&list, [targets.join("\n"), twice.join("\n")].join("\n")).expect("a file");

    let started = Instant::now();
    let (mut peaks, mut killed_at) = (0, 0);
    loop {
        let mut run = command("linkextractor");
        run.arg("--from").arg(&list).arg("--resume").arg(&results).args([
            "-j",
            "64",
            "--jobs-per-host",
            "16",
        ]);
        let mut child = run.stderr(Stdio::null()).spawn().expect("it starts");
        // Killed after every 15,000 pages.
        let ended = loop {
            if let Ok(ended) = tokio::time::timeout(Duration::from_millis(20), child.wait()).await {
                break Some(ended.expect("it can be waited for"));
            }
            peaks = peak(&child).unwrap_or_default().max(peaks);
            if lines(&results) >= killed_at + 15_000 {
                child.kill().await.expect("it can be killed");
                break None;
            }
            assert!(started.elapsed() < LONGEST, "{} lines after {LONGEST:?}", lines(&results));
        };
        killed_at = lines(&results);
        if let Some(ended) = ended {
            assert_eq!(ended.code(), Some(0));
            break;
        }
    }
    let text = fs::read_to_string(&results).expect("the results");
    let page = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a whole line");
        assert_eq!(line["count"], 2, "{line}");
        line["page"].as_str().expect("a page").to_owned()
    };
    let pages: Vec<String> = text.lines().map(page).collect();
    let once: HashSet<&String> = pages.iter().collect();
    assert_eq!((pages.len(), once.len()), (PAGES, PAGES), "nothing twice");
    assert!(targets.iter().all(|target| once.contains(target)), "nothing lost");
    assert!(peaks < MOST_MEMORY, "{peaks} KiB");
    println!("{PAGES} pages in {:?}, at most {peaks} KiB", started.elapsed());
}
