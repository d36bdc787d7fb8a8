//! SIGTERM and SIGINT drain, a second one ends at once, SIGHUP reads the configuration again.

mod common;

use common::{get, program::Program, status};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_signal_drains_and_the_exit_is_0() {
    for signal in ["TERM", "INT"] {
        let mut program = Program::start(&[]).await;
        let mut client = program.connect().await;
        client.send(get("/slow?500")).await;
        while !program.ask_admin(&get("/metrics")).await.contains("\nhttp_requests_in_flight 1\n") {}
        program.signal(signal).await;
        assert_eq!(status(&client.rest().await), 200);
        assert_eq!(program.ended().await.code(), Some(0), "after {signal}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let mut program = Program::start(&[]).await;
    let mut client = program.connect().await;
    client.send(get("/slow?60000")).await;
    while !program.ask_admin(&get("/metrics")).await.contains("\nhttp_requests_in_flight 1\n") {}
    program.signal("TERM").await;
    program.line("stopping").await;
    let begun = Instant::now();
    program.signal("TERM").await;
    assert_eq!(program.ended().await.code(), Some(143));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_hangup_reads_the_log_level_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("greeter.toml");
    std::fs::write(&file, "").unwrap();
    let mut program = Program::start(&["--config", file.to_str().unwrap()]).await;
    std::fs::write(&file, "nonsense = 1").unwrap();
    program.signal("HUP").await;
    let line = program.line("configuration not changed").await;
    assert!(line["error"].as_str().unwrap().contains("`nonsense`"), "{line}");
    std::fs::write(&file, "[log]\nlevel = \"debug\"").unwrap();
    program.signal("HUP").await;
    assert_eq!(program.line("configuration read again").await["log_level"], "debug");
    program.get("/?query").await;
    assert_eq!(program.line("request").await["uri"], "/?query");
}
