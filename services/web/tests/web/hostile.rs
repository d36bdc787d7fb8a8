//! Values from hostile pages and visitors are shown as text and never take effect.

use crate::harness::{Site, about};
use http::StatusCode;

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

#[tokio::test]
async fn only_safe_schemes_are_clickable() {
    let inert = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        " javascript:alert(1)",
        "\u{1}javascript:alert(1)",
        "\u{200b}javascript:alert(1)",
        "\u{2028}javascript:alert(1)",
        "javascript://%0aalert(1)",
        "javascript:alert(1)//http://x",
        "data:text/html,<script>alert(1)</script>",
        "DATA:text/html,x",
        "vbscript:x",
        "blob:https://x/y",
        "filesystem:http://x",
        "view-source:http://x",
        "intent://x#Intent;end",
        "ms-word:x",
        "steam://x",
        "feed:javascript:alert(1)",
        "about:blank",
        "file:///etc/passwd",
        "ftp://x/",
        "//x/",
        "/x",
        "x",
        "",
    ];
    let active = ["http://x/", "HTTPS://X/", "mailto:a@x.example", "tel:+1"];
    let all: Vec<_> = inert.iter().chain(&active).map(|href| ("text", *href)).collect();
    let (site, _mock) = Site::with(&all).await;
    let page = site.links("example.com").await;
    let rows = page.rows();
    assert_eq!(rows.len(), all.len());
    for (href, row) in inert.iter().zip(&rows) {
        assert!(!row.contains("<a "), "{href:?}: {row}");
        assert!(row.contains("<bdi>text</bdi>"), "{href:?}: {row}");
    }
    for (href, row) in active.iter().zip(&rows[inert.len()..]) {
        assert!(row.contains("rel=\"noopener noreferrer nofollow ugc\""), "{href}: {row}");
    }
    assert!(rows[inert.len() + 1].contains("<a href=\"https://x/\""));
}

#[tokio::test]
async fn texts_and_addresses_are_escaped_and_bidi_isolated() {
    let texts = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{7*7}} {% raw %}",
        "<!--",
        "</textarea><script>",
        "</title><script>",
        "' onmouseover=alert(1) x='",
        "\u{202e}txt.exe",
        "&lt;b&gt;",
    ];
    let links: Vec<_> = texts.iter().map(|text| (*text, "http://x/'\"<script>&amp;")).collect();
    let (site, _mock) = Site::with(&links).await;
    let page = site.links("example.com").await;
    for (text, row) in texts.iter().zip(page.rows()) {
        assert!(row.contains(&format!("<bdi>{}</bdi>", escaped(text))), "{text}: {row}");
        assert!(row.contains("<bdi>http://x/&apos;&quot;&lt;script&gt;&amp;amp;</bdi>"), "{row}");
        assert!(!row.contains("<script") && !row.contains("<img"), "{row}");
    }
    assert!(!page.text.contains(" style=") && !page.text.contains("<style"));
}

#[tokio::test]
async fn control_characters_are_replaced_and_long_values_are_cut() {
    let long = "x".repeat(100_000);
    let href = format!("http://x/{long}");
    let (site, _mock) = Site::with(&[("a\u{0}b\u{1b}", "http://x/"), (&long, &href)]).await;
    let page = site.links("example.com").await;
    assert!(page.rows()[0].contains("<bdi>a\u{fffd}b\u{fffd}</bdi>"));
    let row = page.rows()[1];
    assert!(row.contains(&format!("<bdi>{}…</bdi>", "x".repeat(240))), "the text is cut");
    assert!(row.contains(&format!("href=\"{href}\"")), "the target is not cut");
}

#[tokio::test]
async fn the_visitors_input_is_shown_as_text_only() {
    let (site, _mock) = Site::with(&[]).await;
    let rows = [
        ("<script>alert(1)</script>", 400),
        ("\"><script>alert(1)</script>", 400),
        ("' onmouseover=alert(1) x='", 400),
        ("\" autofocus onfocus=alert(1) x=\"", 400),
        ("javascript:alert(1)", 400),
        ("http://x/\r\nSet-Cookie: a=b", 400),
        ("url with NUL \0", 400),
        ("[] array param url[]=1", 400),
        ("http://x/<script>", 200),
        ("http://x/\"><script>", 200),
        ("http://x/{{7*7}}", 200),
        ("http://x/\u{202e}", 200),
    ];
    for (typed, status) in rows {
        let page = site.get(&about(typed)).await;
        assert_eq!(page.status, StatusCode::from_u16(status).unwrap(), "{typed}");
        assert!(!page.text.contains("<script"), "{typed}");
        assert_eq!(page.field("set-cookie"), "", "{typed}");
        let shown = escaped(&typed.replace(char::is_control, "\u{fffd}"));
        assert!(page.text.contains(&format!("value=\"{shown}\"")), "{typed}: {}", page.text);
    }
}
