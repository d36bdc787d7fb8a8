use super::{CHUNK, Canonicalizer, TextKind};

const TEXT: TextKind = TextKind { references: true, keeps_nul: false };
const RAW: TextKind = TextKind { references: false, keeps_nul: true };

/// The text of the one link that holds `texts`.
fn text_of(texts: &[(&str, TextKind)]) -> String {
    let mut canonicalizer = Canonicalizer::new(true);
    canonicalizer.start(b"x");
    for (text, kind) in texts {
        canonicalizer.text(text.as_bytes(), *kind);
    }
    let links = canonicalizer.finish().links;
    assert_eq!(links.len(), 1);
    links.iter().map(|link| link.text).collect()
}

#[test]
fn text_and_href_are_read_back_as_the_tree_would_hold_them() {
    assert_eq!(text_of(&[("a < b &amp; c", TEXT)]), "a < b & c");
    assert_eq!(text_of(&[("&lt;a>\0", RAW)]), "&lt;a>\u{FFFD}");
    assert_eq!(text_of(&[("&am", TEXT), ("p;", TEXT)]), "&amp;", "two texts are not one reference");
    assert_eq!(text_of(&[("&am\0p; \0x", TEXT)]), "&amp; x");
    let mut canonicalizer = Canonicalizer::new(true);
    canonicalizer.start(b"a\"b&quot;<c>&amp\"'");
    assert!(canonicalizer.finish().links.iter().map(|link| link.href).eq(["a\"b\"<c>&\"'"]));
}

#[test]
fn long_text_is_divided_without_changing_it() {
    for part in ["x", "é日𠀀", "<", "a &amp; b<", "&"] {
        let text = part.repeat(CHUNK);
        let expected = text.replace("&amp;", "&");
        assert!(text_of(&[(&text, TEXT)]) == expected, "{part}");
    }
    let zeros = format!("a&#{}65;b", "0".repeat(CHUNK * 2));
    assert_eq!(text_of(&[(&zeros, TEXT)]), "aAb");
}

#[test]
fn a_long_href_keeps_the_order_of_links() {
    let long = "&amp;\"\0".repeat(CHUNK);
    let mut canonicalizer = Canonicalizer::new(true);
    for href in ["x", &long, "y"] {
        canonicalizer.start(href.as_bytes());
        canonicalizer.text(&href.as_bytes()[..1], TEXT);
    }
    let links = canonicalizer.finish().links;
    let values: Vec<_> = links.iter().flat_map(|link| [link.href, link.text]).collect();
    assert_eq!(values, ["x", "x", &"&\"\u{FFFD}".repeat(CHUNK), "&", "y", "y"]);
}

#[test]
fn a_link_is_split_at_an_earlier_position() {
    let mut canonicalizer = Canonicalizer::new(true);
    canonicalizer.start(b"x");
    canonicalizer.text(b"one", TEXT);
    let position = canonicalizer.position();
    canonicalizer.text(b"two", TEXT);
    assert!(canonicalizer.split(position, b"x").is_some());
    canonicalizer.text(b"three", TEXT);
    let links = canonicalizer.finish().links;
    let values: Vec<_> = links.iter().flat_map(|link| [link.href, link.text]).collect();
    assert_eq!(values, ["x", "one", "x", "twothree"]);
}
