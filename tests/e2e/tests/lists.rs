//! Lists of targets on the command line: read while they are worked on, interrupted, and resumed.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

use e2e::{Origin, Page, command, run, within};
use http::StatusCode;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};
use tempfile::tempdir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Child,
};

fn interrupt(child: &Child) {
    let id = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
}

fn pages(ndjson: &str) -> Vec<String> {
    let page = |line: &str| serde_json::from_str::<Value>(line).unwrap()["page"].as_str().unwrap().to_owned();
    ndjson.lines().map(page).collect()
}

#[tokio::test]
async fn results_are_written_while_the_list_is_still_being_read() {
    let (_origin, page) = Origin::with_link().await;
    let mut child = command("linkextractor")
        .args(["--from", "-", "-f", "text"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut list = child.stdin.take().unwrap();
    let mut links = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        list.write_all(format!("{page}\n").as_bytes()).await.unwrap();
        let line = within("a result", links.next_line()).await.unwrap();
        assert_eq!(line, Some(format!("{page}x")));
    }
    drop(list);
    assert_eq!(within("the end", child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn at_most_four_pages_of_a_host_are_fetched_at_once_and_others_are_not_held_up() {
    let (origin, page) = Origin::with_link().await;
    origin.hold();
    let other = page.replace("127.0.0.1", "127.0.0.2");
    let list = format!("{page}\n").repeat(10) + &other;
    let args = ["--from", "-", "--jobs", "64", "-f", "text"];
    let answer = async {
        origin.wait_for_requests(5).await;
        assert_eq!(origin.requests(), 5, "four at one host and one at the other");
        origin.release();
    };
    let (output, ()) = tokio::join!(run("linkextractor", &args, list.as_bytes()), answer);
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 11), "{}", output.stderr);
}

#[tokio::test]
async fn requests_to_one_host_are_a_delay_apart() {
    let (_origin, page) = Origin::with_link().await;
    let list = format!("{page}\n").repeat(4);
    let started = Instant::now();
    let output = run("linkextractor", &["--from", "-", "--delay", "200ms"], list.as_bytes()).await;
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 4));
    assert!(started.elapsed() >= Duration::from_millis(600), "{:?}", started.elapsed());
}

#[tokio::test]
async fn ndjson_comes_as_pages_are_done_and_in_order_on_request() {
    let origin = Origin::start().await;
    let slow =
        origin.page("/slow", Page::new(StatusCode::SERVICE_UNAVAILABLE, "").header("retry-after", "1"));
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<a href=http://h/>x</a>").unwrap();
    let file = file.to_str().unwrap();
    let done = run("linkextractor", &["-f", "ndjson", &slow, file], b"").await;
    assert_eq!(pages(&done.stdout), [file, &slow], "{}", done.stderr);
    let ordered = run("linkextractor", &["-f", "ndjson", "--ordered", &slow, file], b"").await;
    assert_eq!(pages(&ordered.stdout), [&slow, file], "{}", ordered.stderr);
}

#[tokio::test]
async fn a_named_pipe_among_files_holds_up_none_of_them() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let pipe = path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    let names: Vec<String> = (0..100).map(|n| if n == 7 { "pipe".into() } else { n.to_string() }).collect();
    for name in names.iter().filter(|name| *name != "pipe") {
        fs::write(path(name), format!("<a href={name}>x</a>")).unwrap();
    }
    fs::write(path("list"), names.join("\n")).unwrap();
    let mut child = command("linkextractor")
        .args(["--from", "list", "-f", "ndjson"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut found = Vec::new();
    for _ in 0..99 {
        found.extend(pages(&within("a result", lines.next_line()).await.unwrap().unwrap()));
    }
    fs::write(&pipe, "<a href=y>y</a>").unwrap();
    found.extend(pages(&within("the pipe's", lines.next_line()).await.unwrap().unwrap()));
    assert_eq!(found.pop().as_deref(), Some("pipe"));
    assert_eq!(within("the end", child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn pages_that_are_due_again_do_not_wait_for_the_last_file() {
    let (origin, page) = Origin::with_link().await;
    let unavailable = || Page::new(StatusCode::SERVICE_UNAVAILABLE, "");
    let with_time = origin.page("/with-time", unavailable().header("retry-after", "1"));
    let without = origin.page("/without", unavailable());
    let of_hosts = [
        page.clone(),
        format!("{page}#2"),
        format!("{page}#3"),
        with_time.replace("127.0.0.1", "127.0.0.2"),
        without.replace("127.0.0.1", "127.0.0.3"),
    ];
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("file"), "<a href=http://h/>x</a>").unwrap();
    let mut child = command("linkextractor")
        .args(["--from", "-", "-f", "ndjson", "--delay", "100ms", "--retries", "1"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut list = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    list.write_all((of_hosts.join("\n") + "\n").as_bytes()).await.unwrap();
    // The list has more files for as long as a page of a host is missing.
    let files = "file\n".repeat(100);
    let endless = async { while list.write_all(files.as_bytes()).await.is_ok() {} };
    let mut missing = HashSet::from(of_hosts);
    let all_found = async {
        while !missing.is_empty() {
            for page in pages(&lines.next_line().await.unwrap().unwrap()) {
                missing.remove(&page);
            }
        }
    };
    tokio::select! {
        () = endless => panic!("it ended before its list"),
        () = within("the pages of hosts", all_found) => {}
    }
    drop(list);
    let count = async {
        let mut count = 0;
        while lines.next_line().await.unwrap().is_some() {
            count += 1;
        }
        count
    };
    assert_ne!(within("the rest", count).await, 0, "files come after them");
    assert_eq!(within("the end", child.wait()).await.unwrap().code(), Some(1));
    assert_eq!(origin.requests(), 3 + 3 + 2, "after the time that the host named, and once more");
}

#[tokio::test]
async fn a_page_of_a_host_is_fetched_beside_the_files_before_it() {
    let (origin, page) = Origin::with_link().await;
    let folder = tempdir().unwrap();
    // So large that a batch has few of them.
    fs::write(folder.path().join("file"), "<a href=http://host.example/path>text</a>\n".repeat(1000))
        .unwrap();
    // Most of them still wait when all jobs that files may have are taken.
    let files = 4 * 64 * thread::available_parallelism().unwrap().get();
    fs::write(folder.path().join("list"), "file\n".repeat(files) + &page).unwrap();
    let mut child = command("linkextractor")
        .args(["--from", "list", "-f", "ndjson", "--jobs", "256"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..files / 2 {
        within("a result", lines.next_line()).await.unwrap().unwrap();
    }
    // Nothing more can be written meanwhile, so the other files still wait.
    origin.wait_for_requests(1).await;
    let mut rest = 0;
    while within("the rest", lines.next_line()).await.unwrap().is_some() {
        rest += 1;
    }
    assert_eq!(rest, files + 1 - files / 2);
    assert_eq!(within("the end", child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn csv_of_a_list_always_has_the_page() {
    let (_origin, page) = Origin::with_link().await;
    let output = run("linkextractor", &["--from", "-", "-f", "csv"], page.as_bytes()).await;
    assert_eq!(output.stdout, format!("page,text,href\r\n{page},x,{page}x\r\n"));
    let output = run("linkextractor", &["--from", "-", "-f", "json"], b"").await;
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "[]\n"));
}

#[tokio::test]
async fn a_summary_ends_the_run_if_it_is_wanted() {
    let (_origin, page) = Origin::with_link().await;
    let list = format!("{page}\n{page}\nno-such-file\n");
    let output = run("linkextractor", &["--from", "-", "--summary"], list.as_bytes()).await;
    let summary = output.stderr.lines().last().unwrap();
    assert!(summary.starts_with("3 pages, 1 failed, 2 links in ") && summary.ends_with(" s"), "{summary}");
    let output = run("linkextractor", &["--from", "-"], list.as_bytes()).await;
    assert_eq!(output.stderr.lines().count(), 1, "no terminal, no summary: {}", output.stderr);
}

/// The pages in a file of results, each with how often it is there.
fn counted(file: &Path) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for page in pages(&fs::read_to_string(file).unwrap()) {
        *counts.entry(page).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn files_whose_names_are_not_utf_8_are_told_apart() {
    let folder = tempdir().unwrap();
    let mut list = Vec::new();
    for byte in [0xe8, 0xe9] {
        let name = [b"caf".as_slice(), &[byte], b".html"].concat();
        let file = folder.path().join(OsStr::from_bytes(&name));
        fs::write(&file, "<a href=http://h/>x</a>").unwrap();
        list.extend_from_slice(file.as_os_str().as_bytes());
        list.push(b'\n');
    }
    let results = folder.path().join("results");
    for _ in 0..2 {
        let output =
            run("linkextractor", &["--from", "-", "--resume", results.to_str().unwrap()], &list).await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let done = pages(&fs::read_to_string(&results).unwrap());
        assert_eq!(done.len(), 2);
        assert!(done.iter().any(|page| page.ends_with("caf%E9.html")), "{done:?}");
    }
}

#[tokio::test]
async fn a_run_is_resumed_after_a_torn_line_and_does_nothing_twice() {
    let (origin, page) = Origin::with_link().await;
    let folder = tempdir().unwrap();
    let file = folder.path().join("results");
    let results = file.to_str().unwrap();
    let targets: Vec<String> = (0..20).map(|number| format!("{page}{number}")).collect();
    for (number, _) in targets.iter().enumerate().skip(5) {
        origin.page(&format!("/{number}"), Page::html("<a href=/x>x</a>"));
    }
    let list = targets.join("\n") + "\n" + &targets.join("\n");
    let first = run("linkextractor", &["--from", "-", "--resume", results], list.as_bytes()).await;
    assert_eq!((first.code, first.stdout.as_str(), origin.requests()), (Some(1), "", 20), "{}", first.stderr);
    assert_eq!(first.stderr.lines().count(), 5);

    // The last line of a killed run.
    let mut written = fs::read(&file).unwrap();
    written.extend(format!("{{\"page\":\"{page}21\",\"li").as_bytes());
    fs::write(&file, written).unwrap();
    let list = list + &format!("\n{page}21\n");
    let second = run("linkextractor", &["--from", "-", "--resume", results], list.as_bytes()).await;
    assert_eq!((second.code, origin.requests()), (Some(1), 21), "{}", second.stderr);
    let counts = counted(&file);
    assert_eq!((counts.len(), counts.values().max()), (21, Some(&1)));

    origin.page("/0", Page::html("<a href=/x>x</a>"));
    let args = ["--from", "-", "--resume", results, "--retry-failed"];
    let third = run("linkextractor", &args, list.as_bytes()).await;
    assert_eq!((third.code, origin.requests()), (Some(1), 27), "only the six that failed: {}", third.stderr);
    let fourth = run("linkextractor", &args, list.as_bytes()).await;
    assert_eq!(
        (fourth.code, origin.requests()),
        (Some(1), 32),
        "one of them has succeeded: {}",
        fourth.stderr
    );
}

#[tokio::test]
async fn zeros_that_a_power_loss_left_at_the_end_are_dropped() {
    let folder = tempdir().unwrap();
    let [file, page] = ["results", "page.html"].map(|name| folder.path().join(name));
    fs::write(&page, "<a href=/x>x</a>").unwrap();
    let page = page.to_str().unwrap();
    let resume = async || {
        run("linkextractor", &["--from", "-", "--resume", file.to_str().unwrap()], page.as_bytes()).await
    };
    let other = "{\"page\":\"other\",\"links\":[]}\n";
    let many = "\0".repeat(200_000);
    for end in ["\0", &many, "{\"pa\0\0", "{\"page\":\"x\",\"li\0", &format!("{{\"page\":\"x{many}")] {
        fs::write(&file, other.to_owned() + end).unwrap();
        let output = resume().await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(pages(&fs::read_to_string(&file).unwrap()), ["other", page]);
    }
    fs::write(&file, &many).unwrap();
    assert_eq!(resume().await.code, Some(0));
    assert_eq!(pages(&fs::read_to_string(&file).unwrap()), [page]);
    for content in [format!("{many}data{many}"), format!("{other}{many}{other}"), format!("text{many}")] {
        fs::write(&file, &content).unwrap();
        let output = resume().await;
        assert_eq!(output.code, Some(1), "{}", output.stderr);
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
}

#[tokio::test]
async fn a_file_of_something_else_is_not_resumed_and_stays_as_it_is() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("urls.txt");
    fs::write(&file, "http://127.0.0.1:1/\nhttp://127.0.0.1:1/b").unwrap();
    let path = file.to_str().unwrap();
    let output = run("linkextractor", &["--from", "-", "--resume", path], b"http://127.0.0.1:1/").await;
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("left as it is"), "{}", output.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "http://127.0.0.1:1/\nhttp://127.0.0.1:1/b");
}

#[tokio::test]
async fn wrong_usage_of_list_options() {
    let rows: [&[&str]; 6] = [
        &["--resume", "f", "-o", "g", "x"],
        &["--resume", "f", "-f", "csv", "x"],
        &["--retry-failed", "x"],
        &["--jobs", "0", "x"],
        &["--jobs", "257", "x"],
        &["--from", "/no/such/list"],
    ];
    for args in rows {
        let output = run("linkextractor", args, b"").await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(!output.stderr.contains("os error"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn an_interrupt_finishes_what_is_in_progress_and_a_second_one_ends_at_once() {
    let (origin, page) = Origin::with_link().await;
    let folder = tempdir().unwrap();
    let file = folder.path().join("results");
    let list = folder.path().join("list");
    for number in 0..20 {
        origin.page(&format!("/?{number}"), Page::html("<a href=/x>x</a>"));
    }
    fs::write(&list, (0..20).map(|number| format!("{page}?{number}")).collect::<Vec<_>>().join("\n"))
        .unwrap();
    let start = || {
        let mut run = command("linkextractor");
        run.arg("--from").arg(&list).arg("--resume").arg(&file).stderr(Stdio::piped());
        run.spawn().unwrap()
    };
    origin.hold();
    let child = start();
    origin.wait_for_requests(4).await;
    interrupt(&child);
    // What waits for its host is not begun any more.
    origin.release();
    let output = within("the end", child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(130));
    let done = counted(&file);
    assert!(done.len() >= 4, "{done:?}");

    origin.hold();
    let before = origin.requests();
    let mut child = start();
    origin.wait_for_requests(before + 1).await;
    interrupt(&child);
    interrupt(&child);
    let started = Instant::now();
    // Two signals that arrive together are one: send more until it has ended.
    let ended = loop {
        match tokio::time::timeout(Duration::from_millis(50), child.wait()).await {
            Ok(ended) => break ended.unwrap(),
            Err(_) => interrupt(&child),
        }
    };
    assert_eq!(ended.code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    origin.release();

    let output = within("the end", start().wait_with_output()).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let counts = counted(&file);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test]
async fn an_interrupt_ends_a_single_target_at_once() {
    let (origin, page) = Origin::with_link().await;
    origin.hold();
    let mut child = command("linkextractor").arg(&page).spawn().unwrap();
    origin.wait_for_requests(1).await;
    interrupt(&child);
    let started = Instant::now();
    assert_eq!(within("the end", child.wait()).await.unwrap().code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(4));
}
