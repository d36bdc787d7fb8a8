//! What people see on a terminal: the progress bar of a list, and the addresses of `serve`.

use e2e::{Client, Origin, Page, SERVE, Terminal};
use std::{fs, process::Stdio};
use tempfile::tempdir;

#[tokio::test]
async fn a_list_has_a_bar_with_what_is_done_and_failures_and_ends_with_a_summary() {
    let origin = Origin::start().await;
    let folder = tempdir().expect("a folder");
    let list = folder.path().join("list");
    let pages: Vec<String> = (0..40)
        .map(|n| origin.page(&format!("/?{n}"), Page::html("<a href=/x>x</a><a href=/y>y</a>")))
        .collect();
    let missing = pages[0].replace("/?0", "/missing");
    fs::write(&list, [std::slice::from_ref(&missing), &pages[..]].concat().join("\n")).expect("a file");
    let args = ["--from", list.to_str().expect("UTF-8"), "--jobs", "1", "-f", "text"];
    // The first page is held, so that the bar is seen before all is done.
    let mut run = {
        origin.hold();
        Terminal::start("linkextractor", &args, Stdio::null(), Some(Stdio::null()))
    };
    run.wait_for("the bar with the total", |screen| screen.contains("0/41") && screen.contains("0 failed"))
        .await;
    origin.release();
    let (code, screen) = run.end().await;
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines[0].starts_with(&format!("linkextractor: {missing}: ")), "{screen}");
    assert!(lines[1].starts_with("41 pages, 1 failed, 80 links in "), "{screen}");
    assert_eq!(lines.len(), 2, "the bar is gone: {screen}");
}

#[tokio::test]
async fn the_bar_shows_rates_failures_and_the_time_left_while_it_runs() {
    let origin = Origin::start().await;
    let pages: Vec<String> =
        (0..30).map(|n| origin.page(&format!("/?{n}"), Page::html("<a href=/x>x</a>"))).collect();
    let held = origin.page("/held", Page::html("<a href=/x>x</a>"));
    let folder = tempdir().expect("a folder");
    let list = folder.path().join("list");
    let missing = pages[0].replace("/?0", "/missing");
    fs::write(&list, [&[missing], &pages[..], &[held]].concat().join("\n")).expect("a file");
    let args = ["--from", list.to_str().expect("UTF-8"), "--jobs", "1", "--delay", "50ms"];
    let mut run = Terminal::start("linkextractor", &args, Stdio::null(), Some(Stdio::null()));
    let full = |screen: &str| {
        let bar = screen.lines().find(|line| line.contains("/32")).unwrap_or_default();
        ["1 failed", "pages/s", "links/s", "left"].iter().all(|word| bar.contains(word)) && bar.contains('█')
    };
    let screen = run.wait_for("a bar", full).await;
    assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    run.end().await;
}

#[tokio::test]
async fn a_list_from_a_pipe_is_counted_and_quiet_or_a_single_page_shows_nothing() {
    let (origin, page) = Origin::with_link().await;
    let args = ["--from", "-"];
    origin.hold();
    let mut run = Terminal::start("linkextractor", &args, Stdio::piped(), Some(Stdio::null()));
    let mut list = run.child().stdin.take().expect("piped");
    tokio::io::AsyncWriteExt::write_all(&mut list, format!("{page}\n{page}\n").as_bytes())
        .await
        .expect("it reads");
    run.wait_for("a count", |screen| screen.contains("0 failed")).await;
    assert!(!run.screen().contains("/2"), "the number is not known: {}", run.screen());
    drop(list);
    origin.release();
    let (code, screen) = run.end().await;
    assert!(code == Some(0) && screen.starts_with("2 pages, 0 failed, 2 links in "), "{screen}");

    for args in [&["-q", page.as_str(), page.as_str()][..], &[page.as_str()]] {
        let run = Terminal::start("linkextractor", args, Stdio::null(), Some(Stdio::null()));
        assert_eq!(run.end().await, (Some(0), String::new()), "{args:?}");
    }
}

#[tokio::test]
async fn serve_keeps_its_addresses_in_sight_below_short_access_lines() {
    let mut serve = Terminal::start("linkextractor", &SERVE, Stdio::null(), None);
    let screen = serve.wait_for("the addresses", |screen| screen.contains("Serving http://localhost:")).await;
    let opened = screen.split("Open http://localhost:").nth(1).expect("the first line names the address");
    let port = opened.split(' ').next().expect("a port").to_owned();
    assert!(screen.contains("--allow-private allows them"), "{screen}");
    for n in 0..40 {
        let page = Client::default().get(&format!("http://127.0.0.1:{port}/none-{n}")).await;
        assert_eq!(page.status, 404);
    }
    let line = format!("Serving http://localhost:{port} and the API at http://localhost:");
    let screen = serve
        .wait_for("the last request above the addresses", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            lines.last().is_some_and(|last| last.starts_with(&line))
                && screen.contains("web GET /none-39 404 ")
        })
        .await;
    assert_eq!(screen.matches("Serving").count(), 1, "{screen}");
    assert!(!screen.contains("Open http"), "it has scrolled away: {screen}");
    let id = serve.child().id().expect("it runs").cast_signed();
    let id = rustix::process::Pid::from_raw(id).expect("a process");
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it can be signalled");
    let (code, screen) = serve.end().await;
    assert!(code == Some(0) && !screen.contains("Serving"), "{code:?}: {screen}");
}
