//! What a cached result costs: the API with each of its caches, under `wrk`, alternately with a bare hyper server that
//! answers the same requests with the same bytes and fields, and with nginx that sends them from a file; and a compressed
//! result, which may cost 1.3 times as much as a plain one. Standard error is a file, in which no line of the access log
//! may be missing. The load has one half of the processors, and the server that is measured has the other.
//!
//! `cargo build --release -p linkextractor-api && cargo run --release -p linkextractor-api --example compare_hits [rounds
//! [seconds]]`.

use bytes::Bytes;
use e2e::{Answer, Client, Origin, Page, RedisCluster, RedisServer, command};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::{
    convert::Infallible,
    env,
    error::Error,
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

type Failure = Box<dyn Error>;

/// Links of the page: its result has about 1.5 KB.
const LINKS: usize = 20;
/// The files with what bare hyper and nginx send.
const FIELDS: &str = "fields";
const BODY: &str = "body";
const NGINX: &str = "nginx.conf";
/// Milliseconds that a failing Cluster would wait; it does not matter here.
const NODE_TIMEOUT: u32 = 5_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [bare, folder] = &arguments[..]
        && bare == "bare"
    {
        return serve_bare(Path::new(folder)).await;
    }
    let rounds = arguments.first().map_or(Ok(5), |rounds| rounds.parse())?;
    let seconds = arguments.get(1).map_or("3", String::as_str);
    compare(rounds, seconds).await
}

/// The least that hyper needs: the fields and the body are made once.
async fn serve_bare(folder: &Path) -> Result<(), Failure> {
    let mut fields = HeaderMap::new();
    for line in fs::read_to_string(folder.join(FIELDS))?.lines() {
        let (name, value) = line.split_once(": ").ok_or("no field")?;
        fields.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    let body = Bytes::from(fs::read(folder.join(BODY))?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!(r#""service","address":"{}""#, listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (fields, body) = (fields.clone(), body.clone());
        let answer = service_fn(move |_: Request<Incoming>| {
            let mut response = Response::new(Full::new(body.clone()));
            *response.headers_mut() = fields.clone();
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

async fn compare(rounds: usize, seconds: &str) -> Result<(), Failure> {
    let origin = Origin::start().await;
    let mut html = String::new();
    for number in 0..LINKS {
        write!(html, "<a href=/articles/{number}>An article about something, number {number}</a>")?;
    }
    let target = format!("/api/{}", origin.page("/", Page::html(html)));
    let processors = Processors::halves()?;
    let (redis, cluster) = (RedisServer::start().await, RedisCluster::start(NODE_TIMEOUT).await);
    let (redis_url, cluster_url) = (redis.url(), cluster.url(&[0, 1, 2]));
    let mut servers = Vec::new();
    let folder = TempDir::new()?;
    for (cache, url) in [("local", ""), ("Redis", &redis_url), ("Cluster", &cluster_url)] {
        for log in ["false", "true"] {
            let name = format!("{cache}{}", if log == "true" { ", access log" } else { "" });
            servers.push(Server::start(&name, &processors, &mut api(url, log), &target, folder.path())?);
        }
    }
    let mut compressed =
        Server::start("local, gzip", &processors, &mut api("", "false"), &target, folder.path())?;
    compressed.accepts = Some("Accept-Encoding: gzip");
    servers.push(compressed);
    for server in &servers {
        // The second answer is a hit.
        let client = Client::default();
        client.get(&server.url).await;
        describe(folder.path(), &client.get(&server.url).await)?;
    }
    let mut bare = Command::new(env::current_exe()?);
    let bare = bare.arg("bare").arg(folder.path());
    servers.insert(0, Server::start("bare hyper", &processors, bare, &target, folder.path())?);
    servers.insert(1, nginx(&processors, folder.path())?);
    let rounds = rounds.max(1);
    for round in 1..=rounds {
        println!("round {round}");
        // The machine becomes slower and faster: each round goes the other way, and is compared with itself.
        servers.reverse();
        for server in &mut servers {
            server.measure(seconds)?;
        }
    }
    if rounds % 2 == 1 {
        servers.reverse();
    }
    let (rates, bare_cost) = (servers[0].rates.clone(), servers[0].cost());
    for server in &mut servers {
        let mut ratios: Vec<_> = server.rates.iter().zip(&rates).map(|(own, bare)| own / bare).collect();
        let (rate, cost) = (median(&mut server.rates), server.cost());
        println!(
            "{:20} {rate:7.0}/s ({:.2})  processor time {cost:5.2} µs ({:.2})  p99 {:6.2} ms",
            server.name,
            median(&mut ratios),
            cost / bare_cost,
            median(&mut server.p99),
        );
    }
    Ok(())
}

fn api(redis_url: &str, access_log: &str) -> Command {
    let mut command = command("linkextractor-api").into_std();
    command.env("LINKEXTRACTOR_API_LISTEN", "127.0.0.1:0");
    command.env("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0");
    command.env("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8"]"#);
    command.env("LINKEXTRACTOR_API_LOG__ACCESS", access_log);
    if !redis_url.is_empty() {
        command.env("LINKEXTRACTOR_API_REDIS_URL", redis_url);
    }
    command
}

/// Writes the fields and the body of `answer` into files.
fn describe(folder: &Path, answer: &Answer) -> Result<(), Failure> {
    assert!(answer.header("cache-status").contains("; hit"), "{answer:?}");
    let mut fields = String::new();
    // The servers write these by themselves.
    let own = [header::DATE, header::CONTENT_LENGTH];
    for (name, value) in answer.headers.iter().filter(|(name, _)| !own.contains(name)) {
        writeln!(fields, "{name}: {}", value.to_str()?)?;
    }
    fs::write(folder.join(FIELDS), fields)?;
    fs::write(folder.join(BODY), &answer.body)?;
    Ok(())
}

fn nginx(processors: &Processors, folder: &Path) -> Result<Server, Failure> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut fields = String::new();
    for line in fs::read_to_string(folder.join(FIELDS))?.lines() {
        let (name, value) = line.split_once(": ").ok_or("no field")?;
        if name != "content-type" {
            writeln!(fields, "add_header {name} '{value}';")?;
        }
    }
    let (root, workers) = (folder.display(), processors.servers.count());
    let configuration = format!(
        "user root; daemon off; worker_processes {workers}; pid {root}/pid; error_log stderr;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; etag off; server_tokens off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
            open_file_cache max=10; default_type application/json;
            server {{ listen {address}; root {root}; add_header last-modified ''; {fields} }}
        }}"
    );
    fs::write(folder.join(NGINX), configuration)?;
    let mut command = Command::new("nginx");
    let child = processors.spawn(command.arg("-p").arg(folder).arg("-c").arg(folder.join(NGINX)))?;
    let server = Server::new("nginx", child, format!("http://{address}/{BODY}"));
    while std::net::TcpStream::connect(address).is_err() {}
    Ok(server)
}

/// One half of the processors for the load, and the other for servers: on the same ones, a rate would depend on how the
/// system shares them among more busy threads than there are processors.
struct Processors {
    load: CpuSet,
    servers: CpuSet,
}

impl Processors {
    /// The halves of those that this process may use, which has the first from now on. One alone is in both.
    fn halves() -> io::Result<Self> {
        let all = sched_getaffinity(None)?;
        let numbers: Vec<_> = (0..CpuSet::MAX_CPU).filter(|number| all.is_set(*number)).collect();
        let (mut load, mut servers) = (CpuSet::new(), CpuSet::new());
        let half = numbers.len() / 2;
        numbers[..half.max(1)].iter().for_each(|number| load.set(*number));
        numbers[half..].iter().for_each(|number| servers.set(*number));
        sched_setaffinity(None, &load)?;
        Ok(Self { load, servers })
    }

    /// Starts a server.
    fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // A process has those of the thread that starts it.
        sched_setaffinity(None, &self.servers)?;
        let child = command.spawn();
        sched_setaffinity(None, &self.load)?;
        child
    }
}

/// A server in a process of its own; ended when dropped.
struct Server {
    name: String,
    child: Child,
    url: String,
    /// A field of the requests.
    accepts: Option<&'static str>,
    /// Standard error, if it is a file.
    log: Option<(File, PathBuf)>,
    rates: Vec<f64>,
    /// Milliseconds.
    p99: Vec<f64>,
    requests: f64,
    /// Seconds of processor time at the start.
    before: f64,
}

impl Server {
    /// Starts a server that says its address on standard error, which is a file in `folder`.
    fn start(
        name: &str,
        processors: &Processors,
        command: &mut Command,
        target: &str,
        folder: &Path,
    ) -> Result<Self, Failure> {
        let file = folder.join(format!("{name}.log"));
        let log = OpenOptions::new().create(true).append(true).read(true).open(&file)?;
        let mut child = processors.spawn(command.stderr(log.try_clone()?))?;
        let address = loop {
            let lines = fs::read_to_string(&file)?;
            if let Some((_, address)) = lines.split_once(r#""service","address":""#)
                && let Some((address, _)) = address.split_once('"')
            {
                break address.to_owned();
            }
            if child.try_wait()?.is_some() {
                return Err(format!("{name} has ended: {lines}").into());
            }
        };
        let mut server = Self::new(name, child, format!("http://{address}{target}"));
        server.log = Some((log, file));
        Ok(server)
    }

    fn new(name: &str, child: Child, url: String) -> Self {
        Self {
            name: name.to_owned(),
            child,
            url,
            accepts: None,
            log: None,
            rates: Vec::new(),
            p99: Vec::new(),
            requests: 0.0,
            before: 0.0,
        }
    }

    fn measure(&mut self, seconds: &str) -> Result<(), Failure> {
        if self.rates.is_empty() {
            self.before = self.processor_time();
        }
        let fields = self.accepts.iter().flat_map(|field| ["-H", field]);
        let run = Command::new("wrk")
            .args(["-t1", "-c64", "--latency", "-d", seconds, &self.url])
            .args(fields)
            .output()?;
        let report = String::from_utf8(run.stdout)?;
        assert!(!report.contains("Non-2xx"), "{}: {report}", self.name);
        let find =
            |name: &str| report.lines().find_map(|line| line.trim().strip_prefix(name)).ok_or("wrk failed");
        self.rates.push(find("Requests/sec:")?.trim().parse()?);
        self.p99.push(milliseconds(find("99%")?.trim())?);
        let requests =
            report.lines().find_map(|line| line.split_once(" requests in ")).ok_or("wrk failed")?.0;
        let requests: u32 = requests.trim().parse()?;
        self.requests += f64::from(requests);
        self.check_log(requests)
    }

    /// Checks that the access log has a line for each of so many requests, and empties it.
    fn check_log(&self, requests: u32) -> Result<(), Failure> {
        let Some((log, file)) = self.log.as_ref().filter(|_| self.name.ends_with("log")) else {
            return Ok(());
        };
        let (start, mut lines) = (Instant::now(), 0);
        // The last lines are written a few milliseconds after their responses.
        while start.elapsed() < Duration::from_secs(1) {
            lines = fs::read_to_string(file)?.matches(r#""message":"request""#).count();
            if lines >= usize::try_from(requests)? {
                log.set_len(0)?;
                return Ok(());
            }
        }
        Err(format!("{}: {lines} lines of {requests} requests", self.name).into())
    }

    /// Microseconds of processor time a request: this hardly depends on what else the machine does.
    fn cost(&self) -> f64 {
        (self.processor_time() - self.before) * 1e6 / self.requests
    }

    /// Seconds, of the process and its children.
    fn processor_time(&self) -> f64 {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let own = id.to_string();
        children.split_whitespace().chain([own.as_str()]).map(seconds).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers only if it is asked to end.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Seconds of processor time of a process.
fn seconds(id: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").unwrap_or_default().1;
    let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap_or(0.0));
    ticks.sum::<f64>() / 100.0
}

/// A time as `wrk` writes it.
fn milliseconds(time: &str) -> Result<f64, Failure> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)] {
        if let Some(number) = time.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    Err("no time".into())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
