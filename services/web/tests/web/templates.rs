//! `templates_dir`: edits apply at the next reload, missing files are built in, and errors are not shown to visitors.

use crate::harness::{Mock, Site};
use http::StatusCode;
use linkextractor_web::{Web, WebSettings};
use std::fs;
use tempfile::TempDir;

async fn site() -> (TempDir, Site, Mock) {
    let folder = TempDir::new().unwrap();
    let mock = Mock::of(&[("t", "http://a.example/")]).await;
    let settings = WebSettings { templates_dir: Some(folder.path().to_owned()), ..mock.settings() };
    (folder, Site::start(settings).await, mock)
}

#[tokio::test]
async fn an_edited_template_applies_at_the_next_reload() {
    let (folder, site, _mock) = site().await;
    assert!(site.get("/").await.text.contains("Every link of a web page"), "a missing file is built in");
    let file = folder.path().join("form.html");
    for text in ["<h1>First</h1>", "<h1>Another</h1>"] {
        fs::write(&file, text).unwrap();
        assert!(site.get("/").await.text.contains(text));
    }
    fs::remove_file(&file).unwrap();
    assert!(site.get("/").await.text.contains("Every link of a web page"), "a removed file is built in");
    fs::write(folder.path().join("style.css"), "p { color: red }").unwrap();
    assert_eq!(site.get("/style.css").await.text, "p { color: red }");
}

#[tokio::test]
async fn a_broken_template_is_a_500_without_internals() {
    let (folder, site, _mock) = site().await;
    for broken in ["{{ missing_variable }}", "{% for %}", "{% include 'nowhere.html' %}"] {
        for (file, target) in [
            ("top.html", "/"),
            ("form.html", "/"),
            ("result.html", "/?url=example.com"),
            ("error.html", "/none"),
        ] {
            let path = folder.path().join(file);
            fs::write(&path, broken).unwrap();
            let page = site.get(target).await;
            assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{broken} in {file}");
            assert_eq!(page.field("cache-control"), "no-store");
            assert!(page.field("content-security-policy").starts_with("default-src 'none'"));
            assert!(page.text.contains("Something went wrong"), "{broken} in {file}: {}", page.text);
            assert!(!page.text.contains("missing_variable") && !page.text.contains(file), "{}", page.text);
            fs::remove_file(path).unwrap();
        }
    }
}

#[tokio::test]
async fn a_missing_templates_dir_is_an_error_at_the_start() {
    let settings = WebSettings { templates_dir: Some("/nowhere/at/all".into()), ..WebSettings::default() };
    let error = Web::new(&settings, kit::CpuPool::new(1).unwrap()).unwrap_err();
    assert!(error.contains("templates_dir") && error.contains("/nowhere/at/all"), "{error}");
}
