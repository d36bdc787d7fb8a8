//! The names that users of `curl`, `wget` and `lychee` know do what the options do.

use e2e::{Origin, Page, run};
use http::StatusCode;
use std::{
    fs,
    time::{Duration, Instant},
};
use tempfile::tempdir;

#[tokio::test]
async fn names_of_other_tools_do_what_the_options_do() {
    let (origin, page) = Origin::with_link().await;
    let folder = tempdir().expect("a folder");
    let [list, out] = ["list", "out"].map(|name| folder.path().join(name).display().to_string());
    fs::write(&list, format!("{page}\n{page}\n")).expect("a file");
    let found = format!("{page}x\n");
    let around = origin.page("/around", Page::new(StatusCode::FOUND, "").header("location", "/around"));
    let large = origin.page("/large", Page::html("x".repeat(3000)));

    let output = run("linkextractor", &["-f", "text", "--output-document", &out, &page], b"").await;
    assert_eq!((output.code, fs::read_to_string(&out).expect("a file")), (Some(0), found.clone()));
    let output = run("linkextractor", &["-f", "text", "--input-file", &list], b"").await;
    assert_eq!((output.code, output.stdout), (Some(0), found.repeat(2)));
    let output = run("linkextractor", &["--silent", "--summary", &page, &page], b"").await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    let output = run("linkextractor", &["--basic-auth", "me:pw", &page], b"").await;
    assert_eq!(
        (output.code, origin.last_field("authorization").as_deref()),
        (Some(0), Some("Basic bWU6cHc="))
    );
    let output = run("linkextractor", &["--no-check-certificate", &page], b"").await;
    assert!(output.code == Some(0) && output.stderr.contains("--insecure"), "{}", output.stderr);
    for (name, value, page, limit) in [
        ("--max-redirect", "3", &around, "3 redirects"),
        ("--max-redirs", "2", &around, "2 redirects"),
        ("--max-filesize", "2kB", &large, "2kB"),
    ] {
        let output = run("linkextractor", &[name, value, page], b"").await;
        assert!(output.code == Some(1) && output.stderr.contains(limit), "{name}: {}", output.stderr);
    }
}

#[tokio::test]
async fn names_of_other_tools_set_times_and_tries() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::new(StatusCode::BAD_GATEWAY, ""));
    for (done, name) in ["--max-retries", "--retry", "--retries"].into_iter().enumerate() {
        let output = run("linkextractor", &[name, "1", &page], b"").await;
        assert_eq!((output.code, origin.requests()), (Some(1), 2 * (done + 1)), "{name}");
    }
    let page = origin.page("/", Page::html("<a href=/x>x</a>"));
    for (name, time) in [("--wait", "0.2"), ("--host-request-interval", "200ms")] {
        let started = Instant::now();
        let output = run("linkextractor", &[name, time, &page, &page, &page], b"").await;
        assert!(output.code == Some(0) && started.elapsed() >= Duration::from_millis(400), "{name}");
    }
    origin.hold();
    let output = run("linkextractor", &["--max-time", "0.1", &page], b"").await;
    assert!(output.code == Some(1) && output.stderr.contains("timed out after 100ms"), "{}", output.stderr);
}

#[tokio::test]
async fn names_of_lychee_set_how_many_pages_are_fetched_at_once() {
    let (origin, page) = Origin::with_link().await;
    let list = format!("{page}\n").repeat(9);
    for (args, at_once) in [
        (["--max-concurrency", "2"], 2),
        (["-j", "3"], 3),
        (["--host-concurrency", "5"], 5),
        (["--jobs-per-host", "6"], 6),
    ] {
        origin.hold();
        let before = origin.requests();
        let args = [&["--from", "-"], &args[..]].concat();
        let held = async {
            origin.wait_for_requests(before + at_once).await;
            let begun = origin.requests() - before;
            origin.release();
            begun
        };
        let (output, begun) = tokio::join!(run("linkextractor", &args, list.as_bytes()), held);
        assert_eq!((output.code, begun), (Some(0), at_once), "{args:?}: {}", output.stderr);
    }
}
