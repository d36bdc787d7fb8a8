//! The real programs as processes.

use crate::within;
use serde_json::Value;
use std::{collections::HashMap, net::SocketAddr, path::PathBuf, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

/// The path of a program of this workspace, built beside the tests.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.ancestors().nth(2).expect("tests are in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: `cargo build --workspace` first", path.display());
    path
}

/// A command for a program of this workspace, with no environment but `PATH`.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).kill_on_drop(true);
    command
}

/// The result of a program that has ended.
#[derive(Debug)]
pub struct Output {
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a program to its end with `input` on standard input.
pub async fn run(name: &str, args: &[&str], input: &[u8]) -> Output {
    let mut child = command(name)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let feed = async {
        // A program may end without reading its input.
        let _ = stdin.write_all(input).await;
        drop(stdin);
    };
    let (output, ()) = within(name, async { tokio::join!(child.wait_with_output(), feed) }).await;
    let output = output.expect("the program's output can be read");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A server program that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: mpsc::UnboundedReceiver<Value>,
    addresses: HashMap<(String, String), SocketAddr>,
}

impl Program {
    /// Starts a server and waits until its log says that `listeners` sockets are bound.
    pub async fn start(name: &str, args: &[&str], env: &[(&str, &str)], listeners: usize) -> Self {
        let mut command = command(name);
        command.args(args).envs(env.iter().copied()).stdin(Stdio::null());
        Self::spawn(&mut command, listeners).await
    }

    /// As [`start`](Self::start), for a prepared command.
    pub async fn spawn(command: &mut Command, listeners: usize) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let (sender, log) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                eprintln!("{line}"); // shown when the test fails
                if let Ok(line) = serde_json::from_str(&line) {
                    let _ = sender.send(line);
                }
            }
        });
        let mut program = Self { child, log, addresses: HashMap::new() };
        while program.addresses.len() < listeners {
            let line = program.line("listening").await;
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            let address = text("address").parse().expect("an address");
            program.addresses.insert((text("service"), text("listener")), address);
        }
        program
    }

    /// The address of the only listener of that kind (`service` or `admin`).
    pub fn address(&self, listener: &str) -> SocketAddr {
        let mut found = self.addresses.iter().filter(|((_, kind), _)| kind == listener);
        let (_, address) = found.next().expect("it listens there");
        assert!(found.next().is_none(), "more than one {listener}: name the service");
        *address
    }

    /// The address of a listener of one service, in a process that runs several.
    pub fn address_of(&self, service: &str, listener: &str) -> SocketAddr {
        self.addresses[&(service.to_owned(), listener.to_owned())]
    }

    /// The next log line with this message.
    pub async fn line(&mut self, message: &str) -> Value {
        self.line_where(message, |line| line["message"] == message).await
    }

    /// The next log line that `matches`.
    pub async fn line_where(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        within(&format!("a log line: {what}"), async {
            loop {
                let line = self.log.recv().await.expect("the program still runs");
                if matches(&line) {
                    return line;
                }
            }
        })
        .await
    }

    /// Its resident memory (`VmRSS`) in KiB.
    pub fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most resident memory that it has had (`VmHWM`) in KiB.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, line: &str) -> u64 {
        let pid = self.child.id().expect("the program still runs");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process has a status");
        let kib = status.lines().find_map(|found| found.strip_prefix(line)).expect("the line");
        kib.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        let id = id.expect("the program still runs");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it can be signalled");
    }

    /// Waits for its end; returns the exit status, `None` if a signal ended it.
    pub async fn end(&mut self) -> Option<i32> {
        within("the program's end", self.child.wait()).await.expect("it can be waited for").code()
    }
}
