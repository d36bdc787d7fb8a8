//! The links of a page are exactly those of html5ever's tree, scripting off.

mod reference;

use links::Page;
use std::{env, fs, path::Path};

fn assert_agrees(name: &str, body: &[u8]) {
    let found = Page { body, ..Page::default() }.links_as_written();
    let expected = reference::links_and_base(found.encoding.decode(body).0.as_bytes()).0;
    for (index, (found, expected)) in found.links.iter().zip(&expected).enumerate() {
        assert_eq!(&found, expected, "{name}: link {index}");
    }
    assert_eq!(found.links.len(), expected.len(), "{name}");
}

/// `LINKS_CORPUS` names the folder; without it the test does nothing.
#[test]
fn every_page_of_a_folder_has_the_same_links_as_html5ever() {
    let Some(folder) = env::var_os("LINKS_CORPUS") else { return };
    let mut folders = vec![folder.into()];
    let mut pages = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir::<&Path>(std::path::PathBuf::as_ref(&folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_agrees(&path.display().to_string(), &fs::read(&path).unwrap());
                pages += 1;
            }
        }
    }
    assert!(pages > 0, "no pages in the folder");
}
