//! `linkextractor serve`: both services in one process.

use e2e::{Client, Origin, Page, Program, command};
use serde_json::Value;
use std::{
    fs::{self, File},
    process::Stdio,
};
use tokio::io::{AsyncBufReadExt, BufReader};

const ANY_PORT: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"];

#[tokio::test]
async fn it_prints_the_address_to_open() {
    let mut serve = command("linkextractor")
        .args(ANY_PORT)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(serve.stdout.take().expect("piped")).lines();
    let line = e2e::within("the address", lines.next_line()).await.expect("readable").expect("a line");
    let address = line.split(' ').find(|word| word.starts_with("http://localhost:")).expect("an address");
    let page = Client::default().get(&address.replace("localhost", "127.0.0.1")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<form"), "{}", page.text());
}

#[tokio::test]
async fn it_serves_also_when_nobody_reads_the_address() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut serve = command("linkextractor");
    let serve = serve.args(ANY_PORT).stdout(full).stderr(Stdio::piped());
    let mut serve = serve.spawn().expect("the program starts");
    let mut lines = BufReader::new(serve.stderr.take().expect("piped")).lines();
    // Its listeners are said before the address is printed: only an answer proves that it goes on.
    let web = loop {
        let line = e2e::within("the log", lines.next_line()).await.expect("readable").expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        if line["service"] == "linkextractor-web" {
            break line["address"].as_str().expect("an address").to_owned();
        }
    };
    assert_eq!(Client::default().get(&format!("http://{web}/")).await.status, 200);
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>"));
    let serve = Program::start("linkextractor", &ANY_PORT, &[], 2).await;
    let api = serve.address_of("linkextractor-api", "service");
    assert_eq!(Client::default().get(&format!("http://{api}/api/{page}")).await.status, 403);
    assert_eq!(origin.requests(), 0);

    let allowed = [&ANY_PORT[..], &["--allow-private"]].concat();
    let serve = Program::start("linkextractor", &allowed, &[], 2).await;
    let api = serve.address_of("linkextractor-api", "service");
    assert_eq!(Client::default().get(&format!("http://{api}/api/{page}")).await.status, 200);
}

#[tokio::test]
async fn the_web_page_asks_its_own_api_whatever_the_environment_says() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>"));
    let allowed = [&ANY_PORT[..], &["--allow-private"]].concat();
    let env = [("API_ENDPOINT", "http://127.0.0.1:1/api/")];
    let serve = Program::start("linkextractor", &allowed, &env, 2).await;
    let web = serve.address_of("linkextractor-web", "service");
    let answer = Client::default().get(&format!("http://{web}/?url={page}")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains(&format!("{page}x")), "{}", answer.text());
}

#[tokio::test]
async fn admin_listeners_are_opened_when_asked_for() {
    let env = [("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0")];
    let serve = Program::start("linkextractor", &ANY_PORT, &env, 3).await;
    let admin = serve.address_of("linkextractor-api", "admin");
    assert_eq!(Client::default().get(&format!("http://{admin}/ready")).await.status, 200);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.toml");
    fs::write(&file, "page_sise = 5\n").unwrap();
    let file = file.to_str().unwrap();
    for command in ["check-config", "serve"] {
        let output = e2e::run("linkextractor", &[command, "--web-config", file], b"").await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
        assert!(output.stderr.contains(file) && output.stderr.contains("page_sise"), "{}", output.stderr);
    }
    fs::write(file, "page_size = 5\n").unwrap();
    assert_eq!(e2e::run("linkextractor", &["check-config", "--web-config", file], b"").await.code, Some(0));
}
