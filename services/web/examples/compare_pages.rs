//! What the page of 30 links costs: the web front end, with an API that answers at once, against a bare hyper server that
//! sends the same bytes, under `wrk`, alternately; and what views of 100,000 links cost.
//!
//! `cargo build --release -p linkextractor-web && cargo run --release -p linkextractor-web --example compare_pages [rounds
//! [seconds]]`.

use bytes::Bytes;
use e2e::{Client, command};
use http::{HeaderMap, Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    env,
    error::Error,
    fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

type Failure = Box<dyn Error>;

const LINKS: usize = 30;
const MANY: usize = 100_000;
const VIEWS: [&str; 8] = [
    "",
    "&q=9999",
    "&q=about+org+7",
    "&sort=text&page=100",
    "&sort=address",
    "&sort=count&unique=1",
    "&links=external&q=1&sort=text",
    "&format=csv&sort=text",
];
/// How often each view is requested.
const REPEATED: u32 = 10;
/// Milliseconds of processor time that a view may take at most.
const MOST: f64 = 150.0;
const TARGET: &str = "/?url=https%3A%2F%2Fen.encyclopedia.example%2Fwiki%2FHyperlink";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [bare, file, media_type] = &arguments[..]
        && bare == "bare"
    {
        return serve_bare(fs::read(file)?.into(), media_type).await;
    }
    let rounds = arguments.first().map_or(Ok(5), |rounds| rounds.parse())?;
    compare(rounds, arguments.get(1).map_or("3", String::as_str)).await
}

/// Answers every request with the same bytes.
async fn serve_bare(body: Bytes, media_type: &str) -> Result<(), Failure> {
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, media_type.parse()?);
    fields.insert(header::AGE, 134.into());
    let page = "<https://en.encyclopedia.example/wiki/Hyperlink>; rel=\"describes\"; title*=UTF-8''Hyperlink";
    fields.insert(header::LINK, page.parse()?);
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
    let folder = TempDir::new()?;
    let link = |n: usize| -> serde_json::Value {
        let (host, number) = if n % 5 == 4 {
            (format!("www{n}.example.org"), n)
        } else {
            ("en.encyclopedia.example".into(), n)
        };
        serde_json::json!({ "text": format!("An article about something, number {number}"), "href": format!("https://{host}/wiki/Article_{number}") })
    };
    let links = |count: usize| serde_json::Value::from((0..count).map(link).collect::<Vec<_>>()).to_string();
    let bare = |name: &str, media_type: &str, body: &[u8]| -> Result<Server, Failure> {
        let file = folder.path().join(name);
        fs::write(&file, body)?;
        let mut command = Command::new(env::current_exe()?);
        Server::start(name, command.arg("bare").args([&file, Path::new(media_type)]))
    };
    let api = bare("API", "application/json", links(LINKS).as_bytes())?;
    let mut servers = vec![web("web", &api, "false")?, web("web, access log", &api, "true")?];
    let page = Client::default().get(&servers[0].url()).await;
    assert_eq!(page.status, 200);
    println!("{LINKS} links: {} bytes", page.body.len());
    servers.insert(0, bare("bare hyper", "text/html", &page.body)?);
    for round in 1..=rounds.max(1) {
        println!("round {round}");
        for server in &mut servers {
            server.measure(seconds)?;
        }
    }
    let (rate, cost) = (servers[0].rate(), servers[0].cost());
    for server in &mut servers {
        let (own_rate, own_cost) = (server.rate(), server.cost());
        println!(
            "{:16} {own_rate:7.0}/s ({:.2})  processor time {own_cost:6.2} µs ({:.2})",
            server.name,
            own_rate / rate,
            own_cost / cost
        );
    }
    let long = bare("long", "application/json", links(MANY).as_bytes())?;
    measure_views(&web("web", &long, "false")?).await
}

/// Prints what views of many links cost, and the most memory that the server used.
async fn measure_views(web: &Server) -> Result<(), Failure> {
    println!("{MANY} links, milliseconds of processor time a view:");
    let mut longest = 0.0_f64;
    for view in VIEWS {
        let before = web.processor_time();
        for _ in 0..REPEATED {
            assert_eq!(Client::default().get(&format!("{}{view}", web.url())).await.status, 200);
        }
        let time = (web.processor_time() - before) * 1e3 / f64::from(REPEATED);
        println!("{view:32} {time:5.0}{}", if time > MOST { " (too long)" } else { "" });
        longest = longest.max(time);
    }
    let status = fs::read_to_string(format!("/proc/{}/status", web.child.id()))?;
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    if longest > MOST { Err(format!("{longest:.0} ms are more than {MOST:.0}").into()) } else { Ok(()) }
}

fn web(name: &str, api: &Server, access_log: &str) -> Result<Server, Failure> {
    let mut web = command("linkextractor-web").into_std();
    web.env("LINKEXTRACTOR_WEB_LISTEN", "127.0.0.1:0").env("LINKEXTRACTOR_WEB_ADMIN__LISTEN", "127.0.0.1:0");
    web.env("API_ENDPOINT", format!("http://{}/api/", api.address));
    web.env("LINKEXTRACTOR_WEB_LOG__ACCESS", access_log);
    Server::start(name, &mut web)
}

/// A server in a process of its own; ended when dropped.
struct Server {
    name: String,
    child: Child,
    address: SocketAddr,
    rates: Vec<f64>,
    requests: f64,
    /// Seconds of processor time at the start.
    before: f64,
}

impl Server {
    /// Starts a server that says its address on standard error.
    fn start(name: &str, command: &mut Command) -> Result<Self, Failure> {
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let mut log = BufReader::new(child.stderr.take().ok_or("no output")?);
        let address = loop {
            let mut line = String::new();
            if log.read_line(&mut line)? == 0 {
                return Err(format!("{name} has ended").into());
            }
            if let Some((_, address)) = line.split_once(r#""service","address":""#) {
                break address.split('"').next().unwrap_or_default().parse()?;
            }
        };
        // As a log collector would.
        std::thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Ok(Self { name: name.to_owned(), child, address, rates: Vec::new(), requests: 0.0, before: 0.0 })
    }

    fn url(&self) -> String {
        format!("http://{}{TARGET}", self.address)
    }

    fn measure(&mut self, seconds: &str) -> Result<(), Failure> {
        if self.rates.is_empty() {
            self.before = self.processor_time();
        }
        let run = Command::new("wrk").args(["-t1", "-c64", "-d", seconds, &self.url()]).output()?;
        let report = String::from_utf8(run.stdout)?;
        assert!(!report.contains("Non-2xx"), "{}: {report}", self.name);
        let rate =
            report.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")).ok_or("wrk failed")?;
        self.rates.push(rate.trim().parse()?);
        let (requests, _) =
            report.lines().find_map(|line| line.split_once(" requests in ")).ok_or("wrk failed")?;
        self.requests += requests.trim().parse::<f64>()?;
        Ok(())
    }

    fn rate(&mut self) -> f64 {
        self.rates.sort_by(f64::total_cmp);
        self.rates[self.rates.len() / 2]
    }

    /// Microseconds of processor time a request: this hardly depends on what else the machine does.
    fn cost(&self) -> f64 {
        (self.processor_time() - self.before) * 1e6 / self.requests
    }

    /// Seconds.
    fn processor_time(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields = stat.rsplit_once(") ").unwrap_or_default().1;
        let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().unwrap_or(0.0));
        ticks.sum::<f64>() / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
