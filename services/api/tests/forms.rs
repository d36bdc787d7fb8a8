//! Links come in the form that the client prefers, each form with an entity tag of its own.

mod support;

use e2e::{Origin, Page};
use http::Method;
use support::Service;

const HTML: &str = r#"<a href="/a">A, "quoted"</a><a href="mailto:a@example.com"></a>"#;

#[tokio::test]
async fn accept_chooses() {
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
        assert_eq!(answer.header("vary"), "Accept");
    }
    assert_eq!(origin.requests(), 1, "all forms are of one extraction");
}

#[tokio::test]
async fn an_entity_tag_that_the_client_has_is_not_sent_again() {
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
    assert_eq!(api.get_with(&page, "if-none-match", csv).await.status, 200, "another form's tag");
    assert_eq!(api.get_with(&page, "if-none-match", "*").await.status, 304);
}

#[tokio::test]
async fn head_is_get_without_the_links() {
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
async fn the_final_url_is_told() {
    let origin = Origin::start().await;
    let page = origin.page("/from", Page::new(http::StatusCode::FOUND, "").header("location", "/to?a=<b>#c"));
    origin.page("/to?a=%3Cb%3E", Page::html("<a href=x>x</a>"));
    let api = Service::start().await;
    let answer = api.get(&page).await;
    let to = format!("<http://{}/to?a=%3Cb%3E>; rel=\"describes\"", origin.address());
    assert_eq!(answer.header("link"), to);
}
