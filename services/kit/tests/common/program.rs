//! The example program `greeter`, as a process.

use super::{Client, get, within};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
};

/// The program, not yet started: with an environment of its own.
pub(crate) fn greeter() -> Command {
    let tests = std::env::current_exe().unwrap();
    let program: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples/greeter");
    assert!(program.exists(), "{} is missing: `cargo test` without a selection builds it", program.display());
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) fn send_signal(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    kill_process(id.unwrap(), signal).unwrap();
}

/// The program, running.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    log: Lines<BufReader<ChildStderr>>,
}

impl Program {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut command = greeter();
        command.args(arguments);
        Self::spawn(command).await
    }

    /// Starts `command`, which leads to the program, and waits until it listens.
    pub(crate) async fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut program = Self { child, address: unknown, admin: unknown, log };
        while program.address == unknown || program.admin == unknown {
            let line = program.line("listening").await;
            let address = line["address"].as_str().unwrap().parse().unwrap();
            if line["listener"] == "admin" { program.admin = address } else { program.address = address }
        }
        program
    }

    /// The next line of the log with that message.
    pub(crate) async fn line(&mut self, message: &str) -> Value {
        self.lines_until(message).await.pop().unwrap()
    }

    /// The next lines of the log, the first with that message included.
    pub(crate) async fn lines_until(&mut self, message: &str) -> Vec<Value> {
        let mut lines = Vec::new();
        within(async {
            while lines.last().is_none_or(|line: &Value| line["message"] != message) {
                let line = self.log.next_line().await.unwrap().expect("the log ended");
                lines.push(serde_json::from_str(&line).unwrap_or_default());
            }
        })
        .await;
        lines
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        let mut client = self.connect().await;
        client.send(get(path)).await;
        client.rest().await
    }

    /// What the admin listener answers to `request`.
    pub(crate) async fn ask_admin(&self, request: &str) -> String {
        let mut client = Client(TcpStream::connect(self.admin).await.unwrap());
        client.send(request).await;
        client.rest().await
    }

    /// Waits until the metrics have this line.
    pub(crate) async fn metric(&self, line: &str) {
        let line = format!("\n{line}\n");
        within(async { while !self.ask_admin(&get("/metrics")).await.contains(&line) {} }).await;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send_signal(&self.child, signal);
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        within(self.child.wait()).await.unwrap()
    }
}
