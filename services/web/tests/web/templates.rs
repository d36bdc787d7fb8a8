//! `templates_dir`: edits apply at the next reload, missing files are built in, and errors are not shown to visitors.

use crate::harness::{Mock, Site, about};
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
async fn a_template_can_make_the_rows_itself() {
    let links = [
        ("<b>&\"", "https://a.example/?<&'"),
        ("again", "https://a.example/?<&'"),
        ("run", "javascript:alert(1)"),
        ("[IMG]", "https://xn--mnchen-3ya.de/"),
        (&"long ".repeat(100), &format!("HTTP://a.example/{}", "x".repeat(300))),
        ("control \u{85}\u{1}", "mailto:a@b.example"),
    ];
    let mock = Mock::of(&links).await;
    let built_in = Site::start(mock.settings()).await;
    let folder = TempDir::new().unwrap();
    let settings = WebSettings { templates_dir: Some(folder.path().to_owned()), ..mock.settings() };
    fs::write(folder.path().join("result.html"), ROWS).unwrap();
    let own = Site::start(settings).await;
    for (choice, count) in [("", links.len()), ("&domain=a.example&sort=text", 3)] {
        let view = format!("{}{choice}", about("a.example"));
        let (page, built_in) = (own.get(&view).await, built_in.get(&view).await);
        for (table, rows) in [("domains", 4), ("links", count)] {
            assert_eq!(page.rows_of(table), built_in.rows_of(table));
            assert_eq!(page.rows_of(table).len(), rows, "{table}");
        }
    }
}

/// As the built-in template would have to make them.
const ROWS: &str = r#"<table class="domains"><tbody>
{% for domain in domains %}<tr class="{{ domain.kind }}">
<th scope="row"><a href="{{ domain.address }}#links"{% if domain.current %} aria-current="true"{% endif %}><bdi>{{ domain.name }}</bdi></a>{% if domain.readable %} <bdi class="readable">{{ domain.readable }}</bdi>{% endif %}{% if domain.kind == "internal" %} <span class="own">this site</span>{% endif %}</th>
<td class="count">{{ domain.count|grouped }}</td>
<td class="percent">{{ domain.percent }}<svg class="bar" width="100%" height="4" aria-hidden="true"><rect class="value" width="{{ domain.width }}%" height="4" rx="2"/></svg></td>
</tr>
{% endfor %}</tbody></table><table class="links"><tbody>
{% for row in rows %}<tr class="{{ row.kind }}">
<td class="number">{{ row.number }}</td>
<td class="text">{% if row.target is none %}<bdi>{{ row.text }}</bdi>{% else %}<a href="{{ row.target }}" rel="noopener noreferrer nofollow ugc"><bdi>{{ row.text }}</bdi></a>{% endif %}{% if row.occurrences > 1 %} <span class="times">×{{ row.occurrences }}</span>{% endif %}</td>
<td class="address"><bdi>{{ row.href }}</bdi>{% if row.readable %} <bdi class="readable">{{ row.readable }}</bdi>{% endif %}</td>
</tr>
{% endfor %}</tbody></table>"#;

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
