//! Restarts of the API under load fail no request: two processes behind a balancer, one restarted after the other, or
//! one process on a socket that a service manager keeps open.
//!
//! The balancers' configurations are those of `docs/operations.md`. `ROLLING_REQUESTS` is the least number of requests.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{
    Origin, Page, Program, Wire, command, documented, haproxy, nginx, own_address, replaced, wait_for_metric,
    within,
};
use serde_json::Value;
use std::{
    env, fs,
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
    task::{JoinSet, yield_now},
};

const CLIENTS: usize = 8;
/// Pages in a list for `--api`, at least.
const LISTED: usize = 2000;
/// Each process is restarted twice, at least.
const RESTARTS: usize = 4;
const QUIET: [(&str, &str); 2] =
    [("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8"]"#), ("LINKEXTRACTOR_API_LOG__ACCESS", "false")];

#[tokio::test]
async fn restarts_behind_nginx_fail_no_request() {
    let folder = TempDir::new().unwrap();
    let instances = Instances::start(1, folder.path(), "").await;
    let balancer = folder.path().join("balancer");
    let listen = format!("listen unix:{};", balancer.display());
    let server = replaced(&documented("nginx")[0], "listen 80;", &listen);
    let Some(_nginx) = nginx(folder.path(), &instances.configured(&server)).await else { return };
    instances.restarted_under_load(&balancer).await;
}

#[tokio::test]
async fn restarts_behind_haproxy_fail_no_request() {
    let folder = TempDir::new().unwrap();
    let instances = Instances::start(2, folder.path(), &documented("toml")[0]).await;
    let balancer = folder.path().join("balancer");
    let config =
        replaced(&documented("haproxy")[0], "bind :80", &format!("bind unix@{}", balancer.display()));
    let Some(_haproxy) = haproxy(folder.path(), &instances.configured(&config)).await else { return };
    instances.restarted_under_load(&balancer).await;
}

#[tokio::test]
async fn a_list_for_the_api_behind_haproxy_loses_no_page_over_restarts() {
    let folder = TempDir::new().unwrap();
    let mut instances = Instances::start(3, folder.path(), &documented("toml")[0]).await;
    let balancer = SocketAddr::from((own_address(22), 8000));
    let config = replaced(&documented("haproxy")[0], "bind :80", &format!("bind {balancer}"));
    let Some(_haproxy) = haproxy(folder.path(), &instances.configured(&config)).await else { return };
    let origin = Origin::start().await;
    origin.delay(Duration::from_millis(20));
    let mut run = command("linkextractor");
    run.args(["--api", &format!("http://{balancer}"), "-f", "ndjson", "--from", "-"]);
    let mut run = run.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut list = run.stdin.take().unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let (done, restarted) = (AtomicUsize::new(0), AtomicBool::new(false));
    // The list ends when both were restarted, so pages are asked for all the time.
    let write = async {
        let mut listed = 0;
        while !restarted.load(Relaxed) || listed < LISTED {
            let page = origin.page(&format!("/?{listed}"), Page::html("<a href=/x>there</a>"));
            within("the list to be read", list.write_all(format!("{page}\n").as_bytes())).await.unwrap();
            listed += 1;
        }
        drop(list);
        listed
    };
    let read = async {
        let mut found = Vec::new();
        while let Some(line) = within("a line", lines.next_line()).await.unwrap() {
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["count"], 1, "{line}");
            found.push(line["page"].as_str().unwrap().to_owned());
            done.fetch_add(1, Relaxed);
        }
        found
    };
    let restart = async {
        for number in 0..2 {
            let enough = done.load(Relaxed) + LISTED / 10;
            within("lines", async {
                while done.load(Relaxed) < enough {
                    yield_now().await;
                }
            })
            .await;
            instances.restart(number).await;
            instances.is_used(number).await;
        }
        restarted.store(true, Relaxed);
    };
    let (listed, mut found, ()) = tokio::join!(write, read, restart);
    assert_eq!(within("the end", run.wait()).await.unwrap().code(), Some(0));
    found.sort_unstable();
    found.dedup();
    assert_eq!((found.len(), done.load(Relaxed)), (listed, listed), "none lost, none twice");
}

#[tokio::test]
async fn restarts_on_a_socket_that_stays_open_fail_no_request() {
    let origin = Origin::start().await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let load = Load::new(&origin, Target::Tcp(socket.local_addr().unwrap()));
    let mut program = activated(&socket).await;
    let mut clients = load.clients();
    let mut restarts = 0;
    while restarts < RESTARTS || load.is_unfinished() {
        let enough = load.asked.load(Relaxed) + CLIENTS.max(load.wanted / 20);
        program.terminate();
        assert_eq!(program.end().await, Some(0));
        program = activated(&socket).await;
        within("requests", async {
            while load.asked.load(Relaxed) < enough {
                yield_now().await;
            }
        })
        .await;
        restarts += 1;
        check(&mut clients);
    }
    load.end(clients, restarts).await;
}

/// The API with `socket` as descriptor 3, as from a service manager.
async fn activated(socket: &TcpListener) -> Program {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("exec 3<&0 </dev/null; LISTEN_PID=$$ exec \"$0\"")
        .arg(e2e::program("linkextractor-api"));
    command.env_clear().env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "service").envs(QUIET);
    command.env("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0");
    command.stdin(OwnedFd::from(socket.try_clone().unwrap()));
    Program::spawn(&mut command, 2).await
}

/// Two processes, each with its own address, kept over restarts.
struct Instances {
    programs: Vec<Program>,
    config: String,
    origin: Origin,
}

impl Instances {
    /// `set` keeps the addresses of different tests apart.
    async fn start(set: u8, folder: &Path, config: &str) -> Self {
        let file = folder.join("linkextractor-api.toml");
        fs::write(&file, config).unwrap();
        let config = file.to_str().unwrap().to_owned();
        let mut programs = Vec::new();
        for number in 0..2 {
            // Its ports stay free during a restart.
            let own = SocketAddr::from((own_address(2 * set + number), 0));
            programs.push(instance(&config, own, own).await);
        }
        Self { programs, config, origin: Origin::start().await }
    }

    /// A documented balancer configuration with the addresses of these instances.
    fn configured(&self, config: &str) -> String {
        let mut config = config.to_owned();
        for (program, port) in self.programs.iter().zip([5000, 5010]) {
            let (service, admin) = (program.address("service"), program.address("admin"));
            config = replaced(&config, &format!("127.0.0.1:{port}"), &service.to_string());
            config = config.replace(&format!(" port {}", port + 1), &format!(" port {}", admin.port()));
        }
        config
    }

    async fn restart(&mut self, number: usize) {
        let program = &mut self.programs[number];
        let (service, admin) = (program.address("service"), program.address("admin"));
        program.terminate();
        assert_eq!(program.end().await, Some(0));
        *program = instance(&self.config, service, admin).await;
    }

    /// Waits until the balancer uses an instance.
    async fn is_used(&self, number: usize) {
        let accepted = "linkextractor_http_connections_accepted_total";
        wait_for_metric(&self.programs[number], accepted, |count| count > 0).await;
    }

    /// Restarts one after the other while clients send requests through `balancer`; each must be answered.
    async fn restarted_under_load(mut self, balancer: &Path) {
        let load = Load::new(&self.origin, Target::Unix(balancer.to_owned()));
        let mut clients = load.clients();
        let mut restarts = 0;
        while restarts < RESTARTS || load.is_unfinished() {
            self.restart(restarts % 2).await;
            self.is_used(restarts % 2).await;
            restarts += 1;
            check(&mut clients);
        }
        load.end(clients, restarts).await;
    }
}

async fn instance(config: &str, listen: SocketAddr, admin: SocketAddr) -> Program {
    let (listen, admin) = (listen.to_string(), admin.to_string());
    let own = [("LINKEXTRACTOR_API_LISTEN", &*listen), ("LINKEXTRACTOR_API_ADMIN__LISTEN", &admin)];
    Program::start("linkextractor-api", &["--config", config], &[&own[..], &QUIET].concat(), 2).await
}

/// Panics if a client has panicked.
fn check(clients: &mut JoinSet<()>) {
    if let Some(failed) = clients.try_join_next() {
        failed.expect("no request failed");
    }
}

/// The state that the clients share.
struct Load {
    page: String,
    target: Target,
    wanted: usize,
    asked: AtomicUsize,
    over: AtomicBool,
}

/// The address that clients connect to.
enum Target {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Load {
    fn new(origin: &Origin, target: Target) -> Arc<Self> {
        let wanted = env::var("ROLLING_REQUESTS").map_or(10_000, |number| number.parse().expect("a number"));
        let page = origin.page("/page?a=b//c", Page::html("<a href=/x>there</a>"));
        Arc::new(Self { page, target, wanted, asked: AtomicUsize::new(0), over: AtomicBool::new(false) })
    }

    fn is_unfinished(&self) -> bool {
        self.asked.load(Relaxed) < self.wanted
    }

    fn clients(self: &Arc<Self>) -> JoinSet<()> {
        (0..CLIENTS).map(|_| Arc::clone(self).go_on()).collect()
    }

    async fn end(&self, mut clients: JoinSet<()>, restarts: usize) {
        self.over.store(true, Relaxed);
        while let Some(client) = within("the clients", clients.join_next()).await {
            client.expect("no request failed");
        }
        println!("{} requests over {restarts} restarts, none failed", self.asked.load(Relaxed));
    }

    async fn connect(&self) -> Wire {
        match &self.target {
            Target::Tcp(address) => Wire::connect(*address).await,
            Target::Unix(path) => Wire::connect_unix(path).await,
        }
    }

    /// Sends requests on a kept connection until the test is over; every twentieth bypasses the cache.
    async fn go_on(self: Arc<Self>) {
        let mut wire = self.connect().await;
        while !self.over.load(Relaxed) {
            let number = self.asked.fetch_add(1, Relaxed);
            let fresh = if number.is_multiple_of(20) { "Cache-Control: no-cache\r\n" } else { "" };
            wire.send(format!("GET /api/{} HTTP/1.1\r\nHost: a\r\n{fresh}\r\n", self.page)).await;
            let answer = wire.answer().await.unwrap_or_else(|| panic!("request {number} was not answered"));
            assert_eq!(answer.status, 200, "request {number}: {answer:?}");
            assert_eq!(answer.json()[0]["text"], "there");
            if answer.header("connection") == "close" {
                wire = self.connect().await;
            }
        }
    }
}
