//! A real Redis, on a Unix socket of its own, and on a port where one is needed.

use crate::{cluster::free_port, within};
use redis::{Cmd, Value, cmd};
use rustix::process::{Pid, Signal, kill_process};
use std::{path::PathBuf, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The configuration of a Sentinel, which writes into it.
const SENTINEL: &str = "sentinel.conf";
/// How often to choose another port when another process was faster.
const PORTS: usize = 20;

/// A Redis server that ends when it is dropped.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    options: Vec<String>,
    port: u16,
    child: Child,
}

impl RedisServer {
    /// Starts a Redis and waits until it accepts connections.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a Redis with more options, such as `["--requirepass", "secret"]`.
    pub async fn start_with(options: &[&str]) -> Self {
        Self::try_start(0, options).await.expect("redis runs")
    }

    /// Starts a Redis that also listens on a port of the loopback interface; with `--tls-cert-file` among the options, that
    /// port speaks TLS.
    pub async fn start_on_port(options: &[&str]) -> Self {
        for _ in 0..PORTS {
            if let Some(server) = Self::try_start(free_port(), options).await {
                return server;
            }
        }
        panic!("no free port for Redis")
    }

    /// Starts a Sentinel with this configuration.
    pub(crate) async fn start_sentinel(configuration: &str) -> Self {
        for _ in 0..PORTS {
            let folder = TempDir::new().expect("a folder for the socket");
            std::fs::write(folder.path().join(SENTINEL), configuration).expect("the folder is ours");
            if let Some(server) = Self::try_start_in(folder, free_port(), &["--sentinel"]).await {
                return server;
            }
        }
        panic!("no free port for a Sentinel")
    }

    async fn try_start(port: u16, options: &[&str]) -> Option<Self> {
        let folder = TempDir::new().expect("a folder for the socket");
        Self::try_start_in(folder, port, options).await
    }

    async fn try_start_in(folder: TempDir, port: u16, options: &[&str]) -> Option<Self> {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let child = Self::launch(&folder, port, &options).await?;
        Some(Self { folder, options, port, child })
    }

    /// The URL for clients.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Its port; 0 without one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it, as a crash would.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("redis can be killed");
    }

    /// Starts it again on the same socket, empty.
    pub async fn restart(&mut self) {
        self.child = Self::launch(&self.folder, self.port, &self.options).await.expect("redis runs");
    }

    /// Stops the process (SIGSTOP): connections stay open, nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Continues the process.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// The answer to `command`.
    pub async fn command(&self, command: &Cmd) -> Value {
        self.try_command(command).await.expect("an answer")
    }

    /// The number of results that it has.
    pub async fn values(&self) -> usize {
        match self.command(cmd("KEYS").arg("linkextractor:3:*")).await {
            Value::Array(keys) => keys.len(),
            other => panic!("keys: {other:?}"),
        }
    }

    /// Its part in a replication.
    pub async fn replication(&self) -> String {
        self.text(cmd("INFO").arg("replication")).await
    }

    /// Whether `line` is in what it says about its Cluster.
    pub(crate) async fn info(&self, line: &str) -> bool {
        self.text(cmd("CLUSTER").arg("INFO")).await.contains(line)
    }

    /// The answer to `command` as text; empty if there is none.
    pub(crate) async fn text(&self, command: &Cmd) -> String {
        match self.try_command(command).await {
            Ok(Value::BulkString(text)) => String::from_utf8_lossy(&text).into_owned(),
            Ok(Value::VerbatimString { text, .. }) => text,
            _ => String::new(),
        }
    }

    async fn try_command(&self, command: &Cmd) -> redis::RedisResult<Value> {
        let client = redis::Client::open(self.url_with_password()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await?;
        command.query_async(&mut connection).await
    }

    fn url_with_password(&self) -> String {
        let password = self.options.iter().skip_while(|option| *option != "--requirepass").nth(1);
        password.map_or_else(|| self.url(), |password| format!("{}?pass={password}", self.url()))
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("redis runs");
        kill_process(id, signal).expect("redis can be signalled");
    }

    /// `None` if it ends at once, as with a port that is not free.
    async fn launch(folder: &TempDir, port: u16, options: &[String]) -> Option<Child> {
        let port = port.to_string();
        let tls = options.iter().any(|option| option == "--tls-cert-file");
        let listen = if tls { ["--port", "0", "--tls-port", &port] } else { ["--port", &port, "--save", ""] };
        let sentinel = folder.path().join(SENTINEL).exists().then_some(SENTINEL);
        let mut child = Command::new("redis-server")
            .args(sentinel)
            .args(listen)
            .args(["--unixsocket", "redis.sock"])
            .args(options)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server is installed: tests/run does that");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("ready to accept connections") || line.contains("Sentinel ID is") {
                    return true;
                }
            }
            false
        };
        if !within("redis to accept connections", ready).await {
            return None;
        }
        // Redis would block on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(child)
    }
}
