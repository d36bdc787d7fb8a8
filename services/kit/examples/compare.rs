//! What the kit costs: its emptiest service against a bare hyper server with the same answer, under `wrk`, alternately.
//!
//! `cargo run --release -p kit --example compare [rounds [seconds]]`; the exit status is 1 below 0.9.

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use kit::{Admin, Limits, Listeners, Log, Request, RequestContext, Response, ServerSettings, Service, full};
use std::{
    convert::Infallible,
    env,
    error::Error,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitCode, Stdio},
};
use tokio::net::TcpListener;

const ANSWER: &str = "hello\n";
const FLOOR: f64 = 0.9;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.first().map(String::as_str) {
        Some("bare") => runtime.block_on(bare())?,
        Some("kit") => runtime.block_on(on_the_kit())?,
        rounds => {
            let rounds = rounds.map_or(Ok(5), str::parse)?;
            return compare(rounds, arguments.get(1).map_or("4", String::as_str));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn bare() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = service_fn(|_| async { Ok::<_, Infallible>(http::Response::new(ANSWER.to_owned())) });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

struct Empty;

impl Service for Empty {
    async fn handle(&self, _: &mut Request, _: &mut RequestContext) -> Response {
        Response::new(full(ANSWER))
    }
}

async fn on_the_kit() -> Result<(), Box<dyn Error>> {
    let log = Log { access: false, ..Log::default() };
    let listen = ([127, 0, 0, 1], 0).into();
    let settings = ServerSettings::new("empty", listen, Admin::at(None), Limits::default(), log);
    let listeners = Listeners::bind(&settings).await?;
    println!("{}", listeners.address()?);
    Ok(kit::serve(Empty, listeners, settings, kit::shutdown::signal()).await?)
}

/// A server in a process of its own; ended when dropped.
struct Server {
    child: Child,
    url: String,
    rates: Vec<f64>,
    requests: f64,
}

impl Server {
    fn start(kind: &str) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(env::current_exe()?).arg(kind).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let output = child.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, url: format!("http://{}/", address.trim()), rates: Vec::new(), requests: 0.0 })
    }

    /// Requests a second.
    fn measure(&mut self, seconds: &str) -> Result<f64, Box<dyn Error>> {
        let run = Command::new("wrk").args(["-t1", "-c64", "-d", seconds, &self.url]).output()?;
        let report = String::from_utf8(run.stdout)?;
        let rate = report.lines().find_map(|line| line.strip_prefix("Requests/sec:")).ok_or("wrk failed")?;
        let rate = rate.trim().parse()?;
        let requests =
            report.lines().find_map(|line| line.split_once(" requests in ")).ok_or("wrk failed")?.0;
        self.requests += requests.trim().parse::<f64>()?;
        self.rates.push(rate);
        Ok(rate)
    }

    /// Microseconds of processor time a request: this hardly depends on what else the machine does.
    fn cost(&self) -> Result<f64, Box<dyn Error>> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit_once(") ").ok_or("no stat")?.1;
        let ticks: f64 =
            fields.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap_or(0.0)).sum();
        Ok(ticks * 10_000.0 / self.requests)
    }

    fn median(&mut self) -> f64 {
        self.rates.sort_by(f64::total_cmp);
        self.rates[self.rates.len() / 2]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn compare(rounds: usize, seconds: &str) -> Result<ExitCode, Box<dyn Error>> {
    let (mut bare, mut kit) = (Server::start("bare")?, Server::start("kit")?);
    for round in 1..=rounds.max(1) {
        println!("round {round}: bare {:.0}/s, kit {:.0}/s", bare.measure(seconds)?, kit.measure(seconds)?);
    }
    println!("processor time a request: bare {:.2} µs, kit {:.2} µs", bare.cost()?, kit.cost()?);
    let ratio = kit.median() / bare.median();
    println!(
        "median: bare {:.0}/s, kit {:.0}/s, ratio {ratio:.3} (at least {FLOOR})",
        bare.median(),
        kit.median()
    );
    Ok(if ratio < FLOOR { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
