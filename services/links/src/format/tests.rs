use super::{
    Format, csv,
    ndjson::{self, PageMembers},
};
use crate::Link;

fn link<'a>(text: &'a str, href: &'a str) -> Link<'a> {
    Link { text: text.into(), href: href.into() }
}

#[test]
fn each_format_writes_a_link_as_documented() {
    let links = [link("a, \"b\"", "https://e.org/?x&y"), link("[IMG]", "mailto:x@e.org")];
    assert_eq!(
        Format::Markdown.write(links.clone()),
        "[a, \"b\"](https://e.org/?x&y)\n[[IMG]](mailto:x@e.org)\n"
    );
    assert_eq!(Format::Text.write(links.clone()), "https://e.org/?x&y\nmailto:x@e.org\n");
    assert_eq!(
        Format::Json.write(links.clone()),
        "[{\"text\":\"a, \\\"b\\\"\",\"href\":\"https://e.org/?x&y\"},{\"text\":\"[IMG]\",\"href\":\"mailto:x@e.org\"}]\n"
    );
    assert_eq!(
        Format::Csv.write(links.clone()),
        "text,href\r\n\"a, \"\"b\"\"\",https://e.org/?x&y\r\n[IMG],mailto:x@e.org\r\n"
    );
}

#[test]
fn a_document_without_links_is_valid_in_each_format() {
    assert_eq!(Format::Markdown.write([]), "");
    assert_eq!(Format::Text.write([]), "");
    assert_eq!(Format::Json.write([]), "[]\n");
    assert_eq!(Format::Csv.write([]), "text,href\r\n");
}

#[test]
fn line_forms_hold_no_line_break_or_control_character_in_a_value() {
    let value: String = ('\0'..' ').chain("\u{7F}\u{85}\u{9B}\u{2028}\u{2029}".chars()).collect();
    let replaced = "\u{FFFD}".repeat(value.chars().count());
    let links = [link(&value, &value)];
    assert_eq!(Format::Markdown.write(links.clone()), format!("[{replaced}]({replaced})\n"));
    assert_eq!(Format::Text.write(links.clone()), format!("{replaced}\n"));
    assert_eq!(Format::Csv.write(links.clone()), format!("text,href\r\n{replaced},{replaced}\r\n"));
}

#[test]
fn json_preserves_every_character() {
    let links = vec![link("\u{1}\u{2028}é", "x:\n")];
    let json = Format::Json.write(links.clone());
    let back: Vec<Link> = serde_json::from_str(&json).unwrap();
    assert_eq!(back, links);
}

#[test]
fn csv_for_spreadsheets_has_a_byte_order_mark_and_no_formula() {
    let links = [link("=1+1", "+x:y"), link(" @a", "https://a/"), link("a;=1", "-"), link("＝1", "\"=1")];
    let mut out = Vec::new();
    csv::write_for_spreadsheets(&mut out, links).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "\u{feff}\"text\",\"href\"\r\n\"'=1+1\",\"'+x:y\"\r\n\"' @a\",\"https://a/\"\r\n\
         \"a;'=1\",\"'-\"\r\n\"'＝1\",\"\"\"=1\"\r\n"
    );
}

/// A spreadsheet that separates by semicolons ends the first cell of such a line only at the first of them, and reads what
/// follows as if it were not in quotes.
#[test]
fn csv_for_spreadsheets_has_no_formula_after_a_semicolon_either() {
    for (href, written) in [
        ("https://a/?x;=cmd|' /C calc'!A0", "https://a/?x;'=cmd|' /C calc'!A0"),
        ("https://a/;\"=1", "https://a/;'\"\"=1"),
        ("x: ; \" +1;-2;b;", "x: ;' \"\" +1;'-2;b;"),
        ("https://a/;jsessionid=1;b=2", "https://a/;jsessionid=1;b=2"),
    ] {
        let mut out = Vec::new();
        csv::write_for_spreadsheets(&mut out, [link("t", href)]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("\u{feff}\"text\",\"href\"\r\n\"t\",\"{written}\"\r\n")
        );
    }
}

#[test]
fn csv_of_several_pages_has_the_page_in_the_first_column() {
    let mut out = Vec::new();
    csv::write_pages_header(&mut out).unwrap();
    csv::write_page(&mut out, "a,b.html", [link("t", "x:y")]).unwrap();
    csv::write_page(&mut out, "-", [link("u", "x:z")]).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "page,text,href\r\n\"a,b.html\",t,x:y\r\n-,u,x:z\r\n");
}

#[test]
fn ndjson_has_one_line_a_page_with_what_was_left_out() {
    let members = PageMembers {
        page: "p\"",
        url: Some("x:/"),
        title: None,
        count: 1,
        unresolved: 3,
        approximate: true,
    };
    let links = [link("t\n", "x:y")];
    let expected = "{\"page\":\"p\\\"\",\"url\":\"x:/\",\"title\":null,\"count\":1,\"unresolved\":3,\"approximate\":true,\
                    \"links\":[{\"text\":\"t\\n\",\"href\":\"x:y\"}]}\n";
    let mut out = Vec::new();
    ndjson::write_links(&mut out, members, links.clone()).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    let mut out = Vec::new();
    ndjson::write_members(&mut out, members).unwrap();
    out.extend([Format::Json.write(links).trim_ascii_end().as_bytes(), ndjson::END].concat());
    assert_eq!(String::from_utf8(out).unwrap(), expected, "from links that are JSON already");
    let mut out = Vec::new();
    ndjson::write_error(&mut out, "q", &"gone").unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"page\":\"q\",\"error\":\"gone\"}\n");
}

#[test]
fn media_types_and_extensions_are_the_registered_ones() {
    let facts: Vec<_> = Format::ALL.iter().map(|f| (f.media_type(), f.extension())).collect();
    assert_eq!(
        facts,
        [
            ("text/markdown; charset=utf-8", "md"),
            ("text/plain; charset=utf-8", "txt"),
            ("application/json", "json"),
            ("text/csv; charset=utf-8", "csv"),
        ]
    );
}
