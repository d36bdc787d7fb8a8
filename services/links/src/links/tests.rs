use super::{LARGEST_BLOCK, Links};
use std::borrow::Cow;

/// A list of links, each with the parts of its text.
fn list(links: &[(&str, &[&str])]) -> Links {
    let mut list = Links::default();
    for (href, texts) in links {
        list.start(href);
        texts.iter().for_each(|text| list.push_text(text));
        list.end();
    }
    list
}

#[test]
fn a_list_returns_the_links_that_were_added() {
    let list = list(&[("", &["="]), ("", &[]), ("a", &["b", "c"]), ("", &[]), ("é", &["", "日本"])]);
    let links: Vec<_> = list.iter().map(|link| (link.href, link.text)).collect();
    let expected = [("", "="), ("", "[IMG]"), ("a", "bc"), ("", "[IMG]"), ("é", "日本")];
    assert_eq!(links, expected.map(|(href, text)| (Cow::Borrowed(href), Cow::Borrowed(text))));
    assert_eq!((list.len(), Links::default().iter().count()), (5, 0));
}

#[test]
fn values_of_any_length_are_returned_whole() {
    for length in (0..40).chain([1000, 1022, 1023, 1024, 1025, 2047, 2048, 65_535, 65_536, 300_000]) {
        let value = "é日x".repeat(length);
        let list = list(&[("y", &[&value]), (&value, &["z"]), ("y", &["z", &value, "z"])]);
        let texts: Vec<_> = list.iter().map(|link| link.text).collect();
        let first = if value.is_empty() { "[IMG]" } else { &value };
        assert_eq!(texts, [first, "z", &format!("z{value}z")], "{length}");
        assert!(list.iter().map(|link| link.href).eq(["y", &value, "y"]), "{length}");
    }
}

#[test]
fn a_repeated_href_takes_one_byte() {
    let long = "x".repeat(3000);
    let list = list(&[(&long, &["t"]), (&long, &[]), (&long, &["t"]), ("y", &[]), (&long, &[])]);
    assert!(list.iter().map(|link| link.href).eq([&long, &long, &long, "y", &long]));
    assert_eq!(list.blocks.concat().len(), 6000 + 2 * "+\0t\0".len() - 1 + "=\0=t\0+y\0\0".len());
}

#[test]
fn lists_with_the_same_links_are_equal() {
    let long = "x".repeat(LARGEST_BLOCK);
    let one = list(&[("y", &[&long, &long])]);
    assert_eq!(one, list(&[("y", &[&"x".repeat(2 * LARGEST_BLOCK)])]));
    assert_ne!(one, list(&[("y", &[&long])]));
}

#[test]
fn a_list_takes_little_more_memory_than_its_characters() {
    let (medium, long) = ("m".repeat(30_000), "l".repeat(200_000));
    for hrefs in [&["x"][..], &["", "y"], &[&medium], &["x", &medium], &["x", &long, &medium]] {
        let mut list = Links::default();
        while list.blocks.iter().map(String::len).sum::<usize>() < 3_000_000 {
            for href in hrefs {
                list.push(href, "t");
            }
        }
        let room: usize = list.blocks.iter().map(String::capacity).sum();
        assert!(room < 3_700_000, "{}: {room}", hrefs.len());
    }
}
