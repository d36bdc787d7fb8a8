//! Service managers: inherited sockets, notifications, watchdog, restricted /proc.

mod common;

use common::{
    get,
    program::{Program, greeter},
    status, within,
};
use rustix::process::Signal;
use std::{
    net::TcpListener,
    os::fd::OwnedFd,
    process::Stdio,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{net::UnixDatagram, process::Command};

/// The program, to be passed two sockets as a service manager does: as descriptors 3 and 4, with these names.
fn activated(names: &str, admin: &str, one: TcpListener, two: TcpListener) -> Command {
    let mut command = Command::new("sh");
    command.env_clear().kill_on_drop(true).env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", names);
    command.arg("-c").arg("exec 3<&0 4>&1 </dev/null >/dev/null; LISTEN_PID=$$ exec \"$0\" \"$@\"");
    command.arg(greeter().as_std().get_program());
    // An address that cannot be bound here.
    command.args(["--listen", "192.0.2.1:1", "--admin-listen", admin]);
    command.stdin(OwnedFd::from(one)).stdout(OwnedFd::from(two));
    command
}

#[tokio::test]
async fn sockets_are_taken_by_name() {
    for (names, swapped) in [
        ("service:admin", false),
        ("admin:service", true),
        ("greeter-admin.socket:greeter.socket", true),
        ("unknown:unknown", false),
    ] {
        let [one, two] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let mut expected = [one.local_addr().unwrap(), two.local_addr().unwrap()];
        if swapped {
            expected.reverse();
        }
        let program = Program::spawn(activated(names, "192.0.2.1:2", one, two)).await;
        assert_eq!([program.address, program.admin], expected, "{names}");
        assert_eq!(status(&program.get("/").await), 200);
        assert_eq!(status(&program.ask_admin(&get("/ready")).await), 200);
    }
}

#[tokio::test]
async fn a_socket_that_fits_nothing_is_an_error_that_names_it() {
    for (names, admin, left) in [
        ("service:web", "127.0.0.1:0", "`web`"),
        ("service:service", "127.0.0.1:0", "`service`"),
        // Without admin routes none of the sockets is for them.
        ("unknown:unknown", "none", "`unknown`"),
    ] {
        let [one, two] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let program = activated(names, admin, one, two).stderr(Stdio::piped()).spawn().unwrap();
        let output = within(program.wait_with_output()).await.unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(&format!("inherited socket {left}")), "{log}");
    }
}

#[tokio::test]
async fn the_service_manager_is_notified_of_ready_reloading_watchdog_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let notified = async |expected: &str| {
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
    notified("READY=1").await;
    for _ in 0..3 {
        notified("WATCHDOG=1").await;
    }
    program.signal(Signal::HUP);
    assert!(notified("RELOADING=1").await.contains("MONOTONIC_USEC="));
    notified("READY=1").await;
    program.signal(Signal::TERM);
    notified("STOPPING=1").await;
    assert!(program.ended().await.success());
}

#[tokio::test]
async fn the_start_time_is_known_where_proc_shows_processes_only() {
    // `ProcSubset=pid` of a unit.
    let mount = "mount -t proc -o subset=pid proc /proc && ";
    let in_namespace = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &format!("{mount}{script}")]).kill_on_drop(true);
        command
    };
    if !in_namespace("! test -e /proc/stat").status().await.is_ok_and(|status| status.success()) {
        eprintln!("skipped: /proc cannot be mounted with subset=pid here");
        return;
    }
    let mut command = in_namespace("exec \"$0\"");
    command.arg(greeter().as_std().get_program()).stdin(Stdio::null());
    let program = Program::spawn(command).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let metrics = program.ask_admin(&get("/metrics")).await;
    let start = metrics
        .lines()
        .find_map(|line| line.strip_prefix("linkextractor_process_start_time_seconds "))
        .unwrap();
    let start: f64 = start.parse().unwrap();
    assert!((now - 60.0..now + 0.1).contains(&start), "{start} at {now}");
}
