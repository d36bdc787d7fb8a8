//! Running out of file descriptors is survived, and rarely comes to pass.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{
    Client,
    program::{Program, greeter},
    status,
};
use rustix::process::Signal;
use std::time::Instant;
use tokio::{net::TcpStream, process::Command};

/// The program with a limit of open files, soft and hard.
async fn limited(files: &str, arguments: &[&str]) -> Program {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--nofile={files}"))
        .arg(greeter().as_std().get_program())
        .args(arguments)
        .env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).kill_on_drop(true);
    Program::spawn(command).await
}

#[tokio::test]
async fn a_low_limit_lowers_the_number_of_connections() {
    let program = limited("256:256", &["--set", "limits.header_timeout=1h"]).await;
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(program.connect().await);
    }
    // Those over the limit wait in the kernel; some files are left for the admin listener.
    assert_eq!(status(&program.ask_admin(&common::get("/ready")).await), 200);
    program.metric("linkextractor_http_connections 192").await;
    drop(held);
    // All are served: none was refused.
    program.metric("linkextractor_http_connections_accepted_total 300").await;
    program.metric("linkextractor_http_connections 0").await;
    assert_eq!(status(&program.get("/").await), 200);
}

#[tokio::test]
async fn the_server_goes_on_after_it_had_no_descriptors_left() {
    let mut program = limited("64:64", &["--set", "limits.header_timeout=1h"]).await;
    let mut held = Vec::new();
    for _ in 0..48 {
        held.push(program.connect().await);
    }
    for _ in 0..60 {
        held.push(Client(TcpStream::connect(program.admin).await.unwrap()));
    }
    program.line("cannot accept").await;
    drop(held);
    assert_eq!(status(&program.get("/").await), 200);
}

#[tokio::test]
async fn that_no_descriptor_is_left_is_logged_once_a_second_at_most() {
    let begun = Instant::now();
    let mut program = limited("64:64", &["--set", "limits.header_timeout=1h"]).await;
    let mut admins = Vec::new();
    for _ in 0..120 {
        admins.push(Client(TcpStream::connect(program.admin).await.unwrap()));
    }
    let mut before = program.lines_until("cannot accept").await;
    // Each that leaves makes room for one of those that wait.
    let mut stays = admins.remove(0);
    for leaves in admins.drain(..40) {
        drop(leaves);
        stays.send(common::get_kept("/live")).await;
        stays.until("alive\n").await;
    }
    program.signal(Signal::TERM);
    before.extend(program.lines_until("stopped").await);
    let said = before.iter().filter(|line| line["message"] == "cannot accept").count();
    assert!(said as u64 <= begun.elapsed().as_secs() + 1, "{said} times in {:?}", begun.elapsed());
}

#[tokio::test]
async fn the_soft_limit_is_raised() {
    let program = limited("64:1024", &[]).await;
    let metrics = program.ask_admin(&common::get("/metrics")).await;
    assert!(metrics.contains("\nlinkextractor_process_max_fds 1024\n"), "{metrics}");
}
