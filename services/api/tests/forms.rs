//! The formats of links: negotiation, entity tags, and the fields that all formats share.

mod support;

use e2e::{Origin, Page};
use http::Method;
use std::collections::HashSet;
use support::Service;

const HTML: &str = r#"<a href="/a">A, "quoted"</a><a href="mailto:a@example.com"></a>"#;

#[tokio::test]
async fn accept_chooses_the_format() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(HTML));
    let a = format!("http://{}/a", origin.address());
    let api = Service::start().await;
    let json = format!(
        "[{{\"text\":\"A, \\\"quoted\\\"\",\"href\":\"{a}\"}},{{\"text\":\"[IMG]\",\"href\":\"mailto:a@example.com\"}}]\n"
    );
    for (accept, media_type, body) in [
        ("*/*", "application/json", json.clone()),
        ("text/html", "application/json", json),
        (
            "text/csv",
            "text/csv; charset=utf-8",
            format!("text,href\r\n\"A, \"\"quoted\"\"\",{a}\r\n[IMG],mailto:a@example.com\r\n"),
        ),
        (
            "text/markdown",
            "text/markdown; charset=utf-8",
            format!("[A, \"quoted\"]({a})\n[[IMG]](mailto:a@example.com)\n"),
        ),
        ("text/plain", "text/plain; charset=utf-8", format!("{a}\nmailto:a@example.com\n")),
    ] {
        let answer = api.get_with(&page, "accept", accept).await;
        assert_eq!(answer.header("content-type"), media_type, "{accept}");
        assert_eq!(answer.text().replace("\r\n", "\n"), body.replace("\r\n", "\n"), "{accept}");
        assert_eq!(answer.header("vary"), "Accept, Accept-Encoding");
    }
    assert_eq!(origin.requests(), 1, "all formats come from one extraction");
}

#[tokio::test]
async fn parameters_select_links_and_choose_the_format() {
    let origin = Origin::start().await;
    let html = "<a href=/a>1</a><a href=http://b.example/>2</a><a href=mailto:c@d>3</a><a href=/a>4</a>";
    let page = origin.page("/?q=1", Page::html(html));
    let a = format!("http://{}/a", origin.address());
    let encoded = page.replace('?', "%3F").replace('=', "%3D");
    let api = Service::start().await;
    let mut tags = std::collections::HashSet::new();
    for (query, hrefs) in [
        ("&format=text", vec![&*a, "http://b.example/", "mailto:c@d", &a]),
        ("&format=text&links=internal", vec![&a, &a]),
        ("&format=text&links=external", vec!["http://b.example/"]),
        ("&format=text&unique=1", vec![&a, "http://b.example/", "mailto:c@d"]),
        ("&format=text&unique=1&links=internal&other=x", vec![&a]),
    ] {
        let target = format!("/api?url={encoded}{query}");
        let answer = api.call(Method::GET, &target).await;
        assert_eq!(answer.text().lines().collect::<Vec<_>>(), hrefs, "{query}");
        assert!(tags.insert(answer.header("etag").to_owned()), "{query}: the tag of another selection");
        let head = api.call(Method::HEAD, &target).await;
        assert_eq!(head.header("content-length"), answer.body.len().to_string());
    }
    for (format, media_type) in [
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("markdown", "text/markdown; charset=utf-8"),
        ("text", "text/plain; charset=utf-8"),
    ] {
        let target = format!("/api?url={encoded}&links=external&format={format}");
        let request = http::Request::get(target).header("accept", "text/csv, application/json");
        let answer = api.send(request.body(bytes::Bytes::new()).expect("a request")).await;
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("vary"), "Accept-Encoding");
    }
    let json = api.call(Method::GET, &format!("/api?url={encoded}&links=external")).await;
    assert_eq!(json.json(), serde_json::json!([{"text": "2", "href": "http://b.example/"}]));
    assert_eq!(origin.requests(), 1, "one result for all selections");
    for wrong in ["links=all", "links=", "unique=0", "format=html", "unique=1&unique=1", "url=http://a/"] {
        let answer = api.call(Method::GET, &format!("/api?url={encoded}&{wrong}")).await;
        support::assert_code(&answer, 400, "bad-request");
    }
    let in_path = api.call(Method::GET, &format!("/api/{page}&links=external")).await;
    assert_eq!(in_path.status, 502, "after /api/ everything is the page's");
}

#[tokio::test]
async fn if_none_match_with_the_current_entity_tag_is_answered_304() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(HTML));
    let api = Service::start().await;
    let json = api.get(&page).await;
    let csv = api.get_with(&page, "accept", "text/csv").await;
    let (json, csv) = (json.header("etag"), csv.header("etag"));
    assert_ne!(json, csv);

    let again = api.get_with(&page, "if-none-match", &format!("\"other\", W/{json}")).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), json);
    for name in ["cache-control", "vary", "cache-status", "age", "link"] {
        assert!(!again.header(name).is_empty(), "{name}");
    }
    assert_eq!(api.get_with(&page, "if-none-match", csv).await.status, 200, "the tag of another format");
    assert_eq!(api.get_with(&page, "if-none-match", "*").await.status, 304);
}

/// Their fields are kept from one answer to the next.
#[tokio::test]
async fn answers_in_other_forms_in_between_change_no_field() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(HTML.repeat(20)));
    let api = Service::start().await;
    let target = format!("/api?format=json&url={page}");
    let tag = api.get(&page).await.header("etag").to_owned();
    let mut ids = HashSet::new();
    for round in 0..3 {
        let json = api.get(&page).await;
        let given = api.call(Method::GET, &target).await;
        let csv = api.get_with(&page, "accept", "text/csv").await;
        let gzip = api.get_with(&page, "accept-encoding", "gzip").await;
        let current = api.get_with(&page, "if-none-match", &tag).await;
        for (answer, media_type, coding, vary) in [
            (&json, "application/json", "", "Accept, Accept-Encoding"),
            (&given, "application/json", "", "Accept-Encoding"),
            (&csv, "text/csv; charset=utf-8", "", "Accept, Accept-Encoding"),
            (&gzip, "application/json", "gzip", "Accept, Accept-Encoding"),
            (&current, "", "", "Accept, Accept-Encoding"),
        ] {
            let fields = ["content-type", "content-encoding", "vary"].map(|name| answer.header(name));
            assert_eq!(fields, [media_type, coding, vary], "round {round}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(answer.header("cache-status").starts_with("linkextractor; hit; ttl="), "{answer:?}");
            assert!(ids.insert(answer.header("x-request-id").to_owned()), "an id twice: {answer:?}");
            assert_eq!(answer.headers.len(), answer.headers.keys_len(), "a field twice: {answer:?}");
        }
        assert_eq!([&json, &given, &current].map(|answer| answer.header("etag")), [&*tag; 3]);
        assert!(csv.header("etag") != tag && gzip.header("etag") != tag);
        assert_eq!(current.status, 304);
    }
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(HTML));
    let api = Service::start().await;
    let get = api.get(&page).await;
    let head = api.call(Method::HEAD, &format!("/api/{page}")).await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    for name in ["content-type", "etag", "vary", "cache-control", "link"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn the_link_field_holds_the_url_after_redirects() {
    let origin = Origin::start().await;
    let page = origin.page("/from", Page::new(http::StatusCode::FOUND, "").header("location", "/to?a=<b>#c"));
    origin.page("/to?a=%3Cb%3E", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    let answer = api.get(&page).await;
    let to = format!("<http://{}/to?a=%3Cb%3E>; rel=\"describes\"", origin.address());
    assert_eq!(answer.header("link"), to);
}

#[tokio::test]
async fn the_link_field_has_the_title_of_the_page() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<title>Caf\u{e9} &amp; more</title>"));
    let api = Service::start().await;
    let link = format!("<{page}>; rel=\"describes\"; title*=UTF-8''Caf%C3%A9%20&%20more");
    for _ in ["a miss", "a hit"] {
        assert_eq!(api.get(&page).await.header("link"), link);
    }
}

#[tokio::test]
async fn unresolved_links_are_counted_in_a_field_of_every_form_of_the_answer() {
    let origin = Origin::start().await;
    let html = "<a href=x>x</a><a href=//[>1</a><a href=http://>2</a><a href=//a:b>3</a>";
    let page = origin.page("/", Page::html(html));
    let api = Service::start().await;
    let tag = api.get(&page).await.header("etag").to_owned();
    let answers = [
        api.get(&page).await,
        api.get_with(&page, "accept", "text/csv").await,
        api.get_with(&page, "accept", "text/plain").await,
        api.get_with(&page, "if-none-match", &tag).await,
        api.call(Method::HEAD, &format!("/api/{page}")).await,
    ];
    assert_eq!(answers[3].status, 304);
    for answer in answers {
        assert_eq!(answer.header("linkextractor-unresolved"), "3", "{answer:?}");
        assert_eq!(answer.header("linkextractor-approximate"), "", "{answer:?}");
    }
}

#[tokio::test]
async fn an_approximate_answer_says_so_in_a_field() {
    let origin = Origin::start().await;
    let deep = origin.page("/", Page::html(format!("<a href=x>x</a>{}", "<div>".repeat(20_000))));
    let api = Service::start().await;
    for _ in ["a miss", "a hit"] {
        let answer = api.get(&deep).await;
        assert_eq!(answer.header("linkextractor-approximate"), "?1");
        assert_eq!(answer.header("linkextractor-unresolved"), "");
    }
    let line = api.post("text/uri-list", deep).await.json();
    assert_eq!((&line["approximate"], &line["count"]), (&true.into(), &1.into()));
}

#[tokio::test]
async fn a_link_field_over_2_kib_is_left_out() {
    let origin = Origin::start().await;
    let api = Service::start().await;
    for (length, is_there) in [(1900, true), (2100, false)] {
        let page = origin.page(&format!("/{}", "x".repeat(length)), Page::html(HTML));
        let answer = api.get(&page).await;
        assert_eq!((answer.status.as_u16(), !answer.header("link").is_empty()), (200, is_there), "{length}");
    }
}
