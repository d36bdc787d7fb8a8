//! The title of a page is its `document.title`.

use links::{Encoding, Method, Page, Syntax};

fn title_as(syntax: Syntax, page: &str) -> (Option<String>, Method) {
    let declared = Encoding::for_label(b"utf-8");
    let found = Page { body: page.as_bytes(), declared, syntax, ..Page::default() }.links();
    (found.title, found.method)
}

#[test]
fn the_first_title_of_html_counts() {
    for (page, expected) in [
        ("<title> A &amp; <b>\n B </title><title>C</title>", Some("A & <b> B")),
        ("<p>t<div><title>in the body</title>", Some("in the body")),
        ("<title></title><title>B</title>", None),
        ("<template><title>A</title></template><title>B</title>", Some("B")),
        ("<svg><title>A</title></svg><title>B</title>", Some("B")),
        ("<svg><foreignObject><title>A</title></svg>", Some("A")),
        ("<!-- <title>A</title> --><script>'<title>B</title>'</script><a href=x>c</a>", None),
        ("<title>not closed <a href=x>", Some("not closed <a href=x>")),
        ("<title>a\0b&#0;</title>", Some("a\u{FFFD}b\u{FFFD}")),
        ("<title>a&#x202E;b&#27;&nbsp; c", Some("ab c")),
        ("<a href=x><title>A</title></a>", Some("A")),
    ] {
        assert_eq!(title_as(Syntax::Html, page), (expected.map(Into::into), Method::Streamed), "{page}");
    }
}

#[test]
fn titles_count_in_the_order_of_the_tree() {
    for (page, expected) in [
        ("<table><td><title>A</title><title>B</title>", "A"),
        ("<table><td><title>A</title></td><div><title>B</title></div>", "B"),
        ("<table><div><title>A</title></div><td><title>B</title>", "A"),
        ("<a href=x><table><a href=y><title>A</title>", "A"),
        ("<p><frameset><title>A</title>", ""),
        ("<select><option><title>A</title></option><selectedcontent></select>", "A"),
    ] {
        let expected = Some(expected.to_owned()).filter(|title| !title.is_empty());
        assert_eq!(title_as(Syntax::Html, page).0, expected, "{page}");
    }
    let deep = format!("{}<title>A</title>", "<div>".repeat(5000));
    assert_eq!(title_as(Syntax::Html, &deep), (Some("A".into()), Method::Approximate));
}

#[test]
fn a_title_of_any_length_is_cut() {
    let page = format!("<title>{}", "é&lt;".repeat(1_000_000));
    assert_eq!(title_as(Syntax::Html, &page).0, Some("é<".repeat(100)));
    let page = format!(
        "<html xmlns='http://www.w3.org/1999/xhtml'><title>{}</title></html>",
        "é&lt;".repeat(1_000_000)
    );
    assert_eq!(title_as(Syntax::Xhtml, &page).0, Some("é<".repeat(100)));
}

#[test]
fn a_title_is_read_in_the_encoding_of_its_page() {
    let page = b"<meta charset=windows-1252><title>caf\xE9</title>";
    assert_eq!(Page { body: page, ..Page::default() }.links().title.as_deref(), Some("caf\u{E9}"));
}

#[test]
fn the_title_of_xml_is_the_text_of_its_children() {
    let html = "<html xmlns='http://www.w3.org/1999/xhtml'>";
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:h='http://www.w3.org/1999/xhtml'>";
    for (page, expected) in [
        (
            format!(
                "{html}<head><title>A &amp;<b>B</b><![CDATA[<c>]]> </title><title>D</title></head></html>"
            ),
            "A &<c>",
        ),
        (format!("{html}<title/><title>B</title></html>"), ""),
        (format!("{html}<template><title>A</title></template><body><title>B</title></body></html>"), "B"),
        (
            format!(
                "{html}<body><svg xmlns='http://www.w3.org/2000/svg'><title>A</title></svg></body></html>"
            ),
            "",
        ),
        (
            format!("{svg}<g><title>A</title></g><h:title>B</h:title><title>C</title><title>D</title></svg>"),
            "C",
        ),
        (format!("{svg}<h:a href='x'>t</h:a></svg>"), ""),
    ] {
        let expected = Some(expected.to_owned()).filter(|title| !title.is_empty());
        assert_eq!(title_as(Syntax::Xhtml, &page), (expected, Method::Xml), "{page}");
    }
}
