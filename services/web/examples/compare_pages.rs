//! What the page of 30 links costs: the web front end, with an API that answers at once, against a bare hyper server that
//! sends the same bytes, under `wrk`, alternately; and what views of 100,000 links cost.
//!
//! `cargo build --release -p linkextractor-web && cargo run --release -p linkextractor-web --example compare_pages [rounds
//! [seconds]]`.

use e2e::{Client, MeasuredServer, Processors, command};
use http::{HeaderMap, header};
use std::{env, error::Error, fs, path::Path, process::Command};
use tempfile::TempDir;

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
        return serve_bare(file, media_type).await;
    }
    let rounds = arguments.first().map_or(Ok(5), |rounds| rounds.parse())?;
    compare(rounds, arguments.get(1).map_or("3", String::as_str)).await
}

/// Answers every request with what `file` has.
async fn serve_bare(file: &str, media_type: &str) -> Result<(), Failure> {
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, media_type.parse()?);
    fields.insert(header::AGE, 134.into());
    let page = "<https://en.encyclopedia.example/wiki/Hyperlink>; rel=\"describes\"; title*=UTF-8''Hyperlink";
    fields.insert(header::LINK, page.parse()?);
    Ok(e2e::serve_bare(fields, fs::read(file)?.into()).await?)
}

async fn compare(rounds: usize, seconds: &str) -> Result<(), Failure> {
    let (processors, folder) = (Processors::halves()?, TempDir::new()?);
    let link = |n: usize| -> serde_json::Value {
        let (host, number) = if n % 5 == 4 {
            (format!("www{n}.example.org"), n)
        } else {
            ("en.encyclopedia.example".into(), n)
        };
        serde_json::json!({ "text": format!("An article about something, number {number}"), "href": format!("https://{host}/wiki/Article_{number}") })
    };
    let links = |count: usize| serde_json::Value::from((0..count).map(link).collect::<Vec<_>>()).to_string();
    let bare = |name: &str, media_type: &str, body: &[u8]| -> Result<MeasuredServer, Failure> {
        let file = folder.path().join(name);
        fs::write(&file, body)?;
        let mut command = Command::new(env::current_exe()?);
        let command = command.arg("bare").args([&file, Path::new(media_type)]);
        MeasuredServer::start(name, &processors, command, TARGET, folder.path())
    };
    let api = bare("API", "application/json", links(LINKS).as_bytes())?;
    let web = |name: &str, api: &MeasuredServer, access_log: &str| {
        MeasuredServer::start(name, &processors, &mut web(api, access_log), TARGET, folder.path())
    };
    let mut servers = vec![web("web", &api, "false")?, web("web, access log", &api, "true")?];
    let page = Client::default().get(&servers[0].url).await;
    assert_eq!(page.status, 200);
    println!("{LINKS} links: {} bytes", page.body.len());
    servers.insert(0, bare("bare hyper", "text/html", &page.body)?);
    e2e::compare(&mut servers, rounds, seconds)?;
    let long = bare("long", "application/json", links(MANY).as_bytes())?;
    measure_views(&web("web with many links", &long, "false")?).await
}

/// Prints what views of many links cost, and the most memory that the server used.
async fn measure_views(web: &MeasuredServer) -> Result<(), Failure> {
    println!("{MANY} links, milliseconds of processor time a view:");
    let mut longest = 0.0_f64;
    for view in VIEWS {
        let before = web.processor_time();
        for _ in 0..REPEATED {
            assert_eq!(Client::default().get(&format!("{}{view}", web.url)).await.status, 200);
        }
        let time = (web.processor_time() - before) * 1e3 / f64::from(REPEATED);
        println!("{view:32} {time:5.0}{}", if time > MOST { " (too long)" } else { "" });
        longest = longest.max(time);
    }
    let status = fs::read_to_string(format!("/proc/{}/status", web.id()))?;
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    if longest > MOST { Err(format!("{longest:.0} ms are more than {MOST:.0}").into()) } else { Ok(()) }
}

fn web(api: &MeasuredServer, access_log: &str) -> Command {
    let mut web = command("linkextractor-web").into_std();
    web.env("LINKEXTRACTOR_WEB_LISTEN", "127.0.0.1:0").env("LINKEXTRACTOR_WEB_ADMIN__LISTEN", "127.0.0.1:0");
    web.env("API_ENDPOINT", api.url.replace(TARGET, "/api/"));
    web.env("LINKEXTRACTOR_WEB_LOG__ACCESS", access_log);
    web
}
