//! A page is read in the encoding that the standard finds, however late a `<meta>` declares it.
//!
//! `LINKEXTRACTOR_SUITES` names a folder with html5lib's tests (`html5lib/encoding/*.dat`); without it one test does
//! nothing.

use links::{Encoding, Method, Page};
use std::{env, fs, path::Path};
use weburl::WebUrl;

/// One byte beyond ASCII, for a page whose encoding would be a guess otherwise.
const BEYOND: &[u8] = b"<a href='/?q=\xE6'>\xE6</a>";

/// The encoding, the address and the text of the first link of `start`, then [`BEYOND`].
fn read(start: &[u8], declared: Option<&'static Encoding>) -> (&'static str, String, String) {
    let url = WebUrl::parse("https://example.org/").expect("it is a URL");
    let body = [start, BEYOND].concat();
    let found = Page { body: &body, declared, url: Some(&url), ..Page::default() }.links();
    let link = found.links.iter().next().expect("there is a link");
    (found.encoding.name(), link.href.into_owned(), link.text.into_owned())
}

fn assert_cyrillic(start: &[u8]) {
    let expected = ("windows-1251", "https://example.org/?q=%E6".into(), "ж".into());
    assert_eq!(read(start, None), expected, "{}", String::from_utf8_lossy(start));
}

#[test]
fn each_meta_that_the_parser_processes_counts_however_late() {
    let space = " ".repeat(2000);
    for start in [
        "<meta charset=windows-1251>",
        "<body><p><meta charset=windows-1251>",
        "<body><svg><meta charset=windows-1251>",
        "<table><tr><meta charset=windows-1251></table>",
        "<template><meta charset=windows-1251></template>",
        "<noscript><meta charset=windows-1251></noscript>",
        "</body></html><meta charset=windows-1251>",
        "<meta charset=none content='x; charset=windows-1251' http-equiv=Content-Type>",
        "<meta content='x; CHARSET = \"Windows-1251\"' HTTP-EQUIV=content-TYPE>",
        "<meta charset=none><meta charset=windows-1251><meta charset=koi8-r>",
        "<!-- <meta charset=koi8-r> --><title><meta charset=koi8-r></title><meta charset=windows-1251>",
        "<p title='<meta charset=koi8-r>'><meta charset=windows-1251>",
        "<math><meta name=x></math><meta charset=windows-1251>",
    ] {
        assert_cyrillic(format!("{space}{start}").as_bytes());
    }
}

#[test]
fn a_meta_that_the_prescan_misreads_is_corrected_by_the_parser() {
    assert_cyrillic(b"<meta charset=&#119;indows-1251>");
    assert_cyrillic(b"<script>'<meta charset=koi8-r>'</script><meta charset=windows-1251>");
    assert_cyrillic(b"<textarea><meta charset=koi8-r></textarea><meta charset=windows-1251>");
}

#[test]
fn no_meta_changes_what_a_mark_or_the_transport_names() {
    let late = b"<p><meta charset=windows-1251>";
    assert_eq!(read(late, Encoding::for_label(b"koi8-r")).0, "KOI8-R");
    assert_eq!(read(&[b"\xEF\xBB\xBF", &late[..]].concat(), None).0, "UTF-8");
    let wide: Vec<u8> =
        "<?x?><meta charset=windows-1251><a href=x>é".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = Page { body: &wide, ..Page::default() }.links_as_written();
    assert_eq!((found.encoding.name(), found.links.len()), ("UTF-16LE", 1));
}

#[test]
fn a_page_in_utf_8_with_a_stray_byte_stays_utf_8_by_its_late_meta() {
    let body =
        [&b" ".repeat(2000)[..], "<meta charset=utf-8>\u{e9}<a href=/\u{e9}>\u{e9}</a>".as_bytes(), b"\xE9"]
            .concat();
    let found = Page { body: &body, ..Page::default() }.links_as_written();
    assert_eq!(found.encoding.name(), "UTF-8");
    assert_eq!(found.links.iter().next().unwrap().text, "\u{e9}");
}

#[test]
fn an_ascii_page_takes_the_declared_encoding_for_its_queries() {
    let url = WebUrl::parse("https://example.org/").unwrap();
    for charset in ["windows-1251", "iso-2022-jp"] {
        let body = format!("{}<a href='?q=&#1078;'>x</a><p><meta charset={charset}>", " ".repeat(2000));
        let found = Page { body: body.as_bytes(), url: Some(&url), ..Page::default() }.links();
        let expected = if charset == "windows-1251" { "?q=%E6" } else { "?q=%1B$B%27X%1B(B" };
        assert!(found.links.iter().next().unwrap().href.ends_with(expected), "{:?}", found.links);
    }
}

#[test]
fn a_meta_counts_in_pages_that_are_read_through_a_tree_or_by_tags_alone() {
    let tree = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";
    let deep = "<div>".repeat(5000);
    for (start, method) in [(tree, Method::Tree), (&deep, Method::Approximate)] {
        let body = [start.as_bytes(), b"<meta charset=windows-1251><a href=3>\xE6</a>"].concat();
        let body = [&b" ".repeat(2000)[..], &body].concat();
        let found = Page { body: &body, ..Page::default() }.links_as_written();
        assert_eq!((found.method, found.encoding.name()), (method, "windows-1251"));
        assert_eq!(found.links.iter().last().unwrap().text, "ж");
    }
}

/// An ASCII page that names no encoding is in the default one: for these tests windows-1252, for us UTF-8.
#[test]
fn html5lib_finds_the_same_encodings() {
    let Some(folder) = env::var_os("LINKEXTRACTOR_SUITES") else { return };
    let folder = Path::new(&folder).join("html5lib/encoding");
    let mut checked = 0;
    for file in ["tests1.dat", "tests2.dat", "test-yahoo-jp.dat"] {
        let text = fs::read(folder.join(file)).expect("the suite is there");
        // Each byte as a character: the pages are in many encodings.
        let text: String = text.into_iter().map(char::from).collect();
        for case in text.split("#data\n").skip(1) {
            let (body, label) = case.split_once("\n#encoding\n").expect("an expected encoding");
            let label = label.lines().next().expect("a label");
            let body: Vec<u8> = body.chars().map(|c| c as u8).collect();
            let expected = Encoding::for_label(label.as_bytes()).expect("an encoding").name();
            let found = Page { body: &body, ..Page::default() }.links().encoding.name();
            let is_default = body.is_ascii() && (found, expected) == ("UTF-8", "windows-1252");
            assert!(found == expected || is_default, "{file}: {found} {}", String::from_utf8_lossy(&body));
            checked += 1;
        }
    }
    assert!(checked > 75, "{checked}");
}
