//! Fixtures that are cut, joined and changed byte by byte have the links of html5ever's tree.
//!
//! `LINKS_BYTES` is the number of pages, 3,000 by default; `LINKS_SEED` is the first seed. The fuzz target in `fuzz/`
//! checks the same with libFuzzer.

#[path = "soup/generator.rs"]
#[expect(dead_code, reason = "this test needs only the random numbers")]
mod generator;
mod reference;

use generator::Random;
use links::{Encoding, Page};
use std::{env, fs, panic};

/// Bytes for which a tokenizer has rules.
const SPECIAL: &[u8] = b"<>/!-=\"'&;#?[] \t\n\r\x0C\0aA\x80\xC3\xFF";

fn fixtures() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/links");
    let entries = fs::read_dir(folder).expect("the folder of fixtures is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "html"));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a fixture can be read")).collect()
}

fn page(random: &mut Random, fixtures: &[Vec<u8>]) -> Vec<u8> {
    let mut page = Vec::new();
    for _ in 0..=random.below(4) {
        let fixture = &fixtures[random.below(fixtures.len())];
        let start = random.below(fixture.len());
        page.extend_from_slice(if random.below(2) == 0 { fixture } else { &fixture[start..] });
    }
    for _ in 0..random.below(8) {
        let at = random.below(page.len());
        match random.below(3) {
            0 => page[at] = SPECIAL[random.below(SPECIAL.len())],
            1 => page.insert(at, SPECIAL[random.below(SPECIAL.len())]),
            _ if page.len() > 1 => drop(page.remove(at)),
            _ => {}
        }
    }
    page
}

#[test]
fn fixtures_with_changed_bytes_agree_with_html5ever() {
    let number = |name, default| env::var(name).map_or(default, |value| value.parse().unwrap());
    let fixtures = fixtures();
    let first: u64 = number("LINKS_SEED", 1);
    for seed in first..first + number("LINKS_BYTES", 3000) {
        let body = page(&mut Random::new(seed), &fixtures);
        // html5ever would not decode a page in UTF-16.
        let body = body.strip_prefix(b"\xFF\xFE").or_else(|| body.strip_prefix(b"\xFE\xFF")).unwrap_or(&body);
        let found = panic::catch_unwind(|| {
            Page { body, declared: Encoding::for_label(b"utf-8"), ..Page::default() }.links_as_written().links
        });
        let expected = reference::links_and_base(body).0;
        assert!(
            found.as_ref().is_ok_and(|found| found.iter().eq(expected.iter().cloned()))
                || reference::may_be_wrong(body),
            "{seed}: {:?}\n{found:?}\n{expected:?}",
            String::from_utf8_lossy(body)
        );
    }
}
