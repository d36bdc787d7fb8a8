//! One line a request, with what an operator asks for and no secret.

mod common;

use common::{
    Client, get,
    program::{Program, greeter, send_signal},
    within,
};
use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::Value;
use std::{
    fs::{self, File},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
};

#[tokio::test]
async fn each_request_is_one_log_line() {
    let mut program = Program::start(&[]).await;
    let mut client = program.connect().await;
    client.send("GET /cached?token=secret HTTP/1.0\r\nX-Request-Id: the-id\r\n\r\n").await;
    client.rest().await;
    let line = program.line("request").await;
    let expected = serde_json::json!({
        "service": "greeter", "method": "GET", "route": "/cached", "uri": "/cached", "status": 200,
        "bytes": 6, "cache": "hit", "request_id": "the-id", "client": "127.0.0.1",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&line[name], value, "{name} in {line}");
    }
    assert!(
        line["duration_ms"].is_number() && line["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{line}"
    );
    assert!(line["aborted"].is_null(), "{line}");
}

#[tokio::test]
async fn no_line_is_lost_when_standard_error_is_a_file() {
    const REQUESTS: usize = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let mut program = greeter().stderr(File::create(&file).unwrap()).spawn().unwrap();
    let lines = |message: &str| -> Vec<Value> {
        let log = fs::read_to_string(&file).unwrap();
        let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines = whole.map(|line| serde_json::from_str(line).unwrap());
        lines.filter(|line: &Value| line["message"] == message).collect()
    };
    let address = within(async {
        loop {
            match lines("listening").into_iter().find(|line| line["listener"] == "service") {
                Some(line) => return line["address"].as_str().unwrap().to_owned(),
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    let client = async || {
        let mut client = Client(TcpStream::connect(&address).await.unwrap());
        let request = "GET /some/path/of/the/service HTTP/1.1\r\nHost: test\r\n";
        let last = format!("{request}Connection: close\r\n\r\n");
        client.send(format!("{request}\r\n").repeat(REQUESTS - 1) + &last).await;
        client.rest().await
    };
    for answers in join_all((0..8).map(|_| client())).await {
        assert_eq!(answers.matches("HTTP/1.1 ").count(), REQUESTS);
    }
    send_signal(&program, Signal::TERM);
    assert!(within(program.wait()).await.unwrap().success());
    assert_eq!(lines("request").len(), 8 * REQUESTS);
}

#[tokio::test]
async fn an_encoded_query_in_the_path_is_not_logged() {
    let mut program = Program::start(&[]).await;
    program.get("/api/https%3A%2F%2Fe%2F%3ftoken%3Dsecret").await;
    assert_eq!(program.line("request").await["uri"], "/api/https%3A%2F%2Fe%2F");
}

#[tokio::test]
async fn a_request_whose_client_left_is_logged_as_aborted() {
    let mut program = Program::start(&[]).await;
    let mut client = program.connect().await;
    client.send(get("/large?50000000")).await;
    client.until("\r\n\r\n").await;
    drop(client);
    let line = program.line("request").await;
    assert_eq!(line["aborted"], true, "{line}");
}

#[tokio::test]
async fn a_response_that_ends_with_trailers_is_not_logged_as_aborted() {
    let mut program = Program::start(&[]).await;
    let mut client = program.connect().await;
    client.send("GET /trailers HTTP/1.1\r\nHost: test\r\nTE: trailers\r\nConnection: close\r\n\r\n").await;
    assert!(client.rest().await.contains("abc"));
    let line = program.line("request").await;
    assert_eq!((&line["bytes"], &line["aborted"]), (&3.into(), &Value::Null), "{line}");
}

#[tokio::test]
async fn a_request_that_is_cut_when_the_server_stops_is_logged_with_its_route() {
    let mut program = Program::start(&["--set", "limits.grace=300ms"]).await;
    let mut client = program.connect().await;
    client.send(get("/slow?600000")).await;
    program.metric("linkextractor_http_requests_in_flight 1").await;
    program.signal(Signal::TERM);
    let line = program.line("request").await;
    assert_eq!((&line["route"], &line["status"]), (&"/slow".into(), &503.into()), "{line}");
    assert_eq!(line["code"], "overloaded", "{line}");
}

#[tokio::test]
async fn an_error_is_logged_with_its_code() {
    let mut program = Program::start(&[]).await;
    program.get("/nowhere").await;
    assert_eq!(program.line("request").await["code"], "not-found");
    program.get("/").await;
    let line = program.line("request").await;
    assert!(line["code"].is_null() && line["page"].is_null(), "{line}");
}

#[tokio::test]
async fn ignored_variables_of_kubernetes_are_named_in_one_line() {
    let mut command = greeter();
    command.env("GREETER_SERVICE_HOST", "10.0.0.1").env("GREETER_PORT", "tcp://10.0.0.1:80");
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = log.next_line().await.unwrap().unwrap();
    assert!(line.contains("ignored the variables of Kubernetes Services"), "{line}");
    assert!(line.contains("GREETER_SERVICE_HOST") && line.contains("GREETER_PORT"), "{line}");
}

#[tokio::test]
async fn a_panic_is_logged_with_its_request() {
    let mut program = Program::start(&[]).await;
    program.get("/panic").await;
    let line = program.line("panic").await;
    assert!(line["message"] == "panic" && line["what"] == "as asked", "{line}");
    assert!(program.line("a handler panicked").await["request_id"].is_string());
}

#[tokio::test]
async fn the_level_changes_at_run_time_and_shows_queries() {
    let mut program = Program::start(&[]).await;
    let put = |level: &str| {
        let length = level.len();
        format!("PUT /log-level HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{level}")
    };
    assert_eq!(common::status(&program.ask_admin(&put("debug")).await), 200);
    program.get("/?token=secret").await;
    assert_eq!(program.line("request").await["uri"], "/?token=secret");
    common::assert_problem(&program.ask_admin(&put("a=b=c")).await, 400, "bad-request");
    common::assert_problem(&program.ask_admin(&put(&"x".repeat(2000))).await, 413, "content-too-large");
}

#[tokio::test]
async fn the_access_log_can_be_off() {
    let mut program = Program::start(&["--set", "log.access=false"]).await;
    program.get("/").await;
    program.signal(Signal::TERM);
    let before = program.lines_until("stopping").await;
    assert!(before.iter().all(|line| line["message"] != "request"), "{before:?}");
}
