//! `templates_dir`: an edit shows at the next reload, what is missing is built in, what is broken stays inside.

use crate::harness::Mock;
use crate::harness::Site;
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
async fn an_edit_shows_at_the_next_reload() {
    let (folder, site, _mock) = site().await;
    assert!(site.get("/").await.text.contains("All links of a web page"), "nothing there: built in");
    let file = folder.path().join("form.html");
    for text in ["<h1>First</h1>", "<h1>Another</h1>"] {
        fs::write(&file, text).unwrap();
        assert!(site.get("/").await.text.contains(text));
    }
    fs::remove_file(&file).unwrap();
    assert!(site.get("/").await.text.contains("All links of a web page"), "gone: built in");
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
async fn a_folder_that_is_not_there_is_said_at_once() {
    let settings = WebSettings { templates_dir: Some("/nowhere/at/all".into()), ..WebSettings::default() };
    let error = Web::new(&settings, kit::CpuPool::new(1).unwrap()).unwrap_err();
    assert!(error.contains("templates_dir") && error.contains("/nowhere/at/all"), "{error}");
}
