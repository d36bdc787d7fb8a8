//! What a cached result costs: the API with each of its caches, under `wrk`, alternately with a bare hyper server that
//! answers the same requests with the same bytes and fields, and with nginx that sends them from a file; and a compressed
//! result, which may cost 1.3 times as much as a plain one. Standard error is a file, in which no line of the access log
//! may be missing. The load has one half of the processors, and the server that is measured has the other.
//!
//! `cargo build --release -p linkextractor-api && cargo run --release -p linkextractor-api --example compare_hits [rounds
//! [seconds]]`.

use e2e::{Answer, Client, MeasuredServer, Origin, Page, Processors, RedisCluster, RedisServer, command};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{env, error::Error, fmt::Write as _, fs, path::Path, process::Command};
use tempfile::TempDir;

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

async fn serve_bare(folder: &Path) -> Result<(), Failure> {
    let mut fields = HeaderMap::new();
    for line in fs::read_to_string(folder.join(FIELDS))?.lines() {
        let (name, value) = line.split_once(": ").ok_or("no field")?;
        fields.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(e2e::serve_bare(fields, fs::read(folder.join(BODY))?.into()).await?)
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
            servers.push(MeasuredServer::start(
                &name,
                &processors,
                &mut api(url, log),
                &target,
                folder.path(),
            )?);
        }
    }
    let mut compressed =
        MeasuredServer::start("local, gzip", &processors, &mut api("", "false"), &target, folder.path())?;
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
    servers.insert(0, MeasuredServer::start("bare hyper", &processors, bare, &target, folder.path())?);
    servers.insert(1, nginx(&processors, folder.path())?);
    e2e::compare(&mut servers, rounds, seconds)
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

fn nginx(processors: &Processors, folder: &Path) -> Result<MeasuredServer, Failure> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut fields = String::new();
    for line in fs::read_to_string(folder.join(FIELDS))?.lines() {
        let (name, value) = line.split_once(": ").ok_or("no field")?;
        if name != "content-type" {
            writeln!(fields, "add_header {name} '{value}';")?;
        }
    }
    let (root, workers) = (folder.display(), processors.of_servers());
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
    let server = MeasuredServer::new("nginx", child, format!("http://{address}/{BODY}"));
    while std::net::TcpStream::connect(address).is_err() {}
    Ok(server)
}
