//! A real Redis, on a Unix socket of its own.

use crate::within;
use rustix::process::{Pid, Signal, kill_process};
use std::{path::PathBuf, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A Redis server that ends when it is dropped.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    child: Child,
}

impl RedisServer {
    /// Starts a Redis and waits until it accepts connections.
    pub async fn start() -> Self {
        let folder = TempDir::new().expect("a folder for the socket");
        let child = Self::launch(&folder).await;
        Self { folder, child }
    }

    /// The URL for clients.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Kills it, as a crash would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("redis can be killed");
    }

    /// Starts it again on the same socket, empty.
    pub async fn restart(&mut self) {
        self.child = Self::launch(&self.folder).await;
    }

    /// Stops the process (SIGSTOP): connections stay open, nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Continues the process.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("redis runs");
        kill_process(id, signal).expect("redis can be signalled");
    }

    async fn launch(folder: &TempDir) -> Child {
        let mut child = Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", "redis.sock", "--save", ""])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server is installed: tests/run does that");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        within("redis to accept connections", async {
            loop {
                let line = lines.next_line().await.expect("redis says something").expect("redis runs");
                if line.contains("ready to accept connections") {
                    break;
                }
            }
        })
        .await;
        // Redis would block on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        child
    }
}
