//! Every page has the form.

use crate::harness::Site;
use http::{Method, StatusCode};
use http_body_util::BodyExt;

const FORM: &str = r#"<form class="ask" action="/" method="get" role="search">"#;

#[tokio::test]
async fn without_a_url_the_form_is_shown_and_the_api_is_not_asked() {
    let (site, mock) = Site::with(&[]).await;
    for target in ["/", "/?", "/?url=", "/?url=+", "/?page=2"] {
        let page = site.get(target).await;
        assert_eq!(page.status, StatusCode::OK, "{target}");
        assert!(page.text.contains(FORM) && page.text.contains("<label for=\"url\">"), "{target}");
        assert_eq!(page.text.matches("name=\"url\"").count(), 1, "one form");
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn a_url_without_scheme_gets_https() {
    let (site, mock) = Site::with(&[]).await;
    assert_eq!(site.links("example.com/a?b=c").await.status, StatusCode::OK);
    assert_eq!(mock.requests()[0].uri.path(), "/api/https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc");
}

#[tokio::test]
async fn invalid_input_is_explained_and_kept_in_the_form() {
    let (site, mock) = Site::with(&[]).await;
    let rows = [
        ("/?url=http%3A%2F%2F", 400, "http://"),
        ("/?url=javascript%3Aalert(1)", 400, "javascript:alert(1)"),
        ("/?url=http://a/%00", 400, "http://a/"),
        ("/?url=a&url=b", 400, "a"),
        ("/?url[]=1", 400, ""),
        ("/?url=http://a/&format=exe", 400, "http://a/"),
    ];
    for (target, status, typed) in rows {
        let page = site.get(target).await;
        assert_eq!(page.status, status, "{target}");
        assert!(page.text.contains(FORM) && page.text.contains("role=\"alert\""), "{target}");
        assert!(page.text.contains(&format!("value=\"{typed}")), "{target}");
    }
    let long = site.links(&format!("http://a/{}", "x".repeat(8200))).await;
    assert_eq!(long.status, StatusCode::URI_TOO_LONG);
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn unknown_addresses_and_methods_get_an_error_page() {
    let (site, _mock) = Site::with(&[]).await;
    let page = site.get("/nowhere?url=example.com").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains(FORM));
    for method in [Method::POST, Method::DELETE] {
        let response = site.send(method, "/", &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    }
    assert_eq!(site.send(Method::OPTIONS, "/", &[]).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    let (site, _mock) = Site::with(&[("a", "http://b/")]).await;
    for target in ["/", "/?url=example.com", "/?url=http%3A%2F%2F", "/nowhere", "/style.css"] {
        let get = site.get(target).await;
        let head = site.send(Method::HEAD, target, &[]).await;
        assert_eq!(head.status(), get.status, "{target}");
        for name in ["content-type", "cache-control", "content-length", "content-security-policy"] {
            assert_eq!(head.headers().get(name), get.headers.get(name), "{target} {name}");
        }
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty(), "{target}");
    }
}

#[tokio::test]
async fn the_start_page_has_addresses_to_try() {
    let (site, mock) = Site::with(&[]).await;
    let home = site.get("/").await;
    let examples = home.own_addresses();
    assert!(examples.len() >= 3);
    for example in examples {
        assert_eq!(site.get(&example).await.status, StatusCode::OK, "{example}");
    }
    assert!(mock.requests().len() >= 3);
}

#[tokio::test]
async fn the_foot_has_the_source_the_version_and_the_description_of_a_public_api() {
    let (site, mock) = Site::with(&[]).await;
    let public = linkextractor_web::WebSettings {
        api_public_url: Some("https://api.example/".parse().unwrap()),
        ..mock.settings()
    };
    let public = Site::start(public).await;
    for (site, has_api) in [(site, false), (public, true)] {
        for target in ["/", "/?url=example.com", "/nowhere"] {
            let page = site.get(target).await;
            let foot = page.text.split("<footer").nth(1).unwrap();
            assert!(foot.contains(env!("CARGO_PKG_REPOSITORY")) && foot.contains(env!("CARGO_PKG_VERSION")));
            assert_eq!(foot.contains("href=\"https://api.example/openapi.json\""), has_api, "{foot}");
        }
    }
}
