//! Any implementation of `GET /api/<url>` works, even one that only returns the array.

use crate::harness::{Mock, Site, json};
use linkextractor_web::WebSettings;

#[tokio::test]
async fn the_url_is_sent_as_one_segment_below_the_endpoint() {
    let mock = Mock::of(&[]).await;
    for endpoint in ["", "api", "api/", "api/v2/links"] {
        let base = mock.settings().api_endpoint.join("/").unwrap().join(endpoint).unwrap();
        let site = Site::start(WebSettings { api_endpoint: base, ..mock.settings() }).await;
        site.links("http://a.example/b?c=d&e=%20#ü/../x").await;
        let path = mock.requests().pop().unwrap().uri.to_string();
        let endpoint = endpoint.trim_end_matches('/');
        let slash = if endpoint.is_empty() { "" } else { "/" };
        let url = "http%3A%2F%2Fa.example%2Fb%3Fc%3Dd%26e%3D%2520%23%C3%BC%2F..%2Fx";
        assert_eq!(path, format!("/{endpoint}{slash}{url}"));
    }
}

#[tokio::test]
async fn unknown_members_of_the_array_are_ignored() {
    let mock = Mock::start(async |_| {
        json(r#" [ {"href": "http://a.example/", "rel": ["x", {"y": null}], "text": "t", "n": 1} ] "#)
    })
    .await;
    let page = Site::start(mock.settings()).await.links("example.com").await;
    assert_eq!(page.rows().len(), 1);
}

#[tokio::test]
async fn an_http_1_0_response_without_fields_is_enough() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        assert!(request[..length].starts_with(b"GET /api/https%3A%2F%2Fexample.com HTTP/1.1\r\n"));
        let answer = b"HTTP/1.0 200 OK\r\n\r\n[{\"href\":\"http://a.example/\",\"text\":\"t\"}]";
        stream.write_all(answer).await.unwrap();
    });
    let page = Site::start(crate::harness::settings(address)).await.links("example.com").await;
    server.await.unwrap();
    assert_eq!(page.rows().len(), 1);
}
