//! `slowhttptest` in its three modes, all at once, takes neither program from others.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Program, Wire, installed, wait_for_metric};
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{process::Command, task::JoinSet};

/// What others must be served within, on however busy a machine: sooner than the tool is done.
const SOON: Duration = Duration::from_secs(6);
/// Of each mode, so long: `-c` connections in all, `-r` a second, `-l` seconds, a word every `-i` seconds.
const EACH: [&str; 8] = ["-c", "500", "-r", "250", "-l", "10", "-i", "1"];

#[tokio::test]
async fn slow_headers_bodies_and_readers_take_it_from_nobody() {
    let Some(tool) = installed("slowhttptest") else { return };
    e2e::raise_open_files();
    let quiet = ("LINKEXTRACTOR_API_LOG__ACCESS", "false");
    let api = e2e::api(&[quiet]).await;
    let web = e2e::web(api.address("service"), &[("LINKEXTRACTOR_WEB_LOG__ACCESS", "false")]).await;
    let of_the_api: [&[&str]; 3] =
        [&["-H", "/"], &["-B", "/api", "-f", "text/uri-list"], &["-X", "/openapi.json", "-k", "10"]];
    let of_the_web: [&[&str]; 3] = [&["-H", "/"], &["-B", "/"], &["-X", "/style.css", "-k", "10"]];
    let mut attacks = JoinSet::new();
    for (server, modes) in [(&api, of_the_api), (&web, of_the_web)] {
        for mode in modes {
            attacks.spawn(attack(&tool, server, mode));
        }
    }
    let mut times = Vec::new();
    while !attacks.is_empty() {
        for server in [&api, &web] {
            times.push(answered(server).await);
        }
        while let Some(attack) = attacks.try_join_next() {
            attack.unwrap();
        }
    }
    let longest = times.iter().max().unwrap();
    println!("{} others were served meanwhile, all within {longest:?}", times.len());
    assert!(*longest < SOON, "one of the others waited for {longest:?}");
    for server in [&api, &web] {
        wait_for_metric(server, "http_connections", |open| open == 0).await;
        answered(server).await;
    }
}

/// Runs the tool to its end. `mode`: the mode, the path, and what else is wanted.
fn attack(tool: &Path, server: &Program, mode: &[&str]) -> impl Future<Output = ()> + Send + use<> {
    let url = format!("http://{}{}", server.address("service"), mode[1]);
    let mut command = Command::new(tool);
    command.arg(mode[0]).args(EACH).args(["-u", &url, "-p", "5"]).args(&mode[2..]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let what = format!("{} {url}", mode[0]);
    async move {
        let output = e2e::within(&what, command.output()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{what}: {said}");
        // The last word, of the report that it makes every five seconds and at its end.
        let available = said.rsplit("service available:").next().unwrap();
        assert!(said.contains("service available:") && available.contains("YES"), "{what}: {said}");
    }
}

/// The time that another's request takes: an answer must come.
async fn answered(server: &Program) -> Duration {
    let begun = Instant::now();
    let mut wire = Wire::connect(server.address("service")).await;
    wire.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(wire.answer().await.expect("an answer").status, 200);
    begun.elapsed()
}
