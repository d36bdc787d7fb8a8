//! `--api`: a running API fetches and extracts for the command line.

use e2e::{Origin, api, raw_origin, run};
use serde_json::Value;

#[tokio::test]
async fn pages_come_from_the_api_in_every_format_with_the_same_status() {
    let (origin, page) = Origin::with_link().await;
    let service = api(&[]).await;
    let address = format!("http://{}", service.address("service"));
    let missing = format!("{page}missing");
    for url in [address.clone(), format!("{address}/api/")] {
        let output = run("linkextractor", &["--api", &url, "-f", "text", &page], b"").await;
        assert_eq!((output.code, output.stdout), (Some(0), format!("{page}x\n")), "{}", output.stderr);
    }
    assert_eq!(origin.requests(), 1, "the API has a cache");
    let list = format!("{page}\n").repeat(40) + &missing;
    let output =
        run("linkextractor", &["--api", &address, "--from", "-", "-f", "ndjson"], list.as_bytes()).await;
    assert_eq!((output.code, output.stdout.lines().count()), (Some(1), 41), "{}", output.stderr);
    for line in output.stdout.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        if line["page"] == missing.as_str() {
            assert_eq!(
                (&line["error"]["code"], &line["error"]["status"]),
                (&"upstream-status".into(), &502.into())
            );
        } else {
            assert_eq!((&line["page"], &line["count"]), (&page.as_str().into(), &1.into()));
        }
    }
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    let output =
        run("linkextractor", &["--api", &address, "--from", "-", "-f", "csv"], list.as_bytes()).await;
    assert_eq!(output.stdout.lines().count(), 41, "{}", output.stdout);
}

#[tokio::test]
async fn links_are_selected_here() {
    let origin = Origin::start().await;
    let html = "<a href=/a>a</a><a href=http://b.example/>b</a><a href=/a>a</a>";
    let page = origin.page("/", e2e::Page::html(html));
    let service = api(&[]).await;
    let address = format!("http://{}", service.address("service"));
    let selected = async |args: &[&str]| {
        let args = [&["--api", &address, "-f", "text"], args, &[&page]].concat();
        run("linkextractor", &args, b"").await.stdout
    };
    assert_eq!(selected(&["--links", "external"]).await, "http://b.example/\n");
    assert_eq!(selected(&["--links", "internal", "--unique"]).await, format!("{page}a\n"));
}

#[tokio::test]
async fn what_the_api_cannot_do_is_wrong_usage() {
    let rows: [&[&str]; 9] = [
        &["ftp://h/"],
        &["file://h/x", "http://h/"],
        &["--raw", "http://h/"],
        &["-H", "a: b", "http://h/"],
        &["--timeout", "1", "http://h/"],
        &["--jobs-per-host", "1", "http://h/"],
        &["--base", "http://h/", "http://h/"],
        &["page.html"],
        &["-"],
    ];
    for args in rows {
        let output = run("linkextractor", &[&["--api", "http://127.0.0.1:1"], args].concat(), b"").await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
    }
    let output = run("linkextractor", &["--api", "ftp://h/", "http://h/"], b"").await;
    assert_eq!(output.code, Some(2), "{}", output.stderr);
}

#[tokio::test]
async fn urls_that_no_api_takes_have_the_code_that_says_why() {
    for (url, code, text) in [
        ("http://h:99999/", "invalid-url", "cannot be parsed"),
        ("http://u:p@h/", "invalid-url", "no user and password"),
    ] {
        let output = run("linkextractor", &["--api", "http://127.0.0.1:1", "-f", "ndjson", url], b"").await;
        let line: Value = serde_json::from_str(output.stdout.trim()).expect("JSON");
        assert_eq!((output.code, &line["error"]["code"]), (Some(1), &code.into()), "{line}");
        assert!(output.stderr.contains(text) && !output.stderr.contains("u:p"), "{}", output.stderr);
    }
}

#[tokio::test]
async fn an_api_that_is_none_is_reported_at_once() {
    let output = run("linkextractor", &["--api", "http://127.0.0.1:1", "http://h/"], b"").await;
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("no answer of the API: connection refused"), "{}", output.stderr);
    let other = raw_origin(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    let output = run("linkextractor", &["--api", &other, "http://h/"], b"").await;
    assert!(output.stderr.contains("it answers 404"), "{}", output.stderr);
}

#[tokio::test]
async fn user_and_password_in_the_url_of_the_api_are_sent_to_it_and_never_printed() {
    let service = Origin::start().await;
    let url = service.page("/api", e2e::Page::new(http::StatusCode::UNAUTHORIZED, ""));
    let args = ["--api", &url.replace("http://", "http://me:pw@"), "http://h/"];
    let output = run("linkextractor", &args, b"").await;
    assert_eq!(service.last_field("authorization").as_deref(), Some("Basic bWU6cHc="));
    assert!(output.stderr.contains("it answers 401") && !output.stderr.contains('@'), "{}", output.stderr);
}

#[tokio::test]
async fn pages_wait_while_the_api_is_overloaded() {
    let service = Origin::start().await;
    let busy = e2e::Page::new(http::StatusCode::SERVICE_UNAVAILABLE, "").header("retry-after", "1");
    let url = service.page("/api", busy);
    let line = r#"{"page":"http://h/","url":"http://h/p","title":"T","count":1,"unresolved":0,"approximate":false,"age":7,"cache":"local","links":[{"text":"x","href":"http://h/x"}]}"#;
    let recover = async {
        service.wait_for_requests(2).await;
        service.page("/api", e2e::Page::new(http::StatusCode::OK, format!("{line}\n")));
    };
    let args = ["--api", &url, "-f", "ndjson", "http://h/"];
    let (output, ()) = tokio::join!(run("linkextractor", &args, b""), recover);
    assert_eq!((output.code, output.stdout.trim_end()), (Some(0), line), "{}", output.stderr);
}
