//! What a service manager passes and is told: sockets, readiness, watchdog.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{
    get,
    program::{Program, greeter},
    status, within,
};
use std::{net::SocketAddr, os::fd::AsRawFd};
use tokio::{net::UnixDatagram, process::Command};

/// The program started with these sockets and names by systemd's own tool.
async fn activated(sockets: &[SocketAddr], names: &str) -> Program {
    let mut command = Command::new("systemd-socket-activate");
    for socket in sockets {
        command.args(["--listen", &socket.to_string()]);
    }
    if !names.is_empty() {
        command.args(["--fdname", names]);
    }
    let inner = greeter();
    let program = inner.as_std().get_program().to_owned();
    command
        .arg(program)
        .args(["--listen", "192.0.2.1:1", "--admin-listen", "192.0.2.1:2"])
        .kill_on_drop(true);
    // It starts the program at the first connection: have one wait.
    for socket in sockets {
        let socket = *socket;
        tokio::spawn(async move {
            while tokio::net::TcpStream::connect(socket).await.is_err() {
                tokio::task::yield_now().await;
            }
        });
    }
    Program::spawn(command).await
}

/// Free addresses, as far as one can know: the tool cannot bind port 0 and say which.
fn free(count: usize) -> Vec<SocketAddr> {
    let held: Vec<_> = (0..count).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|socket| socket.local_addr().unwrap()).collect()
}

#[tokio::test]
async fn sockets_are_taken_by_name() {
    if Command::new("systemd-socket-activate").arg("--version").output().await.is_err() {
        eprintln!("systemd-socket-activate is missing: nothing was tested");
        return;
    }
    let sockets = free(2);
    for (names, service, admin) in
        [("admin:service", 1, 0), ("greeter.socket:greeter-admin.socket", 0, 1), ("", 0, 1)]
    {
        let program = activated(&sockets, names).await;
        assert_eq!(program.address, sockets[service], "{names}");
        assert_eq!(program.admin, sockets[admin], "{names}");
        assert_eq!(status(&program.get("/").await), 200);
        assert_eq!(status(&program.ask_admin(&get("/ready")).await), 200);
    }
}

#[tokio::test]
async fn the_manager_is_told_ready_reloading_watchdog_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    assert!(manager.as_raw_fd() > 0);
    let told = async |expected: &str| {
        let mut buffer = [0; 1024];
        within(async {
            loop {
                let length = manager.recv(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.contains(expected) {
                    return text;
                }
            }
        })
        .await
    };
    let mut command = greeter();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let mut program = Program::spawn(command).await;
    told("READY=1").await;
    for _ in 0..3 {
        told("WATCHDOG=1").await;
    }
    program.signal("HUP").await;
    assert!(told("RELOADING=1").await.contains("MONOTONIC_USEC="));
    told("READY=1").await;
    program.signal("TERM").await;
    told("STOPPING=1").await;
    assert!(program.ended().await.success());
}
