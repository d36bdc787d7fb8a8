//! html5lib's tests of tree construction: the links of each page are those of its expected tree. Most `<a>` there have no
//! attributes: each `<a>` is given an `href`, in the page and in the tree.
//!
//! `LINKEXTRACTOR_SUITES` names the folder with `html5lib/tree-construction/*.dat`; without it nothing is checked here.

use links::{Encoding, Page};
use std::{env, fs, path::Path};

/// Pages that we read otherwise, by a part of them, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// A part of a test: the lines after `#name`, up to the next part.
fn part<'t>(test: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = test.split_once(&format!("\n#{name}\n"))?;
    Some(rest.split_once("\n#").map_or(rest, |(part, _)| part))
}

/// The tag that stands for `<a>`.
const LINK: &str = "<a href=x>";

/// The links of a tree as html5lib writes it, `href` and text.
fn links_of(tree: &str) -> Vec<(String, String)> {
    let mut links: Vec<(Option<String>, String)> = Vec::new();
    // The depth of each open link, with its index, and of each template's content.
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    // A line break within a text or a value is one of a line that does not start a node.
    for node in tree.split("\n| ") {
        let depth = node.len() - node.trim_start_matches(' ').len();
        let node = &node[depth..];
        if let Some(value) = node.strip_prefix("href=\"") {
            if let Some((at, Some(link))) = open.last()
                && depth == at + 2
            {
                links[*link].0 = value.strip_suffix('"').map(str::to_owned);
            }
            continue;
        }
        let is_attribute = !node.starts_with(['<', '"']) && node != "content";
        if is_attribute {
            if let Some((at, Some(link))) = open.last()
                && depth == at + 2
                && links[*link].0.as_deref() == Some("x")
            {
                links[*link].0 = None; // written with attributes, but without `href`
            }
            continue;
        }
        while open.pop_if(|(at, _)| *at >= depth).is_some() {}
        if node == "content" {
            open.push((depth, None));
        } else if node == "<a>" && open.iter().all(|(_, link)| link.is_some()) {
            open.push((depth, Some(links.len())));
            links.push((Some("x".to_owned()), String::new()));
        } else if let Some(text) = node.strip_prefix('"')
            && open.iter().all(|(_, link)| link.is_some())
        {
            for &(_, link) in &open {
                links[link.expect("no template is open")]
                    .1
                    .push_str(&text.strip_suffix('"').unwrap_or(text).replace("<a>", LINK));
            }
        }
    }
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = |text: String| if words(&text).is_empty() { "[IMG]".to_owned() } else { words(&text) };
    links.into_iter().filter_map(|(href, text)| Some((href?, shown(text)))).collect()
}

#[test]
fn trees_of_html5lib_have_the_same_links() {
    let Some(folder) = env::var_os("LINKEXTRACTOR_SUITES") else { return };
    let folder = Path::new(&folder).join("html5lib/tree-construction");
    let mut checked = 0;
    let mut all_links = 0;
    let mut differences = 0;
    let entries = fs::read_dir(folder).expect("the suite is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "dat"));
    files.sort();
    for file in files {
        let text = format!("\n{}", fs::read_to_string(&file).expect("a file of tests"));
        for test in text.split("\n#data\n").skip(1).map(|test| format!("\n#data\n{test}")) {
            let (Some(page), Some(tree)) = (part(&test, "data"), part(&test, "document")) else { continue };
            if test.contains("\n#script-on\n") || test.contains("\n#document-fragment\n") {
                continue;
            }
            let page = page.replace("<a>", LINK).replace("<A>", LINK);
            let read =
                Page { body: page.as_bytes(), declared: Encoding::for_label(b"utf-8"), ..Page::default() };
            let links = read.links_as_written().links;
            let found: Vec<_> =
                links.iter().map(|link| (link.href.into_owned(), link.text.into_owned())).collect();
            let expected = links_of(tree.trim_end_matches('\n').strip_prefix("| ").unwrap_or_default());
            checked += 1;
            all_links += expected.len();
            if found != expected && !EXCEPTIONS.iter().any(|(part, _)| page.contains(part)) {
                differences += 1;
                println!("{}: {page:?}\n  found    {found:?}\n  expected {expected:?}", file.display());
            }
        }
    }
    assert!(checked > 1000 && all_links > 100, "{checked} trees with {all_links} links");
    assert_eq!(differences, 0);
}
