use super::{RawKind, Span, Tag, Token, Tokenizer};

/// The tokens of `page`, one a line.
fn tokens(page: &str, cdata: bool) -> Vec<String> {
    let text = |span: Span| page[span.range()].to_owned();
    let mut tokenizer = Tokenizer::new(page.as_bytes());
    let mut all = Vec::new();
    loop {
        all.push(match tokenizer.next(cdata, true) {
            Token::Text(span) => format!("text {}", text(span)),
            Token::CdataSection(span) => format!("cdata {}", text(span)),
            Token::StartTag(Tag { written, href, self_closing, .. }) => {
                let href = href.map(|href| format!(" href={}", text(href))).unwrap_or_default();
                format!("start {}{href}{}", text(written), if self_closing { " /" } else { "" })
            }
            Token::EndTag(tag) => format!("end {}", text(tag.written)),
            Token::Doctype { quirks } => format!("doctype {quirks}"),
            Token::Comment { .. } => "comment".to_owned(),
            Token::Instruction(span) => format!("instruction {}", text(span)),
            Token::EndOfPage => return all,
        });
    }
}

#[test]
fn markup_and_text_are_distinguished() {
    for (page, expected) in [
        ("a<b>c</b>", &["text a", "start b", "text c", "end b"][..]),
        ("1 < 2 <3 <", &["text 1 < 2 <3 <"]),
        ("a</", &["text a</"]),
        ("a</>b</ c>d", &["text a", "comment", "text b", "comment", "text d"]),
        ("<!x><?y>z<!>", &["comment", "instruction y", "text z", "comment"]),
        ("<p", &[]),
        ("<p a='>", &[]),
        ("<P/><br / >", &["start P /", "start br"]),
        ("<![CDATA[x>y]]>", &["comment", "text y]]>"]),
    ] {
        assert_eq!(tokens(page, false), expected, "{page}");
    }
    assert_eq!(tokens("<![CDATA[x>y]]>z<![CDATA[", true), ["cdata x>y", "text z", "cdata "]);
}

#[test]
fn the_first_href_is_found_in_every_spelling() {
    for (tag, href) in [
        ("<a href=x>", "x"),
        ("<a HREF = 'x'>", "x"),
        ("<a\n/href=\"x\"y>", "x"),
        ("<a href=x/>", "x/"),
        ("<a href=x href=y>", "x"),
        ("<a title=\"href='y'\" href=x>", "x"),
        ("<a b=c\"d href=x>", "x"),
        ("<base href=x>", "x"),
    ] {
        let name = &tag[1..tag.find(['\n', ' ']).unwrap()];
        assert_eq!(tokens(tag, false), [format!("start {name} href={href}")], "{tag}");
    }
    for tag in ["<a =href=x>", "<a \"href=x>", "<a xhref=x>", "<a href-=x>"] {
        assert_eq!(tokens(tag, false), ["start a"], "{tag}");
    }
    assert_eq!(tokens("<a href>", false), ["start a href="]);
}

#[test]
fn comments_end_where_the_standard_says() {
    for comment in [
        "<!---->",
        "<!-->",
        "<!--->",
        "<!-- x --->",
        "<!-- x --!>",
        "<!-- a -- b -->",
        "<!-- a > b -->",
        "<!-- --!-->",
        "<!--<!-->",
    ] {
        assert_eq!(tokens(&format!("{comment}t"), false), ["comment", "text t"], "{comment}");
    }
    assert_eq!(tokens("<!-- x -- >t", false), ["comment"]);
}

#[test]
fn raw_text_ends_at_its_own_end_tag() {
    let text = |kind, page: &str, name: &str| {
        let all = format!("{name}{page}");
        let mut tokenizer = Tokenizer::new(all.as_bytes());
        tokenizer.at = name.len();
        let text = tokenizer.raw_text(kind, Span::new(0, name.len()));
        (all[text.range()].to_owned(), all[tokenizer.at..].to_owned())
    };
    let parts = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        text(RawKind::Rawtext, "a</b></stylex></STYLE x='>'>c", "style"),
        parts("a</b></stylex>", "c")
    );
    assert_eq!(text(RawKind::Rcdata, "a</title", "title"), parts("a</title", ""));
    assert_eq!(text(RawKind::Rcdata, "a</title ", "title"), parts("a", ""));
    for (script, rest) in [
        ("a</script>b", "b"),
        ("<!--</script>b", "b"),
        ("<!--<script></script>--></script>b", "b"),
        ("<!--<script></script></script>b", "b"),
        ("<!--><script></script>b", "b"),
        ("<!--<script>--></script>b", "b"),
        ("<!--<script></script>", ""),
        ("<!--<scripts></script>b", "b"),
    ] {
        assert_eq!(text(RawKind::Script, script, "script").1, rest, "{script}");
    }
}

#[test]
fn document_types_decide_on_quirks_mode() {
    for (doctype, quirks) in [
        ("<!doctype html>", false),
        ("<!DOCTYPE HTML SYSTEM 'about:legacy-compat'>", false),
        ("<!doctype html public \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"x\">", false),
        ("<!doctype html public '-//W3C//DTD HTML 4.01 Transitional//EN' ''>", false),
        ("<!doctype html public '-//W3C//DTD HTML 4.01 Transitional//EN'>", true),
        ("<!doctype html public '-//W3C//DTD HTML 3.2//EN'>", true),
        ("<!doctype html system 'http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd'>", true),
        ("<!doctype>", true),
        ("<!doctype svg>", true),
        ("<!doctype html x>", true),
        ("<!doctype html system 'x>", true),
    ] {
        assert_eq!(tokens(doctype, false), [format!("doctype {quirks}")], "{doctype}");
    }
}
