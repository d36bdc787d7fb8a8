use super::{CHUNK, Reducer};
use crate::html::tree::{LinkSink, TextKind};

const TEXT: TextKind = TextKind { references: true, keeps_nul: false };
const RAW: TextKind = TextKind { references: false, keeps_nul: true };

/// The text of the one link that holds `texts`.
fn text_of(texts: &[(&str, TextKind)]) -> String {
    let mut reducer = Reducer::default();
    reducer.start(b"x");
    for (text, kind) in texts {
        reducer.text(text.as_bytes(), *kind);
    }
    reducer.end();
    let links = reducer.finish().finish();
    assert_eq!(links.len(), 1);
    links.iter().map(|link| link.text).collect()
}

#[test]
fn text_and_href_come_back_as_the_tree_would_hold_them() {
    assert_eq!(text_of(&[("a < b &amp; c", TEXT)]), "a < b & c");
    assert_eq!(text_of(&[("&lt;a>\0", RAW)]), "&lt;a>\u{FFFD}");
    assert_eq!(text_of(&[("&am", TEXT), ("p;", TEXT)]), "&amp;", "two texts are not one reference");
    assert_eq!(text_of(&[("&am\0p; \0x", TEXT)]), "&amp; x");
    let mut reducer = Reducer::default();
    reducer.start(b"a\"b&quot;<c>&amp\"'");
    reducer.end();
    assert!(reducer.finish().finish().iter().map(|link| link.href).eq(["a\"b\"<c>&\"'"]));
}

#[test]
fn long_text_is_parted_where_that_changes_nothing() {
    for part in ["x", "é日𠀀", "<", "a &amp; b<", "&"] {
        let text = part.repeat(CHUNK);
        let expected = text.replace("&amp;", "&");
        assert!(text_of(&[(&text, TEXT)]) == expected, "{part}");
    }
    let zeros = format!("a&#{}65;b", "0".repeat(CHUNK * 2));
    assert_eq!(text_of(&[(&zeros, TEXT)]), "aAb");
}

#[test]
fn a_long_href_keeps_its_place() {
    let long = "&amp;\"\0".repeat(CHUNK);
    let mut reducer = Reducer::default();
    for href in ["x", &long, "y"] {
        reducer.start(href.as_bytes());
        reducer.text(&href.as_bytes()[..1], TEXT);
        reducer.end();
    }
    let links = reducer.finish().finish();
    let values: Vec<_> = links.iter().flat_map(|link| [link.href, link.text]).collect();
    assert_eq!(values, ["x", "x", &"&\"\u{FFFD}".repeat(CHUNK), "&", "y", "y"]);
}

#[test]
fn a_link_is_split_at_an_earlier_place() {
    let mut reducer = Reducer::default();
    reducer.start(b"x");
    reducer.text(b"one", TEXT);
    let position = reducer.position();
    reducer.text(b"two", TEXT);
    assert!(reducer.split(position, b"x").is_some());
    reducer.text(b"three", TEXT);
    reducer.end();
    let links = reducer.finish().finish();
    let values: Vec<_> = links.iter().flat_map(|link| [link.href, link.text]).collect();
    assert_eq!(values, ["x", "one", "x", "twothree"]);
}
