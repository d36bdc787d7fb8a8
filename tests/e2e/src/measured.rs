//! Servers that are compared under `wrk`, for benchmarks.

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::{
    convert::Infallible,
    error::Error,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

type Failure = Box<dyn Error>;

/// Answers every request with the same `fields` and `body`: the least that hyper needs. Says its address as services do.
pub async fn serve_bare(fields: HeaderMap, body: Bytes) -> io::Result<()> {
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

/// Measures `servers` in turn, and prints what they do; the first is what the others are compared with.
pub fn compare(servers: &mut [MeasuredServer], rounds: usize, seconds: &str) -> Result<(), Failure> {
    let rounds = rounds.max(1);
    for round in 1..=rounds {
        println!("round {round}");
        // The machine becomes slower and faster: each round goes the other way, and is compared with itself.
        servers.reverse();
        for server in &mut *servers {
            server.measure(seconds)?;
        }
    }
    if rounds % 2 == 1 {
        servers.reverse();
    }
    let Some((rates, bare_cost)) = servers.first().map(|first| (first.rates.clone(), first.cost())) else {
        return Ok(());
    };
    for server in servers {
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

/// One half of the processors for the load, and the other for servers: on the same ones, a rate would depend on how the
/// system shares them among more busy threads than there are processors.
pub struct Processors {
    load: CpuSet,
    servers: CpuSet,
}

impl Processors {
    /// The halves of those that this process may use, which has the first from now on. One alone is in both.
    pub fn halves() -> io::Result<Self> {
        let all = sched_getaffinity(None)?;
        let numbers: Vec<_> = (0..CpuSet::MAX_CPU).filter(|number| all.is_set(*number)).collect();
        let (mut load, mut servers) = (CpuSet::new(), CpuSet::new());
        let half = numbers.len() / 2;
        numbers[..half.max(1)].iter().for_each(|number| load.set(*number));
        numbers[half..].iter().for_each(|number| servers.set(*number));
        sched_setaffinity(None, &load)?;
        Ok(Self { load, servers })
    }

    /// The number of those for servers.
    pub fn of_servers(&self) -> u32 {
        self.servers.count()
    }

    /// Starts a server.
    pub fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // A process has those of the thread that starts it.
        sched_setaffinity(None, &self.servers)?;
        let child = command.spawn();
        sched_setaffinity(None, &self.load)?;
        child
    }
}

/// A server in a process of its own, ended when dropped, and what it did under `wrk`.
pub struct MeasuredServer {
    name: String,
    child: Child,
    /// What is requested of it.
    pub url: String,
    /// A field of the requests.
    pub accepts: Option<&'static str>,
    /// Standard error, if it is a file.
    log: Option<(File, PathBuf)>,
    rates: Vec<f64>,
    /// Milliseconds.
    p99: Vec<f64>,
    requests: f64,
    /// Seconds of processor time at the start.
    before: f64,
}

impl MeasuredServer {
    /// Starts a server that says its address on standard error, which is a file in `folder`.
    pub fn start(
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

    /// One that was started, and answers at `url`.
    pub fn new(name: &str, child: Child, url: String) -> Self {
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

    /// Measures it for so long. If its name says that it has an access log, no line of that may be missing.
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

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Seconds, of the process and its children.
    pub fn processor_time(&self) -> f64 {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let own = id.to_string();
        children.split_whitespace().chain([own.as_str()]).map(seconds).sum()
    }
}

impl Drop for MeasuredServer {
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
