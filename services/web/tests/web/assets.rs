//! Style sheet and icon: at fixed paths, kept by browsers for as long as they are right.

use crate::harness::Site;
use http::StatusCode;

#[tokio::test]
async fn the_addresses_on_the_page_are_kept_forever() {
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
async fn without_its_version_an_asset_is_asked_for_again() {
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
