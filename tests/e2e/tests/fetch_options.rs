//! The command line's options for fetching: header fields, credentials, proxies, certificates and limits.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

use e2e::{Origin, Output, Page, command, raw_origin, run, within};
use http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use std::{fs, sync::Arc, time::Duration};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig, pki_types::PrivatePkcs8KeyDer},
};

async fn links(args: &[&str]) -> Output {
    run("linkextractor", &[&["-f", "text"], args].concat(), b"").await
}

type Environment<'a> = &'a [(&'a str, &'a str)];

async fn with_environment(args: &[&str], environment: Environment<'_>) -> Output {
    let mut command = command("linkextractor");
    let output = command.args(args).envs(environment.iter().copied()).output();
    let output = within("the end", output).await.unwrap();
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn redirect(to: &str) -> Page {
    Page::new(StatusCode::FOUND, "").header("location", to)
}

#[tokio::test]
async fn header_fields_and_the_user_agent_are_sent() {
    let (origin, page) = Origin::with_link().await;
    let args = ["-H", "X-One: 1", "--header", "Accept: text/html", "-A", "me/1", &page];
    let output = links(&args).await;
    assert_eq!((output.code, output.stdout), (Some(0), format!("{page}x\n")), "{}", output.stderr);
    for (name, value) in [("x-one", "1"), ("accept", "text/html"), ("user-agent", "me/1")] {
        assert_eq!(origin.last_field(name).as_deref(), Some(value), "{name}");
    }
    links(&["-H", "Host: other.example", &page]).await;
    assert_eq!(origin.last_field("host").as_deref(), Some("other.example"));
}

#[tokio::test]
async fn header_fields_and_credentials_are_never_carried_to_another_origin() {
    let (other, elsewhere) = Origin::with_link().await;
    let origin = Origin::start().await;
    origin.page("/same", Page::html("<a href=http://h/same>x</a>"));
    let stays = origin.page("/stays", redirect("/same"));
    let leaves = origin.page("/leaves", redirect(&elsewhere));
    let secrets = ["-H", "X-Secret: 1", "-u", "me:pw"];
    let output = links(&[&secrets[..], &[&stays]].concat()).await;
    assert_eq!(output.stdout, "http://h/same\n", "{}", output.stderr);
    assert_eq!(origin.last_field("x-secret").as_deref(), Some("1"));
    assert_eq!(origin.last_field("authorization").as_deref(), Some("Basic bWU6cHc="));
    let output = links(&[&secrets[..], &[&leaves]].concat()).await;
    assert_eq!(output.stdout, format!("{elsewhere}x\n"), "{}", output.stderr);
    assert_eq!((other.last_field("x-secret"), other.last_field("authorization")), (None, None));
}

#[tokio::test]
async fn a_header_field_goes_before_user_and_password() {
    let (origin, page) = Origin::with_link().await;
    let token = ["-H", "Authorization: Bearer t"];
    for args in [
        [&token[..], &["-u", "me:pw", &page]].concat(),
        [&token[..], &[&page.replace("http://", "http://me:pw@")]].concat(),
    ] {
        let output = links(&args).await;
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(origin.last_fields("authorization"), ["Bearer t"], "{args:?}");
    }
}

#[tokio::test]
async fn user_and_password_may_stand_in_the_url_and_are_never_printed() {
    let (origin, page) = Origin::with_link().await;
    let with_user = page.replace("http://", "http://us%65r:s3cret@");
    let output = run("linkextractor", &["-f", "ndjson", &with_user], b"").await;
    assert_eq!(origin.last_field("authorization").as_deref(), Some("Basic dXNlcjpzM2NyZXQ="));
    assert!(
        output.stdout.starts_with(&format!("{{\"page\":\"{page}\",\"url\":\"{page}\"")),
        "{}",
        output.stdout
    );
    for target in [with_user.clone() + "missing", "http://user:s3cret@[/".into(), "ftp://u:s3cret@h/".into()]
    {
        let output = links(&[&target]).await;
        assert_eq!(output.code, Some(1));
        assert!(!output.stderr.contains("s3cret") && !output.stderr.contains('@'), "{}", output.stderr);
    }
    for option in [["-H", "s3cret"], ["-x", "ftp://u:s3cret@h/"]] {
        let output = links(&[option[0], option[1], &page]).await;
        assert_eq!(output.code, Some(2), "{option:?}");
        assert!(!output.stderr.contains("s3cret"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn links_that_do_not_resolve_are_counted_with_the_option_that_a_url_can_have() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href='http://['>x</a>"));
    let output = links(&[&page]).await;
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""));
    assert!(
        output.stderr.contains("links left out: 1") && output.stderr.contains("--raw"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("--base"), "{}", output.stderr);
}

#[tokio::test]
async fn a_limit_is_named_with_the_option_that_lifts_it() {
    let origin = Origin::start().await;
    let large = origin.page("/large", Page::html("x".repeat(3000)));
    let around = origin.page("/around", redirect("/around"));
    let locked = origin.page("/locked", Page::new(StatusCode::UNAUTHORIZED, ""));
    let rows: [(&[&str], &[&str]); 5] = [
        (&["--max-bytes", "2kB", &large], &["2kB", "--max-bytes"]),
        (&["--max-filesize", "2999", &large], &["2999B", "--max-bytes"]),
        (&["--max-redirects", "3", &around], &["3 redirects", "--max-redirects"]),
        (&["--max-redirs", "0", &around], &["0 redirects", "--max-redirects"]),
        (&[&locked], &["401", "--user"]),
    ];
    for (args, words) in rows {
        let output = links(args).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{args:?}");
        for word in words {
            assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
        }
    }
    for args in [["--max-bytes", "3000"], ["--max-bytes", "1MB"]] {
        assert_eq!(links(&[args[0], args[1], &large]).await.code, Some(0));
    }
    origin.hold();
    for (option, time, shown) in [("--timeout", "100ms", "100ms"), ("--max-time", "0.2", "200ms")] {
        let output = links(&[option, time, &large]).await;
        assert_eq!(output.code, Some(1));
        assert!(output.stderr.contains(&format!("timed out after {shown}")), "{}", output.stderr);
        assert!(output.stderr.contains("--timeout"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn a_file_may_be_as_large_as_max_bytes_says() {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), "<a href=http://h/>x</a>").unwrap();
    let path = file.path().to_str().unwrap();
    let output = links(&["--max-bytes", "10", path]).await;
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("over 10B") && output.stderr.contains("--max-bytes"), "{}", output.stderr);
    assert_eq!(links(&["--max-bytes", "23", path]).await.stdout, "http://h/\n");
}

#[tokio::test]
async fn errors_are_in_the_words_of_people() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let silent = raw_origin(b"").await;
    let garbage = raw_origin(b"SSH-2.0-OpenSSH\r\n").await;
    let rows = [
        (format!("http://{closed}/"), "connection refused"),
        ("http://nobody.invalid/".to_owned(), "no such host"),
        (silent, "closed without an answer"),
        (garbage, "not HTTP"),
        ("localhost:3000".to_owned(), "http://localhost:3000"),
        ("example.com/x".to_owned(), "https://example.com/x"),
        ("/".to_owned(), "is a directory"),
    ];
    for (target, words) in rows {
        let output = links(&[&target]).await;
        assert_eq!(output.code, Some(1));
        assert!(output.stderr.contains(words), "{target}: {}", output.stderr);
        assert!(!output.stderr.contains("os error"), "{}", output.stderr);
    }
}

/// A server with a certificate of its own; returns its URL and the certificate's file.
async fn https(years: std::ops::Range<i32>) -> (String, NamedTempFile) {
    https_as("127.0.0.1", IsCa::NoCa, years).await
}

/// As [`https`], with a certificate for `name` that may be one of an authority.
async fn https_as(name: &str, is_ca: IsCa, years: std::ops::Range<i32>) -> (String, NamedTempFile) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = is_ca;
    params.not_before = date_time_ymd(years.start, 1, 1);
    params.not_after = date_time_ymd(years.end, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), certificate.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let _ = stream.read(&mut [0; 4096]).await?;
                let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n<a href=/x>x</a>";
                stream.write_all(&page.as_bytes()[..page.len() - 1]).await?;
                stream.shutdown().await
            });
        }
    });
    (format!("https://{address}/"), file)
}

#[tokio::test]
async fn certificates_are_verified_unless_the_user_says_otherwise() {
    let (page, certificate) = https(2020..2099).await;
    let output = links(&[&page]).await;
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("--cacert") && output.stderr.contains("--insecure"), "{}", output.stderr);
    let output = links(&["--cacert", certificate.path().to_str().unwrap(), &page]).await;
    assert_eq!((output.stdout, output.stderr), (format!("{page}x\n"), String::new()));
    let output = links(&["-k", &page, &page]).await;
    assert_eq!(output.stdout, format!("{page}x\n").repeat(2));
    assert_eq!(output.stderr.matches("warning: --insecure").count(), 1, "{}", output.stderr);
    assert_eq!(links(&["-kq", &page]).await.stderr, "");
    // A listed certificate is enough where the system has no roots at all.
    let args = ["-f", "text", "--cacert", certificate.path().to_str().unwrap(), &page];
    let output = with_environment(&args, &[("SSL_CERT_FILE", "/dev/null")]).await;
    assert_eq!((output.stdout, output.stderr), (format!("{page}x\n"), String::new()));
    let empty = NamedTempFile::new().unwrap();
    let other = NamedTempFile::new().unwrap();
    let block = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    fs::write(other.path(), [fs::read_to_string(certificate.path()).unwrap().as_str(), block].concat())
        .unwrap();
    for (file, words) in [
        (other.path().to_str().unwrap(), "no X.509 certificate"),
        ("/no/such/file", "no such file"),
        ("/", "is a directory"),
        (empty.path().to_str().unwrap(), "no certificate"),
    ] {
        let output = links(&["--cacert", file, &page]).await;
        assert_eq!(output.code, Some(2));
        assert!(output.stderr.contains("--cacert") && output.stderr.contains(words), "{}", output.stderr);
        assert!(!output.stderr.contains("os error"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn the_certificates_of_the_system_are_read_for_https_pages_alone() {
    let (_origin, page) = Origin::with_link().await;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    // To read it would take for ever.
    let output = with_environment(&["-f", "text", &page], &[("SSL_CERT_FILE", pipe.to_str().unwrap())]).await;
    assert_eq!((output.stdout, output.stderr), (format!("{page}x\n"), String::new()));
}

#[tokio::test]
async fn a_certificate_of_an_authority_may_be_the_servers_own_if_it_is_listed() {
    let authority = || IsCa::Ca(BasicConstraints::Unconstrained);
    let (page, certificate) = https_as("127.0.0.1", authority(), 2020..2099).await;
    let (elsewhere, wrong_name) = https_as("elsewhere.example", authority(), 2020..2099).await;
    let (old, expired) = https_as("127.0.0.1", authority(), 2020..2026).await;
    let certificates = [&certificate, &wrong_name, &expired].map(|file| file.path().to_str().unwrap());
    let output = links(&["--ca-certificate", certificates[0], &page]).await;
    assert_eq!((output.stdout, output.stderr), (format!("{page}x\n"), String::new()));
    for (certificate, page, words) in [
        (certificates[1], &page, "issuer is not trusted"),
        (certificates[1], &elsewhere, "another name"),
        (certificates[2], &old, "certificate expired on 2026-01-01"),
    ] {
        let output = links(&["--cacert", certificate, page]).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
}

#[tokio::test]
async fn an_expired_certificate_is_named_with_its_date() {
    let (page, certificate) = https(2020..2026).await;
    let output = links(&["--cacert", certificate.path().to_str().unwrap(), &page]).await;
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("certificate expired on 2026-01-01"), "{}", output.stderr);
}

#[tokio::test]
async fn http_pages_are_asked_of_a_proxy_by_their_url() {
    let proxy = Origin::start().await;
    // The proxy looks the name up, which exists nowhere.
    proxy.page("/p?q", Page::html("<a href=x>x</a>"));
    let address = format!("http://me:pw@{}", proxy.address());
    let upper = ("HTTP_PROXY", address.as_str());
    let rows: [(&[&str], Environment<'_>); 4] = [
        (&["-x", &address], &[]),
        (&[], &[("http_proxy", &address), ("HTTP_PROXY", "http://127.0.0.1:1")]),
        (&[], &[upper]),
        (&[], &[("ALL_PROXY", &address), ("no_proxy", "other.invalid")]),
    ];
    for (args, environment) in rows {
        let args = [args, &["-f", "text", "http://page.invalid/p?q"]].concat();
        let output = with_environment(&args, environment).await;
        assert_eq!(output.stdout, "http://page.invalid/x\n", "{}", output.stderr);
        assert_eq!(proxy.last_target(), "http://page.invalid/p?q");
        assert_eq!(proxy.last_field("proxy-authorization").as_deref(), Some("Basic bWU6cHc="));
    }
    let requests = proxy.requests();
    for name in ["no_proxy", "NO_PROXY"] {
        let environment = [upper, (name, "a.example,.invalid")];
        let output = with_environment(&["http://page.invalid/p?q"], &environment).await;
        assert!(output.stderr.contains("no such host"), "{}", output.stderr);
    }
    with_environment(&["-x", "", "http://page.invalid/"], &[upper]).await;
    assert_eq!(proxy.requests(), requests);
}

#[tokio::test]
async fn https_pages_are_reached_through_a_tunnel() {
    let (page, _certificate) = https(2020..2099).await;
    let target = page.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let tunnel = async {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = client.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let mut server = TcpStream::connect(&target).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
        request
    };
    let args = ["-k", "-f", "text", &page];
    let environment = [("https_proxy", proxy.as_str())];
    let (output, request) = tokio::join!(with_environment(&args, &environment), tunnel);
    assert_eq!(output.stdout, format!("{page}x\n"), "{}", output.stderr);
    assert!(request.starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")), "{request}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::new(StatusCode::BAD_GATEWAY, ""));
    let mend = async {
        origin.wait_for_requests(2).await;
        origin.page("/", Page::html("<a href=x>x</a>"));
    };
    let args = ["--retries", "3", &page];
    let (output, ()) = tokio::join!(links(&args), mend);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let tries = origin.requests();
    let missing = format!("http://{}/missing", origin.address());
    let output = links(&["--retry", "2", &missing]).await;
    assert_eq!((output.code, origin.requests()), (Some(1), tries + 1), "{}", output.stderr);
}

#[tokio::test]
async fn retry_after_is_honoured_once() {
    let origin = Origin::start().await;
    let busy = Page::new(StatusCode::SERVICE_UNAVAILABLE, "").header("retry-after", "1");
    let page = origin.page("/", busy);
    let started = std::time::Instant::now();
    let output = links(&[&page]).await;
    assert_eq!((output.code, origin.requests()), (Some(1), 2), "{}", output.stderr);
    assert!(started.elapsed() >= Duration::from_secs(1));
    let far = Page::new(StatusCode::TOO_MANY_REQUESTS, "").header("retry-after", "3600");
    let page = origin.page("/", far);
    let output = links(&[&page]).await;
    assert_eq!((output.code, origin.requests()), (Some(1), 3));
    assert!(output.stderr.contains("asks to wait 1h"), "{}", output.stderr);
}
