//! Character references: every name of the standard, and numbers around each rule, agree with html5ever.

mod reference;

use html5ever::data::NAMED_ENTITIES;
use links::Page;
use std::fmt::Write;

/// Compares the links of a page that holds each of `references` in text and in an attribute, before each of `after`.
fn assert_agrees(references: impl Iterator<Item = String>, after: &[&str]) {
    let mut page = String::new();
    for reference in references {
        for after in after {
            write!(page, "<a href='{reference}{after}'>{reference}{after}</a>").expect("writing to memory");
        }
    }
    let found = Page { body: page.as_bytes(), ..Page::default() };
    let found = found.links_as_written().links;
    let expected = reference::links_and_base(page.as_bytes()).0;
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
}

#[test]
fn named_references_agree_with_and_without_a_semicolon() {
    let names = NAMED_ENTITIES.entries().filter(|(_, codepoints)| codepoints.0 != 0).map(|(name, _)| *name);
    let names: Vec<_> = names.collect();
    assert_eq!(names.len(), 2231, "the standard's table");
    let references =
        names.iter().flat_map(|name| [name, name.trim_end_matches(';'), &name[..name.len() - 1]]);
    assert_agrees(references.map(|name| format!("&{name}")), &["", ";", "=", "x", "9", "-", " ;", "&", "é"]);
}

#[test]
fn the_longest_name_counts() {
    let names =
        ["notit", "notin", "notinva", "ampamp", "ltcc", "copysr", "AMPAMP", "centerdo", "x", "", "amp;lt"];
    assert_agrees(names.iter().map(|name| format!("&{name}")), &["", ";", "=", "x", "&amp;"]);
    let long = "CounterClockwiseContourIntegral".repeat(3);
    assert_agrees((0..long.len()).map(|end| format!("&{}", &long[..end])), &["", ";", "="]);
}

#[test]
fn numeric_references_agree_over_the_whole_range() {
    let edges = [0x2FF, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFE, 0x1_0000, 0x10_FFFF, 0x11_0000, u32::MAX];
    let numbers = || (0..0x300).chain(edges);
    assert_agrees(numbers().map(|n| format!("&#{n}")), &["", ";", "=", "x"]);
    assert_agrees(numbers().map(|n| format!("&#x{n:x}")), &["", ";", "=", "g"]);
    assert_agrees(numbers().map(|n| format!("&#X{n:08X}")), &["", ";"]);
    let rare = ["", "x", "X", ";", "x;", "99999999999999999999", "xFFFFFFFFFFFFFFFFFFFF", "-1", "1.5"];
    assert_agrees(rare.iter().map(|rare| format!("&#{rare}")), &["", ";", "=", "x"]);
}
