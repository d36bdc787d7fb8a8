//! SIGTERM and SIGINT drain, a second one ends at once, SIGHUP reads the configuration again.

mod common;

use common::{HELD, REST, program::Program, status, timed};
use rustix::process::Signal;
use std::time::Duration;

#[tokio::test]
async fn a_signal_drains_and_the_exit_is_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut program = Program::start(&[]).await;
        let mut client = program.connect().await;
        client.send(HELD).await;
        program.metric("linkextractor_http_requests_in_flight 1").await;
        program.signal(signal);
        program.line("stopping").await;
        client.send(REST).await;
        assert_eq!(status(&client.rest().await), 200);
        assert_eq!(program.ended().await.code(), Some(0), "after {signal:?}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let mut program = Program::start(&["--set", "limits.grace=1h", "--set", "limits.stall_timeout=1h"]).await;
    let mut client = program.connect().await;
    client.send(HELD).await;
    program.metric("linkextractor_http_requests_in_flight 1").await;
    program.signal(Signal::TERM);
    program.line("stopping").await;
    program.signal(Signal::TERM);
    let took = timed(async { assert_eq!(program.ended().await.code(), Some(143)) }).await;
    assert!(took.awake < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn sighup_reads_the_log_level_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("greeter.toml");
    std::fs::write(&file, "").unwrap();
    let mut program = Program::start(&["--config", file.to_str().unwrap()]).await;
    std::fs::write(&file, "nonsense = 1").unwrap();
    program.signal(Signal::HUP);
    let line = program.line("configuration not changed").await;
    assert!(line["error"].as_str().unwrap().contains("`nonsense`"), "{line}");
    std::fs::write(&file, "[log]\nlevel = \"debug\"").unwrap();
    program.signal(Signal::HUP);
    let line = program.line("configuration read again").await;
    assert_eq!((&line["log_level"], &line["after_restart"]), (&"debug".into(), &serde_json::Value::Null));
    program.get("/?query").await;
    assert_eq!(program.line("request").await["uri"], "/?query");
    std::fs::write(
        &file,
        "password = \"hunter2\"\n[log]\naccess = false\n[limits]\ngrace = \"20000ms\"\ndelay = \"1s\"",
    )
    .unwrap();
    program.signal(Signal::HUP);
    let line = program.line("configuration read again").await;
    assert_eq!(line["after_restart"], "limits.delay, log.access, password", "{line}");
    assert!(!line.to_string().contains("hunter2"), "{line}");
}
