//! Arbitrary bytes as the body of an XHTML page: no panic, and no more links than there are tags.

#![no_main]

use libfuzzer_sys::fuzz_target;
use links::{Page, Syntax};

fuzz_target!(|body: &[u8]| {
    let start = b"<!DOCTYPE html [<!ENTITY e '<a href=\"e\"/>'>]><html xmlns='http://www.w3.org/1999/xhtml'><body><b/>";
    for body in [body, &[start, body].concat()] {
        let found = Page { body, syntax: Syntax::Xhtml, ..Page::default() }.links();
        // Each reference to the entity makes one link.
        assert!(found.links.len() <= body.len() / 2);
    }
});
