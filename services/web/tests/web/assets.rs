//! The style sheet and the icon: browsers cache them, and revalidate addresses without a version.

use crate::harness::Site;
use http::{Method, StatusCode, Version};

#[tokio::test]
async fn asset_addresses_on_the_page_are_immutable() {
    let (site, _mock) = Site::with(&[]).await;
    let page = site.get("/").await;
    for (attribute, media_type) in
        [("\"/style.css?v=", "text/css; charset=utf-8"), ("\"/icon.svg?v=", "image/svg+xml")]
    {
        let address = &page.text[page.text.find(attribute).unwrap() + 1..];
        let asset = site.get(address.split('"').next().unwrap()).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert_eq!(asset.field("content-type"), media_type);
        assert_eq!(asset.field("cache-control"), "public, max-age=31536000, immutable");
        assert!(!asset.text.is_empty());
    }
}

#[tokio::test]
async fn assets_without_the_current_version_are_revalidated() {
    let (site, _mock) = Site::with(&[]).await;
    for target in ["/style.css", "/style.css?v=old", "/icon.svg", "/favicon.ico"] {
        let asset = site.get(target).await;
        assert_eq!(asset.field("cache-control"), "no-cache", "{target}");
        let tag = asset.field("etag").to_owned();
        for sent in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = site.get_with(target, &[("if-none-match", &sent)]).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{target} {sent}");
            assert_eq!(again.field("etag"), tag);
            assert!(again.text.is_empty());
        }
        let other = site.get_with(target, &[("if-none-match", "\"x\"")]).await;
        assert_eq!(other.status, StatusCode::OK, "{target}");
    }
}

#[tokio::test]
async fn a_304_to_head_has_no_content_length() {
    let (site, _mock) = Site::with(&[]).await;
    for target in ["/style.css", "/icon.svg"] {
        let length = site.get(target).await.text.len().to_string();
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let head = site.send_over(version, Method::HEAD, target, &[]).await;
            assert_eq!(head.headers()["content-length"], length, "{target} {version:?}");
            for method in [Method::HEAD, Method::GET] {
                let fields = [("if-none-match", "*")];
                let response = site.send_over(version, method.clone(), target, &fields).await;
                assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{method} {target} {version:?}");
                let length = response.headers().get("content-length");
                assert_eq!(length, None, "{method} {target} {version:?}");
            }
        }
    }
}
