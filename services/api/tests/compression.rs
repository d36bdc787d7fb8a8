//! Content codings: `Accept-Encoding`, `Vary`, and an entity tag for each coding.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use bytes::Bytes;
use e2e::{Answer, Origin, Page};
use http::{Method, Request};
use std::io::Read;
use support::Service;

/// The body without its coding.
fn decoded(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    let body = &answer.body[..];
    match answer.header("content-encoding") {
        "zstd" => zstd::Decoder::new(body).unwrap().read_to_end(&mut plain).unwrap(),
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain).unwrap(),
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain).unwrap(),
        coding => panic!("{coding:?}"),
    };
    plain
}

async fn get(api: &Service, target: &str, fields: &[(&str, &str)]) -> Answer {
    let request =
        fields.iter().fold(Request::get(target), |request, (name, value)| request.header(*name, *value));
    api.send(request.body(Bytes::new()).unwrap()).await
}

fn html(links: usize) -> String {
    (0..links)
        .fold(String::new(), |html, number| html + &format!("<a href=http://a.example/{number}>{number}</a>"))
}

#[tokio::test]
async fn each_coding_has_a_body_and_an_entity_tag_of_its_own() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(html(1000)));
    let api = Service::start().await;
    let target = format!("/api/{page}");
    let plain = get(&api, &target, &[]).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept, Accept-Encoding"));
    let mut tags = vec![plain.header("etag").to_owned()];
    for (accepted, coding) in [
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.9, identity;q=0", "gzip"),
    ] {
        let answer = get(&api, &target, &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.header("vary"), "Accept, Accept-Encoding");
        assert!(answer.body.len() < plain.body.len() / 4 && decoded(&answer) == plain.body);
        let tag = answer.header("etag").to_owned();
        assert_eq!(tags.contains(&tag), accepted.contains("identity"), "{tag}");

        let fields = [("accept-encoding", accepted), ("if-none-match", &*tag)];
        let again = get(&api, &target, &fields).await;
        assert_eq!(
            (again.status.as_u16(), again.header("etag"), again.header("content-encoding")),
            (304, &*tag, "")
        );
        assert_eq!(again.header("vary"), "Accept, Accept-Encoding");
        let other =
            get(&api, &target, &[("accept-encoding", accepted), ("if-none-match", plain.header("etag"))])
                .await;
        assert_eq!(other.status, 200, "the tag of another coding");
        tags.push(tag);
    }
    assert_eq!(origin.requests(), 1);
}

#[tokio::test]
async fn all_forms_are_compressed_from_1_kib_on() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html(html(200) + "<a href=/internal>i</a>"));
    let api = Service::start().await;
    for query in ["", "&format=csv", "&format=markdown&links=external", "&format=text&unique=1"] {
        let target = format!("/api?url={page}{query}");
        let plain = get(&api, &target, &[]).await;
        let answer = get(&api, &target, &[("accept-encoding", "br")]).await;
        assert!(decoded(&answer) == plain.body, "{query}");
        assert_eq!(answer.header("content-type"), plain.header("content-type"));
        let request = Request::head(&target).header("accept-encoding", "br").body(Bytes::new()).unwrap();
        let head = api.send(request).await;
        assert_eq!(head.header("content-length"), answer.body.len().to_string());
        assert_eq!((head.header("etag"), head.header("content-encoding")), (answer.header("etag"), "br"));
    }
    let target = format!("/api?url={page}&links=internal");
    let short = get(&api, &target, &[("accept-encoding", "gzip")]).await;
    let plain = get(&api, &target, &[]).await;
    assert_eq!(
        (short.header("content-encoding"), &short.body),
        ("", &plain.body),
        "a short selection of many links"
    );
    assert_eq!(short.header("etag"), plain.header("etag"));
    let required = get(&api, &target, &[("accept-encoding", "gzip, identity;q=0")]).await;
    assert!(decoded(&required) == plain.body, "unless that is refused");
    let few = origin.page("/few", Page::html(html(2)));
    assert_eq!(
        get(&api, &format!("/api/{few}"), &[("accept-encoding", "gzip")]).await.header("content-encoding"),
        ""
    );
}

#[tokio::test]
async fn answers_to_post_and_the_description_are_compressed_too() {
    let api = Service::start().await;
    let post = |media_type: &str, body: String| {
        let request =
            Request::post("/api").header("content-type", media_type).header("accept-encoding", "gzip");
        api.send(request.body(body.into()).unwrap())
    };
    let page = post("text/html", html(200)).await;
    assert_eq!(serde_json::from_slice::<Vec<serde_json::Value>>(&decoded(&page)).unwrap().len(), 200);
    assert_eq!(page.header("vary"), "Accept, Accept-Encoding");
    let batch = post("text/uri-list", "ftp://a/\nftp://b/\n".to_owned()).await;
    assert_eq!(String::from_utf8(decoded(&batch)).unwrap().lines().count(), 2);
    let description = get(&api, "/openapi.json", &[("accept-encoding", "gzip")]).await;
    let plain = api.call(Method::GET, "/openapi.json").await;
    assert!(decoded(&description) == plain.body);
}
