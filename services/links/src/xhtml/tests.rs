use super::{Document, find, has_xhtml_root};

const START: &str = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body>";
const END: &str = "</body></html>";

/// The links, as `href text`; `NOT XML` where the page is read as HTML.
fn links(page: &str) -> Vec<String> {
    match find(page.as_bytes()) {
        Document::Xhtml(found) => {
            found.extraction.links.iter().map(|link| format!("{} {}", link.href, link.text)).collect()
        }
        Document::NotXml => vec!["NOT XML".into()],
        Document::TooCostly => vec!["TOO COSTLY".into()],
    }
}

fn in_body(body: &str) -> Vec<String> {
    links(&format!("{START}{body}{END}"))
}

#[test]
fn links_are_read_as_xml() {
    for (body, expected) in [
        ("<a href='/x'>x</a>", "/x x"),
        ("<a href='/x'/>", "/x [IMG]"),
        ("<script src='s'/><title/><textarea/><iframe/><a href='/x'>x</a>", "/x x"),
        ("<a href='/x'><![CDATA[a<b>&amp;]]></a>", "/x a<b>&amp;"),
        ("<a href='/x'>a<!-- <a href='/y'/> --><?pi <a href='/z'> ?>b</a>", "/x ab"),
        ("<table><tr><td/></tr><a href='/x'>x</a></table>", "/x x"),
        ("<p><p><a href='/x'>x</a></p></p>", "/x x"),
        ("<h:a xmlns:h='http://www.w3.org/1999/xhtml' href='/x'>x</h:a>", "/x x"),
        ("<noscript><a href='/x'>x</a></noscript>", "/x x"),
        ("<script><a href='/x'>x</a></script>", "/x x"),
        ("<a href='&#x41;&lt;&#38;\n\t&quot;'>&gt;&apos;</a>", "A<&  \" >'"),
        ("<a href='/x'>a\r\n&#32; b</a >", "/x a b"),
        ("<ä:a xmlns:ä='http://www.w3.org/1999/xhtml' href='/x' xml:lang='en'>x</ä:a>", "/x x"),
    ] {
        assert_eq!(in_body(body), [expected], "{body}");
    }
    for other in [
        "<A href='/x'>x</A>",
        "<a HREF='/x'>x</a>",
        "<a>x</a>",
        "<a xmlns='' href='/x'>x</a>",
        "<svg xmlns='http://www.w3.org/2000/svg'><a href='/x'>x</a></svg>",
        "<a h:href='/x' xmlns:h='http://www.w3.org/1999/xhtml'>x</a>",
        "<template><a href='/x'>x</a></template>",
    ] {
        assert_eq!(in_body(other), [""; 0], "{other}");
    }
    assert_eq!(in_body("<a href='1'>a<a href='2'>b</a>c</a>"), ["1 abc", "2 b"]);
    assert_eq!(links("<html><body><a href='/x'>x</a></body></html>"), [""; 0], "no namespace");
    let prefixed =
        "<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:body><h:a href='/x'>x</h:a></h:body></h:html>";
    assert_eq!(links(prefixed), ["/x x"]);
}

#[test]
fn after_an_error_the_links_before_it_count() {
    for broken in [
        "</p>",
        "<b></i>",
        "&nbsp;",
        "&",
        "&amp",
        "&#0;",
        "&#xD800;",
        "<p a='1' a='2'/>",
        "<p a=1/>",
        "<p a/>",
        "<p a='<'/>",
        "<p a='&nope;'/>",
        "<p a='1'b='2'/>",
        "<p x:a='1' y:a='2' xmlns:x='u' xmlns:y='u'/>",
        "<x:p/>",
        "<p x:a=''/>",
        "<p xmlns:x=''/>",
        "<1/>",
        "< p/>",
        "]]>",
        "\u{1}",
        "\u{FFFF}",
        "<!-- -- -->",
        "<!DOCTYPE html>",
        "<?xml version='1.0'?>",
        "<?XML?>",
        "<![CDATA[",
        "<!x>",
        "</body></html><html/>",
        "</body></html>x",
        "</body></html>&#32;",
    ] {
        let body = format!("<a href='1'>a</a>{broken}<a href='2'>b</a>");
        assert_eq!(in_body(&body), ["1 a"], "{broken}");
    }
    assert_eq!(in_body("<a href='1'>a<b/>c&amp;d &nbsp;e</a>"), ["1 a"], "text that no markup follows");
}

#[test]
fn text_counts_before_the_end_of_the_document_and_before_a_stray_less_than() {
    for (end, expected) in [
        ("", "1 a c"),
        ("&amp;d", "1 a c&d"),
        ("<1/>e", "1 a c"),
        ("< b/>", "1 a c"),
        ("<", "1 a c"),
        ("<!x>", "1 a c"),
        ("<![CDATA", "1 a c"),
        ("<b", "1 a c"),
        ("<b c='d' ", "1 a c"),
        ("<b c='d'", "1 a"),
        ("<b c='d", "1 a"),
        ("<b/", "1 a"),
        ("<b c", "1 a"),
        ("<![CDATA[d", "1 a"),
        ("<!--d", "1 a"),
        ("<?d", "1 a"),
        ("</a", "1 a"),
        ("&am", "1 a"),
        ("]]>", "1 a"),
        ("\u{1}", "1 a"),
        ("<1/>\u{1}", "1 a c"),
    ] {
        assert_eq!(links(&format!("{START}<a href='1'>a <b/>c{end}")), [expected], "{end}");
    }
    assert_eq!(links(&format!("{START}<a href='1'/><a href='2' ")), ["1 [IMG]", "2 [IMG]"]);
}

#[test]
fn an_error_before_the_body_s_content_makes_the_page_html() {
    let content = "<a href='1'>a</a>";
    for page in [
        format!(" <?xml version='1.0'?>{START}{content}{END}"),
        format!("<?xml encoding='utf-8'?>{START}{content}{END}"),
        format!("<!doctype html>{START}{content}{END}"),
        format!("<!DOCTYPE html [<!ENTITY x>]>{START}{content}{END}"),
        format!(
            "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>&copy;</title></head><body>{content}{END}"
        ),
        format!("<html xmlns='http://www.w3.org/1999/xhtml'><head><meta></head><body>{content}{END}"),
        format!("{START}&nbsp;{content}{END}"),
        String::new(),
        "text".into(),
    ] {
        assert_eq!(links(&page), ["NOT XML"], "{page}");
    }
}

#[test]
fn entities_of_the_internal_subset_count() {
    let with = |subset: &str, body: &str| links(&format!("<!DOCTYPE html [{subset}]>{START}{body}{END}"));
    assert_eq!(with("<!ENTITY x 'é&#38;amp;'>", "<a href='&x;'>&x;</a>"), ["é& é&"]);
    assert_eq!(
        with(
            "<!-- > --><?p ]>?><!ELEMENT a ANY><!ATTLIST a b CDATA '>'><!ENTITY x \"1\"><!ENTITY x '2'>",
            "<a href='&x;'/>"
        ),
        ["1 [IMG]"]
    );
    assert_eq!(with("<!ENTITY l '<a href=\"/x\">&t;</a>'><!ENTITY t 'u'>", "&l;&l;"), ["/x u", "/x u"]);
    assert_eq!(
        with("<!ENTITY x SYSTEM 'u'>", "<a href='/x'>a&x;b</a>"),
        ["/x ab"],
        "no external entity is loaded"
    );
    assert_eq!(
        with("%q;<!ENTITY % p '<!ENTITY y \"d\">'>%p;<!ENTITY x 'c'>", "<a href='/x'>a&x;b&y;</a>"),
        ["/x acb"],
        "parameter entities are not read"
    );
    for subset in ["<!ENTITY x SYSTEM 'u' NDATA n>", "<!ENTITY x PUBLIC 'p' 'u' NDATA n>"] {
        assert_eq!(with(subset, "<a href='1'/>&x;<a href='2'/>"), ["1 [IMG]"], "it is not XML");
    }
    assert_eq!(with("<!ENTITY x SYSTEM 'u'>", "<a href='1'/><a href='&x;'/>"), ["1 [IMG]"]);
    for subset in
        ["<!ENTITY x '&x;'>", "<!ENTITY x '&y;'><!ENTITY y '&x;'>", "<!ENTITY x '<b>'>", "<!ENTITY x '</a>'>"]
    {
        assert_eq!(
            with(subset, "<a href='1'/><a href='2'>&x;</a><a href='3'/>"),
            ["1 [IMG]", "2 [IMG]"],
            "{subset}"
        );
    }
    assert_eq!(with("<!ENTITY x '&x;'>", "<a href='1'/><a href='&x;'/>"), ["1 [IMG]"]);
}

#[test]
fn attributes_have_the_defaults_and_types_that_the_internal_subset_declares() {
    let with = |subset: &str, body: &str| links(&format!("<!DOCTYPE html [{subset}]>{START}{body}{END}"));
    let defaults = "<!ENTITY e '?q'><!ATTLIST a href CDATA '/d&e;'>";
    assert_eq!(with(defaults, "<a/><a href='/x'/><b/>"), ["/d?q [IMG]", "/x [IMG]"]);
    let others = "<!ATTLIST a  b (x|y) 'x' c NOTATION (n) #IMPLIED\nd ID #REQUIRED href CDATA #FIXED \"/d\" href CDATA '/e'>";
    assert_eq!(with(others, "<a/>"), ["/d [IMG]"], "the first declaration counts");
    assert_eq!(with("<!ATTLIST a href CDATA #IMPLIED><!ATTLIST a href CDATA '/d'>", "<a/>"), [""; 0]);
    assert_eq!(with("<!ATTLIST a href NMTOKENS #IMPLIED>", "<a href='\t/1  2 '/>"), ["/1 2 [IMG]"]);
    assert_eq!(
        with("<!ATTLIST x:a xmlns:x CDATA 'http://www.w3.org/1999/xhtml'>", "<x:a href='/1'/>"),
        ["/1 [IMG]"]
    );
    let declared = "<!DOCTYPE html [<!ATTLIST html xmlns CDATA #FIXED 'http://www.w3.org/1999/xhtml'>]>";
    assert_eq!(links(&format!("{declared}<html><body><a href='/1'/></body></html>")), ["/1 [IMG]"]);
    assert_eq!(with("<!ATTLIST a href '/d'>", "<a href='/1'/>"), ["NOT XML"]);
    assert_eq!(
        with(
            "<!ATTLIST a xmlns:b CDATA 'b' xmlns:c CDATA 'c' xmlns:d CDATA 'd' xmlns:e CDATA 'e' xmlns:f CDATA 'f'>",
            ""
        ),
        ["TOO COSTLY"]
    );
}

#[test]
fn expansions_are_bounded() {
    let lol: Vec<_> =
        (1..20).map(|n| format!("<!ENTITY l{n} '{}'>", format!("&l{};", n - 1).repeat(10))).collect();
    let lol = lol.concat();
    let page =
        format!("<!DOCTYPE html [<!ENTITY l0 'lol'>{lol}]>{START}<a href='1'/><a href='2'>&l19;</a>{END}");
    assert_eq!(links(&page).len(), 2);
    let many: Vec<_> = (0..2000).map(|n| format!("<!ENTITY e{n} ''>")).collect();
    let many = many.concat();
    assert_eq!(links(&format!("<!DOCTYPE html [{many}]>{START}<a href='1'/>{END}")), ["NOT XML"]);
    assert_eq!(in_body(&"<b>".repeat(5000)), ["TOO COSTLY"]);
    assert_eq!(in_body(&format!("{}{}<br/>", "<a href='x'>".repeat(4000), "t".repeat(100_000))).len(), 1);
}

#[test]
fn the_doctypes_of_xhtml_declare_html_s_references() {
    let doctype = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">";
    assert_eq!(links(&format!("{doctype}{START}<a href='&copy;'>&auml;&hellip;&semi;</a>{END}")), ["© ä…;"]);
    let unknown = "<!DOCTYPE html SYSTEM 'x.dtd'>";
    for doctype in [doctype, unknown] {
        let page = format!("{doctype}{START}<a href='1'/><a href='2&notit;'>a&notit;b</a>{END}");
        assert_eq!(links(&page), ["1 [IMG]", "2 ab"], "what is not loaded may declare it");
        let alone = format!("<?xml version='1.0' standalone='yes'?>{page}");
        assert_eq!(links(&alone), ["1 [IMG]"], "it declares nothing");
    }
}

#[test]
fn the_first_base_counts() {
    let page = "<html xmlns='http://www.w3.org/1999/xhtml'><head><base/><base href='/a/'/><base href='/b/'/></head></html>";
    let Document::Xhtml(found) = find(page.as_bytes()) else { panic!("it is well-formed") };
    assert_eq!(found.base.as_deref(), Some("/a/"));
}

#[test]
fn an_xhtml_root_is_recognized() {
    for (page, expected) in [
        ("<?xml version='1.0'?><!-- c --><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'>", true),
        ("<h:html xmlns:h='http://www.w3.org/1999/xhtml'/>", true),
        ("<html>", false),
        ("<rss version='2.0'/>", false),
        ("", false),
    ] {
        assert_eq!(has_xhtml_root(page.as_bytes(), None), expected, "{page}");
    }
}
