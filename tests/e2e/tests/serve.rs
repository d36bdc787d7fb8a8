//! `linkextractor serve`: both services in one process.

use e2e::{Client, Origin, Program, SERVE, Wire, command, own_address, program, serve, within};
use serde_json::Value;
use std::{
    fs::{self, File},
    net::IpAddr,
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::UdpSocket,
    process::Command,
};

#[tokio::test]
async fn serve_prints_the_address_to_open() {
    let mut serve = command("linkextractor")
        .args(SERVE)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(serve.stdout.take().expect("piped")).lines();
    let line = within("the address", lines.next_line()).await.expect("readable").expect("a line");
    let address = line.split(' ').find(|word| word.starts_with("http://localhost:")).expect("an address");
    let page = Client::default().get(&address.replace("localhost", "127.0.0.1")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<form"), "{}", page.text());
}

#[tokio::test]
async fn serve_runs_even_if_the_address_cannot_be_printed() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut serve = command("linkextractor");
    let serve = serve.args(SERVE).stdout(full).stderr(Stdio::piped());
    let mut serve = serve.spawn().expect("the program starts");
    let mut lines = BufReader::new(serve.stderr.take().expect("piped")).lines();
    // The listeners are logged before the address is printed: only a response proves that it goes on.
    let web = loop {
        let line = within("the log", lines.next_line()).await.expect("readable").expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        if line["service"] == "linkextractor-web" {
            break line["address"].as_str().expect("an address").to_owned();
        }
    };
    assert_eq!(Client::default().get(&format!("http://{web}/")).await.status, 200);
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let (origin, page) = Origin::with_link().await;
    let strict = serve(&[], &[]).await;
    let api = strict.address_of("linkextractor-api", "service");
    assert_eq!(Client::default().get(&format!("http://{api}/api/{page}")).await.status, 403);
    assert_eq!(origin.requests(), 0);

    let lenient = serve(&["--allow-private"], &[]).await;
    let api = lenient.address_of("linkextractor-api", "service");
    assert_eq!(Client::default().get(&format!("http://{api}/api/{page}")).await.status, 200);
}

#[tokio::test]
async fn the_web_page_uses_the_api_of_its_own_process_not_api_endpoint() {
    let (_origin, page) = Origin::with_link().await;
    let serve = serve(&["--allow-private"], &[("API_ENDPOINT", "http://127.0.0.1:1/api/")]).await;
    let web = serve.address_of("linkextractor-web", "service");
    let answer = Client::default().get(&format!("http://{web}/?url={page}")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains(&format!("{page}x")), "{}", answer.text());
}

#[tokio::test]
async fn the_api_knows_the_clients_of_the_web_page_and_believes_no_others() {
    let (_origin, page) = Origin::with_link().await;
    let mut serve = serve(&["--allow-private"], &[]).await;
    let web = serve.address_of("linkextractor-web", "service");
    let api = serve.address_of("linkextractor-api", "service");
    let forged = "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n\r\n";
    for (server, path, expected) in [(web, "/?url=", "127.0.0.2"), (api, "/api/", "127.0.0.3")] {
        let mut wire = Wire::connect_from(expected.parse::<IpAddr>().unwrap(), server).await;
        wire.send(format!("GET {path}{page} HTTP/1.1\r\n{forged}")).await;
        assert_eq!(wire.answer().await.expect("an answer").status, 200);
        let of_api = |line: &Value| line["message"] == "request" && line["service"] == "linkextractor-api";
        assert_eq!(serve.line_where("a request to the API", of_api).await["client"], expected);
    }
}

#[tokio::test]
async fn an_admin_listener_is_opened_if_admin_listen_is_set() {
    let env = [("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0")];
    let serve = Program::start("linkextractor", &SERVE, &env, 3).await;
    let admin = serve.address_of("linkextractor-api", "admin");
    assert_eq!(Client::default().get(&format!("http://{admin}/ready")).await.status, 200);
}

#[tokio::test]
async fn an_invalid_configuration_is_reported_with_its_file_and_key() {
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

#[tokio::test]
async fn huge_durations_in_the_configuration_are_no_failure() {
    let (_origin, page) = Origin::with_link().await;
    let huge = "300000000000years";
    let env = [
        ("LINKEXTRACTOR_API_LIMITS__GRACE", huge),
        ("LINKEXTRACTOR_WEB_LIMITS__GRACE", huge),
        ("LINKEXTRACTOR_API_FETCH__TIMEOUT", huge),
        ("LINKEXTRACTOR_WEB_API_TIMEOUT", huge),
    ];
    let mut serve = serve(&["--allow-private"], &env).await;
    let web = serve.address_of("linkextractor-web", "service");
    let answer = Client::default().get(&format!("http://{web}/?url={page}")).await;
    assert!(answer.text().contains(&format!("{page}x")), "{}", answer.text());
    serve.terminate();
    assert_eq!(serve.end().await, Some(0));
}

#[tokio::test]
async fn both_services_together_use_three_quarters_of_the_open_files() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 1000; exec \"$0\" \"$@\""]).arg(program("linkextractor")).args(SERVE);
    let mut serve = command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(serve.stderr.take().expect("piped")).lines();
    let mut connections = Vec::new();
    while connections.len() < 2 {
        let line = within("the log", lines.next_line()).await.expect("readable").expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        connections.extend(line["connections"].as_u64());
    }
    assert_eq!(connections, [375, 375]);
}

#[tokio::test]
async fn a_blocked_name_lookup_does_not_delay_the_end() {
    // A name server that never answers, in a mount namespace of the program.
    let silent = UdpSocket::bind((own_address(40), 53)).await.expect("root may bind port 53");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolv.conf");
    let address = silent.local_addr().unwrap().ip();
    fs::write(&file, format!("nameserver {address}\noptions timeout:30 attempts:5\n")).unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\""]).arg(&file);
    command.arg(program("linkextractor")).args(SERVE).env("REDIS_URL", "redis://redis.example/");
    let mut serve = Program::spawn(command.stdin(Stdio::null()), 2).await;
    within("a query", silent.recv_from(&mut [0; 512])).await.unwrap();
    serve.terminate();
    assert_eq!(serve.end().await, Some(0));
}

#[tokio::test]
async fn with_allow_private_only_own_hosts_and_origins_are_answered() {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let lenient = serve(&["--allow-private", "--allow-host", "links.test", "--allow-host=b.test"], &[]).await;
    let strict = serve(&[], &[]).await;
    for service in ["linkextractor-web", "linkextractor-api"] {
        let port = lenient.address_of(service, "service").port();
        for host in ["127.0.0.1", "[::1]", "10.1.2.3", "localhost", &name, "links.test", "B.TEST"] {
            for host in [host.to_owned(), format!("{host}:{port}")] {
                let own = format!("Host: {host}");
                assert_eq!(status(&lenient, service, &own).await, 200, "{service}: {own}");
            }
        }
        let own = format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}");
        assert_eq!(status(&lenient, service, &own).await, 200, "{service}: {own}");
        for foreign in [
            "Host: evil.example".to_owned(),
            "Host: localhost.evil.example".to_owned(),
            "Host: links.test.".to_owned() + "evil.example",
            format!("Host: localhost:{port}\r\nOrigin: http://evil.example"),
            format!("Host: localhost:{port}\r\nOrigin: null"),
        ] {
            let refused = status(&lenient, service, &foreign).await;
            assert!((400..500).contains(&refused), "{service}: {foreign}: {refused}");
            assert_eq!(status(&strict, service, &foreign).await, 200, "{service}: {foreign}");
        }
    }
}

/// The status of `GET /` with these header lines.
async fn status(serve: &Program, service: &str, lines: &str) -> u16 {
    let mut wire = Wire::connect(serve.address_of(service, "service")).await;
    wire.send(format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n")).await;
    wire.answer().await.expect("an answer").status.as_u16()
}

#[tokio::test]
async fn on_a_terminal_access_lines_are_short_and_private_addresses_are_explained() {
    let Some(script) = e2e::installed("script") else { return };
    let serve = format!("{} {}", program("linkextractor").display(), SERVE.join(" "));
    let mut terminal = Command::new(script);
    terminal
        .args(["-qefc", &serve, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut terminal = terminal.spawn().expect("a terminal");
    let mut lines = BufReader::new(terminal.stdout.take().expect("piped")).lines();
    let mut text = String::new();
    let mut explained = false;
    loop {
        let line = within("a line", lines.next_line()).await.expect("readable").expect("a line");
        text += &line;
        explained |= line.contains("--allow-private");
        if let Some(address) = line.split(' ').find(|word| word.starts_with("http://localhost:")) {
            let page = Client::default().get(&address.replace("localhost", "127.0.0.1")).await;
            assert_eq!(page.status, 200);
        }
        if line.starts_with("web GET / 200 ") {
            assert!(line.trim_end().ends_with(" ms"), "{line}");
            break;
        }
    }
    assert!(explained, "{text}");
}
