//! Arbitrary bytes: no panic, and the links of html5ever's tree.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

use libfuzzer_sys::fuzz_target;
use links::{Method, Page};

fuzz_target!(|body: &[u8]| {
    let page = Page { body, ..Page::default() };
    let found = page.links();
    if found.method != Method::Approximate && !reference::may_be_wrong(body) {
        let expected = reference::links_and_base(found.encoding.decode(body).0.as_bytes()).0;
        assert!(page.links_as_written().links.iter().eq(expected));
    }
});
