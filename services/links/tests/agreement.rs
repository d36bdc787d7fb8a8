//! Real pages: their links are exactly those of html5ever's tree, scripting off, and stay so where a declared encoding comes
//! late and a byte of another encoding strays into the page.
//!
//! `LINKS_CORPUS` names their folder; without it the tests do nothing.

mod reference;

use links::{Links, Page};
use std::{env, fs, path::PathBuf};

fn links_of(body: &[u8]) -> Links {
    Page { body, ..Page::default() }.links_as_written().links
}

fn assert_agrees(name: &str, body: &[u8]) {
    let found = Page { body, ..Page::default() }.links_as_written();
    let expected = reference::links_and_base(found.encoding.decode(body).0.as_bytes()).0;
    for (index, (found, expected)) in found.links.iter().zip(&expected).enumerate() {
        assert_eq!(&found, expected, "{name}: link {index}");
    }
    assert_eq!(found.links.len(), expected.len(), "{name}");
}

/// The pages of the folder, each with its name; `None` where no folder is named.
fn pages() -> Option<Vec<(String, Vec<u8>)>> {
    let mut folders = vec![PathBuf::from(env::var_os("LINKS_CORPUS")?)];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be listed") {
            let path = entry.expect("listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                pages.push((path.display().to_string(), fs::read(&path).expect("a page can be read")));
            }
        }
    }
    assert!(!pages.is_empty(), "no pages in the folder");
    Some(pages)
}

#[test]
fn every_page_of_a_folder_has_the_same_links_as_html5ever() {
    for (name, body) in pages().unwrap_or_default() {
        assert_agrees(&name, &body);
    }
}

/// A page that declares UTF-8, with its declaration beyond the bytes that are searched for it and with a byte of Latin-1
/// at its end; `None` of other pages, and of those in ASCII.
fn with_late_declaration_and_stray_byte(body: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(body).ok().filter(|text| !text.is_ascii() && !text.starts_with('\u{FEFF}'))?;
    let lower = text.to_ascii_lowercase();
    let declares =
        |tag: &str| tag.split('>').next().is_some_and(|tag| tag.contains("charset") && tag.contains("utf-8"));
    if !lower.split("<meta").skip(1).any(declares) {
        return None;
    }
    // The document type stays at the start, where it decides about quirks mode.
    let start = if lower.starts_with("<!doctype") { text.find('>')? + 1 } else { 0 };
    let end = lower.rfind("</body").unwrap_or(text.len());
    let comment = format!("<!--{}-->", "x".repeat(1024));
    Some([&body[..start], comment.as_bytes(), &body[start..end], b"\xE9", &body[end..]].concat())
}

#[test]
fn pages_in_utf_8_keep_their_links_despite_a_late_declaration_and_a_stray_byte() {
    for (name, body) in pages().unwrap_or_default() {
        if let Some(broken) = with_late_declaration_and_stray_byte(&body) {
            assert!(links_of(&broken) == links_of(&body), "{name}");
        }
    }
}
