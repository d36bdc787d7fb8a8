//! Chromium as judge: generated pages and the fixtures have the links and the title of its `DOMParser`, for which scripting
//! is off.
//!
//! `LINKS_BROWSER` is the number of generated pages, 20,000 by default; `LINKS_SEED` is the first seed. A difference fails
//! the test unless it is one of [`EXCEPTIONS`].

#[path = "soup/generator.rs"]
mod generator;

use e2e::Browser;
use generator::{MANY_ATTRIBUTES, Random, pieces};
use links::{Encoding, Method, Page};
use std::{collections::BTreeMap, env, fs, path::Path};

/// Pages that go to the browser at once.
const BATCH: usize = 100;

/// The most different pages that are reduced to what makes them differ.
const REDUCED: usize = 20;

/// A link's `href` as written and its text.
type Written = (String, String);

/// The links of a page and its title.
type Judged = (Vec<Written>, Option<String>);

/// Whether a reduced page shows a known difference.
type IsKnown = fn(&str) -> bool;

/// Where Chromium leaves the standard: which pages, reduced to their difference, and why.
const EXCEPTIONS: &[(IsKnown, &str)] = &[
    (|page| page.contains("<search"), "search is special since 2023 (HTML 13.2.4.2); to Chromium it is not"),
    (
        |page| page.contains("&#x;"),
        "a reference without digits is text (HTML 13.2.5.76); to Chromium it is U+FFFD",
    ),
    (
        |page| page.contains("<frameset") && page.contains("<template"),
        "a template leaves no frameset possible (HTML 13.2.6.4.4); to Chromium only in the body",
    ),
    (
        |page| page.contains("<![CDATA[&amp;\0"),
        "NUL is dropped where text goes by the rules of \"in body\" (HTML 13.2.6); Chromium keeps it in CDATA",
    ),
    (
        |page| page.contains("<\0"),
        "NUL after < is dropped in the body (HTML 13.2.5.6); to Chromium it is U+FFFD",
    ),
    (
        |page| page.contains("<frameset") && REPLACEMENTS.iter().any(|part| page.contains(part)),
        "only white space leaves a frameset possible (HTML 13.2.6.4.7); to Chromium U+FFFD does too",
    ),
    (
        |page| {
            let after = page.rsplit_once("</body>").or_else(|| page.rsplit_once("</html>"));
            after.is_some_and(|(_, after)| is_white_space(after))
        },
        "formatting elements are reconstructed for white space after the body (HTML 13.2.6.4.19); not in Chromium",
    ),
    (
        |page| {
            let before = page.strip_suffix("</template>").unwrap_or(page);
            let last = before.rsplit('<').next().unwrap_or_default();
            let is_in_table = ["tbody", "thead", "tfoot", "tr"].iter().any(|part| last.starts_with(part));
            page.contains("<template for") && is_in_table
        },
        "the text of a table goes before the table (HTML 13.2.6.4.9); Chromium loses it where it ends a template",
    ),
    (
        |page| page.matches("<form").count() > 1 && page.contains("</form"),
        "an end tag of a form closes one form (HTML 13.2.6.4.7); in Chromium also the one around it",
    ),
    (
        |page| {
            let content = page.split_once("<template").map_or("", |(_, content)| content);
            content.contains("<title") || content.contains("<base")
        },
        "title and base leave a template's insertion mode as it is (HTML 13.2.6.4.18); in Chromium it becomes \"in body\"",
    ),
    (
        |page| page.starts_with('\0') || page.contains("</template>\0"),
        "NUL in the head opens the body (HTML 13.2.6.4.4); Chromium drops it before",
    ),
];

/// A fixture and its links.
type FixtureLinks = (&'static str, &'static [(&'static str, &'static str)]);

/// The fixtures in which Chromium leaves the standard, and its links of them.
const FIXTURE_EXCEPTIONS: &[FixtureLinks] = &[("special-search.html", &[("1", "[IMG]"), ("2", "x")])];

/// What is U+FFFD to Chromium.
const REPLACEMENTS: &[&str] = &["&#0;", "&#xD800;", "&#9999999;", "&#x;", "\u{FFFD}"];

/// Whether text is white space alone, some of it as references.
fn is_white_space(text: &str) -> bool {
    text.replace("&#10;", "\n")
        .replace("&#32;", " ")
        .replace("&Tab;", "\t")
        .bytes()
        .all(|c| c.is_ascii_whitespace())
}

/// Whether Chromium is wrong about the reduced page, and why.
fn excuse(page: &str) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(is_known, _)| is_known(page)).map(|(_, why)| *why)
}

/// Takes a list of pages; gives the links and the title of each.
const SCRIPT: &str = r"
const parser = new DOMParser();
return pages.map(page => parser.parseFromString(page, 'text/html')).map(tree =>
  [Array.from(tree.querySelectorAll('a[href]'))
    .filter(a => a.namespaceURI === 'http://www.w3.org/1999/xhtml')
    .map(a => [a.getAttribute('href'), a.textContent]), tree.title])";

async fn start() -> Browser {
    let browser = Browser::start(800, 600).await;
    browser.open("about:blank").await; // the first page of a window allows no parser
    browser
}

async fn judged(browser: &Browser, pages: &[String]) -> Vec<Judged> {
    let pages: Vec<_> = pages.iter().map(|page| page.strip_prefix('\u{FEFF}').unwrap_or(page)).collect();
    let pages = serde_json::to_string(&pages).expect("text");
    let lists = browser.ask(&format!("const pages = {pages};{SCRIPT}")).await;
    let lists: Vec<(Vec<Written>, String)> =
        serde_json::from_value(lists).expect("lists of links, and titles");
    let shown = |(list, title): (Vec<Written>, String)| {
        (list.into_iter().map(|(href, text)| (href, collapsed(&text))).collect(), shown_title(&title))
    };
    lists.into_iter().map(shown).collect()
}

/// A `document.title` as we show it.
fn shown_title(title: &str) -> Option<String> {
    let is_bidi = |c| matches!(c, '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let title = title.replace(|c: char| is_bidi(c) || c.is_control() && !c.is_whitespace(), "");
    let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    Some(title.trim_end().to_owned()).filter(|title| !title.is_empty())
}

fn collapsed(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() { "[IMG]".into() } else { words.join(" ") }
}

/// The links and the title, and whether they are exact.
fn found(page: &str) -> (Judged, bool) {
    let page = Page { body: page.as_bytes(), declared: Encoding::for_label(b"utf-8"), ..Page::default() };
    let found = page.links_as_written();
    let links = found.links.iter().map(|link| (link.href.into_owned(), link.text.into_owned())).collect();
    ((links, found.title), found.method != Method::Approximate)
}

/// Whether our links or our title are wrong. Only many attributes may make an answer approximate, and the answer must say
/// so.
fn differs(page: &str, expected: &Judged) -> bool {
    let (found, is_exact) = found(page);
    found != *expected && (is_exact || !page.contains(MANY_ATTRIBUTES))
}

/// Removes runs of pieces, half of them first and single ones in the end, while the page still differs.
async fn smallest(browser: &Browser, mut pieces: Vec<String>) -> String {
    let mut run = pieces.len().div_ceil(2);
    while run > 0 {
        let without = |start: usize| {
            let mut fewer = pieces.clone();
            fewer.drain(start..pieces.len().min(start + run));
            fewer
        };
        let candidates: Vec<_> = (0..pieces.len()).step_by(run).map(without).collect();
        let pages: Vec<_> = candidates.iter().map(|pieces| pieces.concat()).collect();
        let lists = judged(browser, &pages).await;
        match pages.iter().zip(&lists).position(|(page, list)| differs(page, list)) {
            Some(index) => pieces = candidates[index].clone(),
            None => run /= 2,
        }
    }
    pieces.concat()
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}

#[tokio::test]
async fn generated_pages_have_the_links_of_chromium() {
    let browser = start().await;
    let first = number("LINKS_SEED", 1);
    let seeds: Vec<u64> = (first..first + number("LINKS_BROWSER", 20_000)).collect();
    let mut excused = BTreeMap::new();
    let mut differences = Vec::new();
    for seeds in seeds.chunks(BATCH) {
        let pages: Vec<_> = seeds.iter().map(|&seed| pieces(&mut Random::new(seed)).concat()).collect();
        let lists = judged(&browser, &pages).await;
        for ((page, list), &seed) in pages.iter().zip(&lists).zip(seeds) {
            if differences.len() == REDUCED || !differs(page, list) {
                continue;
            }
            let page = smallest(&browser, pieces(&mut Random::new(seed))).await;
            match excuse(&page) {
                Some(why) => *excused.entry(why).or_insert(0) += 1,
                None => differences.push((seed, page)),
            }
        }
    }
    println!("{} pages; where Chromium leaves the standard: {excused:?}", seeds.len());
    for (seed, page) in &differences {
        let expected = judged(&browser, std::slice::from_ref(page)).await;
        println!("{seed}: {page:?}\n  found    {:?}\n  Chromium {:?}", found(page), expected[0]);
    }
    assert!(differences.is_empty(), "{} differ", differences.len());
}

#[tokio::test]
async fn fixtures_have_the_links_of_chromium() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/links");
    let paths =
        fs::read_dir(folder).expect("the fixtures are there").map(|entry| entry.expect("listed").path());
    let paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "html")).collect();
    let decoded = |path: &std::path::PathBuf| {
        let body = fs::read(path).expect("a fixture can be read");
        let encoding = Page { body: &body, ..Page::default() }.links().encoding;
        encoding.decode(&body).0.into_owned()
    };
    let pages: Vec<_> = paths.iter().map(decoded).collect();
    let lists = judged(&start().await, &pages).await;
    for ((path, page), judged) in paths.iter().zip(&pages).zip(&lists) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let exception = FIXTURE_EXCEPTIONS.iter().find(|(known, _)| *known == name);
        let is_right = match exception {
            None => !differs(page, judged),
            Some((_, links)) => {
                let links = links.iter().map(|(href, text)| ((*href).to_owned(), (*text).to_owned()));
                let expected: Judged = (links.collect(), found(page).0.1);
                differs(page, judged) && *judged == expected
            }
        };
        assert!(is_right, "{name}: {:?} {judged:?}", found(page));
    }
    for (name, _) in FIXTURE_EXCEPTIONS {
        assert!(paths.iter().any(|path| path.ends_with(name)), "{name} is no fixture");
    }
}
