//! Both servers answer other clients during `slowhttptest` attacks in all three modes.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Program, Wire, installed, wait_for_metric};
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{process::Command, task::JoinSet};

/// The longest response time for other clients; shorter than an attack.
const LONGEST: Duration = Duration::from_secs(6);
/// Options of each attack: `-c` connections, `-r` a second, `-l` seconds long, data every `-i` seconds.
const EACH: [&str; 8] = ["-c", "500", "-r", "250", "-l", "10", "-i", "1"];

#[tokio::test]
async fn slow_headers_bodies_and_readers_do_not_stop_service_to_others() {
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
            times.push(response_time(server).await);
        }
        while let Some(attack) = attacks.try_join_next() {
            attack.unwrap();
        }
    }
    let longest = times.iter().max().unwrap();
    println!("{} other requests, the slowest answered in {longest:?}", times.len());
    assert!(*longest < LONGEST, "another client waited for {longest:?}");
    for server in [&api, &web] {
        wait_for_metric(server, "linkextractor_http_connections", |open| open == 0).await;
        response_time(server).await;
    }
}

/// Runs the tool to its end. `mode` has the mode, the path and further options.
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
        // The last of its reports.
        let available = said.rsplit("service available:").next().unwrap();
        assert!(said.contains("service available:") && available.contains("YES"), "{what}: {said}");
    }
}

/// The response time of another client.
async fn response_time(server: &Program) -> Duration {
    let begun = Instant::now();
    let mut wire = Wire::connect(server.address("service")).await;
    wire.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!(wire.answer().await.expect("an answer").status, 200);
    begun.elapsed()
}
