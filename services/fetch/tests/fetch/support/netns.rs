//! A network namespace where every address is local: public addresses can be served there, and private ones could be
//! reached by mistake.

use super::alone;
use std::{
    env, fs,
    io::{self, Write},
    process::{Command, Stdio},
};

/// The system's files inside; they may be written to.
#[derive(Clone, Copy)]
pub(crate) struct Files {
    pub(crate) resolv_conf: &'static str,
    pub(crate) hosts: &'static str,
}

/// A name server on the machine itself, and nothing in the hosts file.
pub(crate) const LOCAL: Files = Files { resolv_conf: "nameserver 127.0.0.1\n", hosts: "" };

/// Runs `test`, named `name`, in a process of its own in a new network and mount namespace. Every IPv4 and IPv6
/// address is local there, and `files` are the system's.
pub(crate) fn run(name: &str, files: Files, test: impl Future<Output = ()>) {
    if alone::is_alone() {
        setup(files);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(test);
    }
    let Some(unshare) = unshare() else {
        // Skipped where namespaces are forbidden, which they are not where changes are tested.
        assert!(env::var_os("CI").is_none(), "{name}: no namespaces here: run as root");
        // Not by `eprintln!`, which tests do not show when they pass.
        let _ = writeln!(
            io::stderr(),
            "{name}: SKIPPED: needs root, or user namespaces, for a network namespace"
        );
        return;
    };
    let mut command = Command::new("unshare");
    command.args(unshare).arg("--").arg(env::current_exe().unwrap());
    alone::run(command, name);
}

/// The arguments of `unshare` that work here, if any.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--net", "--mount"], &["--net", "--mount", "--map-root-user"]];
    ways.into_iter().find(|way| {
        let script = "ip link set lo up && ip route add local 0.0.0.0/0 dev lo";
        let tried =
            Command::new("unshare").args(*way).args(["sh", "-c", script]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}

fn setup(files: Files) {
    let commands = [
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
        // The whole folder: where Nix builds, there is no resolv.conf to mount another on.
        "mount -t tmpfs tmpfs /etc",
    ];
    for command in commands {
        let mut words = command.split(' ');
        let status = Command::new(words.next().unwrap()).args(words).status().unwrap();
        assert!(status.success(), "{command}");
    }
    fs::write("/etc/resolv.conf", files.resolv_conf).unwrap();
    fs::write("/etc/hosts", files.hosts).unwrap();
}

/// How many TCP connections were attempted in this namespace: a refused destination must not add one.
pub(crate) fn connections_begun() -> u64 {
    let snmp = fs::read_to_string("/proc/net/snmp").unwrap();
    let mut tcp = snmp.lines().filter(|line| line.starts_with("Tcp:"));
    let names = tcp.next().unwrap().split(' ');
    let mut fields = names.zip(tcp.next().unwrap().split(' '));
    fields.find(|(name, _)| *name == "ActiveOpens").unwrap().1.parse().unwrap()
}
