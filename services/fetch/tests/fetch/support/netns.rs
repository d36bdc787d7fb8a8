//! A network namespace where every address there is leads to this process: what is public there is real, and
//! what must not be reached could be.

use std::{
    env, fs,
    process::{Command, Stdio},
};

/// Set in the process that runs inside.
const INSIDE: &str = "FETCH_TESTS_IN_NAMESPACE";

/// Runs `test`, named `name`, in a process of its own in a new network and mount namespace. Every IPv4 and IPv6
/// address is local there, and `resolv_conf` is the system's.
pub(crate) fn run(name: &str, resolv_conf: &str, test: impl Future<Output = ()>) {
    if env::var_os(INSIDE).is_some() {
        setup(resolv_conf);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(test);
    }
    let Some(unshare) = unshare() else {
        // A machine that forbids namespaces cannot run this; one that tests changes does not forbid them.
        assert!(env::var_os("CI").is_none(), "{name}: no namespaces here: run as root");
        eprintln!("{name}: SKIPPED: needs root, or user namespaces, for a network namespace");
        return;
    };
    let status = Command::new("unshare")
        .args(unshare)
        .arg("--")
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{name} failed in its namespace");
}

/// The arguments with which namespaces can be had here, if any.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--net", "--mount"], &["--net", "--mount", "--map-root-user"]];
    ways.into_iter().find(|way| {
        let script = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo";
        let tried =
            Command::new("unshare").args(*way).args(["sh", "-c", script]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}

fn setup(resolv_conf: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), resolv_conf).unwrap();
    let mount = format!("mount --bind {} /etc/resolv.conf", file.path().display());
    for command in [
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
        mount.as_str(),
    ] {
        let mut words = command.split(' ');
        let status = Command::new(words.next().unwrap()).args(words).status().unwrap();
        assert!(status.success(), "{command}");
    }
}

/// How many TCP connections this namespace has begun: a refused destination must not add one.
pub(crate) fn connections_begun() -> u64 {
    let snmp = fs::read_to_string("/proc/net/snmp").unwrap();
    let mut tcp = snmp.lines().filter(|line| line.starts_with("Tcp:"));
    let names = tcp.next().unwrap().split(' ');
    let mut fields = names.zip(tcp.next().unwrap().split(' '));
    fields.find(|(name, _)| *name == "ActiveOpens").unwrap().1.parse().unwrap()
}
