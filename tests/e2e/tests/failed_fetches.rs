//! Failures made on purpose can be told apart by the default log: what happened, at which hop, and in which phase.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use e2e::{Client, Origin, Page, Program, RedisServer, own_address, program, raw_origin};
use http::StatusCode;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use std::{collections::HashSet, net::SocketAddr, sync::Arc};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpSocket, TcpStream, UdpSocket},
    process::Command,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

const API: [(&str, &str); 6] = [
    ("LINKEXTRACTOR_API_LISTEN", "127.0.0.1:0"),
    ("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0"),
    ("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8"]"#),
    ("LINKEXTRACTOR_API_FETCH__TIMEOUT", "3s"),
    ("LINKEXTRACTOR_API_FETCH__CONNECT_TIMEOUT", "1s"),
    ("LINKEXTRACTOR_API_FETCH__DNS_TIMEOUT", "1s"),
];

/// The event of a fetch of `page`, and the access line of its request, which agree.
async fn fetch(api: &mut Program, page: &str) -> Value {
    let url = format!("http://{}/api/{page}", api.address("service"));
    Client::default().get_with(&url, "x-request-id", "the-id").await;
    let (mut event, mut request) = (Value::Null, Value::Null);
    while event.is_null() || request.is_null() {
        let line = api.line_where(page, |line| line["target"] == "fetch" || line["target"] == "access").await;
        if line["target"] == "fetch" {
            event = line;
        } else {
            request = line;
        }
    }
    assert_eq!(request["code"], event["code"], "{request} {event}");
    assert_eq!((&event["request_id"], &event["page"]), (&json!("the-id"), &json!(page)), "{event}");
    event
}

/// What an event says about a failure.
fn summary(event: &Value) -> Value {
    let members = ["code", "phase", "cause", "hops", "upstream_status"];
    members.into_iter().map(|name| (name.to_owned(), event[name].clone())).collect()
}

/// An address that reads and never answers.
async fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    address
}

/// An address that resets each connection after its request.
async fn resetting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            stream.set_zero_linger().unwrap();
        }
    });
    address
}

/// An https origin with a certificate for `name` that was valid until `year`.
async fn https(issuer: &CertifiedIssuer<'static, KeyPair>, name: &str, year: i32) -> SocketAddr {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2010, 1, 1), date_time_ymd(year, 1, 1));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let (listener, acceptor) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TlsAcceptor::from(Arc::new(config)));
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    address
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one server for all failures, whose log lines are compared with each other"
)]
async fn each_failure_says_what_happened_and_where() {
    let issuer = CertifiedIssuer::self_signed(
        {
            let mut params = CertificateParams::default();
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            params
        },
        KeyPair::generate().unwrap(),
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, issuer.pem()).unwrap();
    let roots = json!([roots]).to_string();
    let mut api = Program::start(
        "linkextractor-api",
        &[],
        &[&API[..], &[("LINKEXTRACTOR_API_FETCH__EXTRA_ROOTS", &roots)]].concat(),
        2,
    )
    .await;

    let origin = Origin::start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = socket.local_addr().unwrap();
    // A listener whose queue is full drops new connections without an answer.
    let full = TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = full.listen(1).unwrap();
    let dropped = full.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) =
        tokio::time::timeout(std::time::Duration::from_secs(1), TcpStream::connect(dropped)).await
    {
        queued.push(stream.unwrap());
    }
    let silent = silent().await;
    let redirect =
        |path: &str, to: &str| origin.page(path, Page::new(StatusCode::FOUND, "").header("location", to));
    let body = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<p>";
    let large = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20000000\r\n\r\n<p>";
    let stalling = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, body.as_bytes()).await;
                open.push(stream);
            }
        });
        address
    };
    let to_closed = redirect("/to-closed", &format!("http://{closed}/x?secret"));
    let expired = https(&issuer, "127.0.0.1", 2011).await;
    let other = https(&issuer, "other.test", 2099).await;
    let failures = [
        (
            to_closed,
            "refused",
            json!({"code": "connect-failure", "phase": "connect", "cause": "connection refused", "hops": 2, "upstream_status": null}),
        ),
        (
            format!("http://{}/", resetting().await),
            "reset",
            json!({"code": "connect-failure", "phase": "first_byte", "cause": "connection reset by peer", "hops": 1, "upstream_status": null}),
        ),
        (
            format!("http://{dropped}/"),
            "none",
            json!({"code": "timeout", "phase": "connect", "cause": null, "hops": 1, "upstream_status": null}),
        ),
        (
            format!("https://{silent}/"),
            "none",
            json!({"code": "timeout", "phase": "tls", "cause": null, "hops": 1, "upstream_status": null}),
        ),
        (
            format!("http://{silent}/"),
            "none",
            json!({"code": "timeout", "phase": "first_byte", "cause": null, "hops": 1, "upstream_status": null}),
        ),
        (
            format!("http://{stalling}/"),
            "none",
            json!({"code": "timeout", "phase": "body", "cause": null, "hops": 1, "upstream_status": 200}),
        ),
        (
            format!("https://{expired}/"),
            "certificate-expired",
            json!({"code": "tls-failure", "phase": "tls", "cause": "certificate expired on 2011-01-01", "hops": 1, "upstream_status": null}),
        ),
        (
            format!("https://{other}/"),
            "certificate-name",
            json!({"code": "tls-failure", "phase": "tls", "cause": "the certificate is for another name", "hops": 1, "upstream_status": null}),
        ),
        (
            origin.page("/500", Page::new(StatusCode::INTERNAL_SERVER_ERROR, "")),
            "none",
            json!({"code": "upstream-status", "phase": "first_byte", "cause": null, "hops": 1, "upstream_status": 500}),
        ),
        (
            redirect("/loop", "/loop"),
            "none",
            json!({"code": "too-many-redirects", "phase": "first_byte", "cause": null, "hops": 6, "upstream_status": 302}),
        ),
        (
            raw_origin(body.as_bytes()).await,
            "cut",
            json!({"code": "incomplete", "phase": "body", "cause": "the body ended after 3 of 100 bytes", "hops": 1, "upstream_status": 200}),
        ),
        (
            raw_origin(large.as_bytes()).await,
            "size",
            json!({"code": "too-large", "phase": "body", "cause": "the body has 20000000 bytes", "hops": 1, "upstream_status": 200}),
        ),
        (
            redirect("/private", "http://10.1.2.3/"),
            "guard",
            json!({"code": "blocked-destination", "phase": "queue", "cause": "address 10.1.2.3: private use (IANA; RFC 1918)", "hops": 2, "upstream_status": null}),
        ),
    ];
    let mut found = HashSet::new();
    for (page, _, expected) in &failures {
        let event = fetch(&mut api, page).await;
        assert_eq!(&summary(&event), expected, "{event}");
        assert!(found.insert(summary(&event).to_string()), "told apart: {event}");
        let is_dialled = !matches!(expected["phase"].as_str(), Some("dns" | "queue"));
        assert_eq!(event["address"].is_string(), is_dialled, "{event}");
        assert!(!event.to_string().contains("secret"), "{event}");
    }
    let metrics = Client::default().get(&format!("http://{}/metrics", api.address("admin"))).await;
    for (_, kind, expected) in &failures {
        let (code, phase) = (&expected["code"], &expected["phase"]);
        let series = format!("linkextractor_fetches_total{{code={code},phase={phase},cause=\"{kind}\"}} ");
        assert!(metrics.text().contains(&series), "{series} in {}", metrics.text());
    }
}

#[tokio::test]
async fn a_full_queue_and_a_wait_in_it_are_told_apart() {
    let silent = silent().await;
    let one = [("LINKEXTRACTOR_API_FETCH__MAX_JOBS", "1"), ("LINKEXTRACTOR_API_LIMITS__PER_CLIENT", "1.0")];
    let mut api = Program::start("linkextractor-api", &[], &[&API[..], &one].concat(), 2).await;
    let service = api.address("service");
    for number in 0..4 {
        tokio::spawn(async move {
            Client::default().get(&format!("http://{service}/api/http://{silent}/{number}")).await;
        });
    }
    let mut found = Vec::new();
    for _ in 0..4 {
        found.push(api.line_where("a fetch", |line| line["target"] == "fetch").await);
    }
    let refused: Vec<&Value> = found.iter().filter(|event| event["code"] == "overloaded").collect();
    assert!(refused.len() == 1 && refused[0]["cause"] == "too many jobs of this client wait", "{found:?}");
    assert_eq!(refused[0]["phase"], "queue");
    let counted = r#"linkextractor_fetches_total{code="overloaded",phase="queue",cause="client-share"}"#;
    assert_eq!(e2e::metric(&api, counted).await, 1);
    // A job that waits may get its permit right before its deadline.
    let waited = |event: &&Value| event["code"] == "timeout" && event["queue_ms"].as_f64() > Some(1000.0);
    assert_eq!(found.iter().filter(waited).count(), 2, "{found:?}");
}

#[tokio::test]
async fn a_queue_that_others_fill_is_told_from_a_client_over_its_share() {
    let silent = silent().await;
    let settings = [
        ("LINKEXTRACTOR_API_FETCH__MAX_JOBS", "1"),
        ("LINKEXTRACTOR_API_TRUSTED_PROXIES", r#"["127.0.0.1"]"#),
    ];
    let mut api = Program::start("linkextractor-api", &[], &[&API[..], &settings].concat(), 2).await;
    let service = api.address("service");
    let get = move |client: usize| async move {
        let url = format!("http://{service}/api/http://{silent}/{client}");
        Client::default().get_with(&url, "x-forwarded-for", &format!("192.0.2.{client}")).await
    };
    let others: Vec<_> = (1..=5).map(|client| tokio::spawn(get(client))).collect();
    e2e::wait_for_metric(&api, "linkextractor_fetch_queue_length", |waiting| waiting == 4).await;
    assert_eq!(get(6).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let event = api.line_where("the refusal", |line| line["code"] == "overloaded").await;
    let expected = json!({"code": "overloaded", "phase": "queue", "cause": "the queue is full", "hops": 1, "upstream_status": null});
    assert_eq!(summary(&event), expected, "{event}");
    let counted = r#"linkextractor_fetches_total{code="overloaded",phase="queue",cause="queue-full"}"#;
    assert_eq!(e2e::metric(&api, counted).await, 1);
    others.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn an_extraction_that_takes_too_long_says_so() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<b id=x><p>t<a href=y>".repeat(400_000)));
    let short = [("LINKEXTRACTOR_API_FETCH__TIMEOUT", "500ms")];
    let mut api = Program::start("linkextractor-api", &[], &[&API[..], &short].concat(), 2).await;
    let event = fetch(&mut api, &page).await;
    let expected =
        json!({"code": "timeout", "phase": "extraction", "cause": null, "hops": 1, "upstream_status": 200});
    assert_eq!(summary(&event), expected, "{event}");
    assert!(event["extraction_ms"].as_f64() > Some(0.0) && event["decoded_bytes"].is_number(), "{event}");
}

#[tokio::test]
async fn a_silent_name_server_is_told_from_a_name_that_does_not_exist() {
    let Ok(server) = UdpSocket::bind((own_address(7), 53)).await else {
        assert!(std::env::var_os("CI").is_none(), "port 53 is for root");
        return;
    };
    tokio::spawn(async move {
        let mut query = [0; 512];
        while let Ok((length, peer)) = server.recv_from(&mut query).await {
            let query = &query[..length];
            if query.windows(7).any(|label| label == b"nowhere") {
                // The header with "no such name", and the question: a name up to its root label, a type and a class.
                let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
                let header = [&query[..2], &[0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
                server.send_to(&[&header, &query[12..end]].concat(), peer).await.unwrap();
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolv.conf");
    std::fs::write(&file, format!("nameserver {}\n", own_address(7))).unwrap();
    // A mount namespace of its own, where this file is the system's.
    let script = format!("mount --bind {} /etc/resolv.conf && exec \"$0\"", file.display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(program("linkextractor-api"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(API);
    let mut api = Program::spawn(&mut command, 2).await;
    for (page, code, cause) in [
        ("http://nowhere.test/", "dns-failure", json!("NXDOMAIN")),
        ("http://silence.test/", "timeout", json!("no name server answers")),
    ] {
        let event = fetch(&mut api, page).await;
        let expected =
            json!({"code": code, "phase": "dns", "cause": cause, "hops": 1, "upstream_status": null});
        assert_eq!(summary(&event), expected, "{event}");
    }
}

#[tokio::test]
async fn a_redis_that_refuses_is_named_with_its_command() {
    let redis = RedisServer::start().await;
    redis.command(redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1")).await;
    let mut api =
        Program::start("linkextractor-api", &[], &[&API[..], &[("REDIS_URL", &redis.url())]].concat(), 2)
            .await;
    let (_origin, page) = Origin::with_link().await;
    let url = format!("http://{}/api/{page}", api.address("service"));
    assert_eq!(Client::default().get(&url).await.status, 200);
    let line = api.line("Redis refuses a command").await;
    assert!(line["command"].is_string() && line["error"].as_str().unwrap().contains("OOM"), "{line}");
    let labels = format!("command={},result=\"refused\"", line["command"]);
    assert!(e2e::metric(&api, &format!("linkextractor_redis_commands_total{{{labels}}}")).await > 0);
}

#[tokio::test]
async fn the_setting_says_which_fetches_are_logged() {
    let (origin, page) = Origin::with_link().await;
    for (value, expected) in
        [("failures", vec!["not-html"]), ("all", vec!["ok", "not-html"]), ("none", vec![])]
    {
        let setting = ("LINKEXTRACTOR_API_LOG__FETCHES", value);
        let mut api = Program::start("linkextractor-api", &[], &[&API[..], &[setting]].concat(), 2).await;
        let image = origin.page("/image", Page::new(StatusCode::OK, "x").header("content-type", "image/png"));
        for page in [&page, &image] {
            Client::default().get(&format!("http://{}/api/{page}", api.address("service"))).await;
        }
        api.terminate();
        let mut codes = Vec::new();
        loop {
            let line = api.line_where("a line", |_| true).await;
            match (line["target"].as_str(), line["message"].as_str()) {
                (Some("fetch"), _) => codes.push(line["code"].as_str().unwrap().to_owned()),
                (_, Some("stopped")) => break,
                _ => {}
            }
            if line["code"] == "ok" {
                assert!(line["duration_ms"].is_number() && line["extraction_ms"].is_number(), "{line}");
                assert_eq!(
                    (&line["decoded_bytes"], &line["protocol"]),
                    (&json!(16), &json!("http/1.1")),
                    "{line}"
                );
            }
        }
        assert_eq!(codes, expected, "{value}");
    }
}

#[tokio::test]
async fn the_web_front_ends_lines_say_which_page_was_asked_for() {
    let api = Program::start("linkextractor-api", &[], &API, 2).await;
    let mut web = e2e::web(api.address("service"), &[]).await;
    let silent = silent().await;
    // The second page is sent in two parts: its error is known after its status.
    for (page, status, code) in
        [("10.1.2.3".to_owned(), 403, "blocked-destination"), (silent.to_string(), 200, "timeout")]
    {
        let url = format!("http://{}/?url=http%3A%2F%2F{page}%2Fa%3Fsecret", web.address("service"));
        Client::default().get(&url).await;
        let line = web.line("request").await;
        assert_eq!(
            (&line["uri"], &line["page"]),
            (&json!("/"), &json!(format!("http://{page}/a"))),
            "{line}"
        );
        assert_eq!((&line["status"], &line["code"]), (&json!(status), &json!(code)), "{line}");
    }
}
