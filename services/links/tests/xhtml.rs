//! Chromium as judge of XHTML: generated documents, well-formed or not, that it loads in frames. Its `DOMParser` is another
//! parser, which ends at what only external parts may declare.
//!
//! `LINKS_XHTML` is the number of documents, 1,000 by default; `LINKS_SEED` is the first seed.

#[path = "soup/generator.rs"]
#[expect(dead_code, reason = "this test needs only the random numbers")]
mod generator;

use e2e::{Browser, Origin};
use generator::Random;
use links::{Method, Page, Syntax};
use std::env;

/// Documents that go to the browser at once.
const BATCH: usize = 100;

/// The most differences that are shown.
const SHOWN: usize = 20;

/// Which documents have an error of Namespaces in XML: fatal to us, to Firefox and to Chromium's `DOMParser`, but not where
/// Chromium loads them.
const NAMESPACE_ERRORS: &[&str] = &["<x:p/>", "<p x:y=''/>", "xmlns:x=''", "xmlns:y='u'/>"];

/// Start tags that break off before they declare their prefixes.
const UNDECLARED_AT_END: &[&str] =
    &["<x:", "<x:p", "<x:a", "<x:a ", "<p x:a='' ", "<p x:a='' y:a='' ", "<p x:a='' y:a='' xmlns:x='u' "];

fn has_namespace_error(page: &str) -> bool {
    NAMESPACE_ERRORS.iter().any(|part| page.contains(part))
        || UNDECLARED_AT_END.iter().any(|end| page.ends_with(end))
}

/// Takes a list of pages; gives the links of each.
const SCRIPT: &str = r"
const load = page => new Promise(done => {
  const frame = document.createElement('iframe');
  frame.onload = () => {
    const links = frame.contentDocument.getElementsByTagNameNS('http://www.w3.org/1999/xhtml', 'a');
    done(Array.from(links).filter(a => a.hasAttribute('href')).map(a => [a.getAttribute('href'), a.textContent]));
    URL.revokeObjectURL(frame.src);
    frame.remove();
  };
  frame.src = URL.createObjectURL(new Blob([page], { type: 'application/xhtml+xml' }));
  document.body.append(frame);
});
return Promise.all(pages.map(load))";

/// A link's `href` as written and its text.
type Written = (String, String);

async fn judged(browser: &Browser, pages: &[String]) -> Vec<Vec<Written>> {
    let pages = serde_json::to_string(pages).expect("text");
    let lists = browser.ask(&format!("const pages = {pages};{SCRIPT}")).await;
    let lists: Vec<Vec<Written>> = serde_json::from_value(lists).expect("lists of links");
    lists
        .into_iter()
        .map(|list| list.into_iter().map(|(href, text)| (href, collapsed(&text))).collect())
        .collect()
}

fn collapsed(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() { "[IMG]".into() } else { words.join(" ") }
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}

/// Pieces of the bodies of XHTML pages, well-formed or not.
const XHTML: &[&str] = &[
    "<a href='/1'>",
    "<a href=\"/2\">",
    "</a>",
    "</a>",
    "<a href='/3'/>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<br/>",
    "t",
    "u v",
    "&amp;",
    "&#65;",
    "&#x42;",
    "&lt;a>",
    "&e;",
    "&m;",
    "<![CDATA[c<d>]]>",
    "<!-- c -->",
    "<?p i?>",
    "<script/>",
    "<title/>",
    "<svg xmlns='http://www.w3.org/2000/svg'>",
    "</svg>",
    "<x:a xmlns:x='http://www.w3.org/1999/xhtml' href='/4'>",
    "</x:a>",
    "<a xmlns='' href='/5'>",
    "<table><a href='/6'>t</a></table>",
    "<template><a href='/7'>t</a></template>",
    "<noscript><a href='/8'>t</a></noscript>",
    "<A href='/9'/>",
    "<a href='\n/&#49;\t0'/>",
];

/// Pieces that are errors, or nearly.
const XHTML_ERRORS: &[&str] = &[
    "&nbsp;",
    "&",
    "&x",
    "<a href=/x>",
    "<p a='1' a='2'/>",
    "<p a='<'/>",
    "]]>",
    "<br>",
    "<!-- -- -->",
    "<x:p/>",
    "<p x:y=''/>",
    "<?xml?>",
    "<p a='1'b='2'/>",
    "&#0;",
    "&#xFFFE;",
    "<1/>",
    "t<1/>",
    "t< b/>",
    "t<![CDATA",
    "t&x;",
    "t</1>",
    "</html>",
    "<![CDATA[",
    "<!x>",
    "<p xmlns:x=''/>",
    "<p x:a='' y:a='' xmlns:x='u' xmlns:y='u'/>",
];

/// Document types; what a page refers to is declared by the first and may be by the last.
const XHTML_DOCTYPES: &[&str] = &[
    "<!DOCTYPE html [<!ENTITY e 'f'><!ENTITY m '<a href=\"/e\">&e;</a>'>]>",
    "<!DOCTYPE html [<!-- ]> --><!ENTITY e \"&#38;#60;>\"><!ENTITY m '<b>&amp;</b>'><!ELEMENT a ANY>]>",
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd'>",
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.1//EN' 'x' [<!ENTITY e 'é'>]>",
    "<?xml version='1.0' standalone='yes'?><!DOCTYPE html>",
    "<!DOCTYPE html SYSTEM 'x.dtd'>",
    "<!DOCTYPE html PUBLIC '-//X//Y' 'x.dtd' [<!ENTITY e 'f'>]>",
    "<!DOCTYPE html [<!ENTITY e SYSTEM 'u'><!ENTITY m 'g'>]>",
    "<?xml version='1.0' standalone='yes'?><!DOCTYPE html SYSTEM 'x.dtd'>",
    "",
];

fn xhtml_page(random: &mut Random) -> String {
    let mut page = XHTML_DOCTYPES[random.below(XHTML_DOCTYPES.len())].to_owned();
    page.push_str("<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body><i/>");
    let mut open = Vec::new();
    let pieces_an_error = if random.below(4) == 0 { 6 } else { 60 }; // several errors in some pages
    for _ in 0..random.below(30) {
        if random.below(pieces_an_error) == 0 {
            page.push_str(XHTML_ERRORS[random.below(XHTML_ERRORS.len())]);
        }
        let piece = XHTML[random.below(XHTML.len())];
        // Most pages are well-formed: an end tag ends what is open.
        if piece.starts_with("</") {
            page.extend(open.pop().map_or(["", "", ""], |name| ["</", name, ">"]));
            continue;
        }
        page.push_str(piece);
        let starts = piece.starts_with('<') && !piece.contains("/>") && !piece.contains("</");
        if starts && !piece.starts_with("<!") && !piece.starts_with("<?") {
            open.push(piece[1..].split([' ', '>']).next().expect("a name"));
        }
    }
    while let Some(name) = open.pop() {
        page.extend(["</", name, ">"]);
    }
    page.push_str("</body></html>");
    if random.below(10) == 0 {
        let content = page.find("<i/>").map_or(0, |at| at + 4);
        let length = page.len() - random.below(page.len() - content);
        let cut = (0..=length).rev().find(|&at| page.is_char_boundary(at));
        page.truncate(cut.unwrap_or_default()); // the transfer breaks off
    }
    page
}

#[tokio::test]
async fn generated_xhtml_has_the_links_of_chromium() {
    let origin = Origin::start().await;
    let browser = Browser::start(800, 600).await;
    browser.open(&origin.page("/", e2e::Page::html("<!doctype html><body>"))).await;
    let mut differences = Vec::new();
    let first = number("LINKS_SEED", 1);
    let seeds: Vec<u64> = (first..first + number("LINKS_XHTML", 1000)).collect();
    for seeds in seeds.chunks(BATCH) {
        let pages: Vec<_> = seeds.iter().map(|&seed| xhtml_page(&mut Random::new(seed))).collect();
        let lists = judged(&browser, &pages).await;
        for (page, list) in pages.into_iter().zip(lists) {
            let read =
                Page { body: page.as_bytes(), syntax: Syntax::Xhtml, ..Page::default() }.links_as_written();
            assert_eq!(read.method, Method::Xml, "{page}");
            let found: Vec<_> =
                read.links.iter().map(|link| (link.href.into_owned(), link.text.into_owned())).collect();
            if found != list && !has_namespace_error(&page) {
                differences.push((page, found, list));
            }
        }
    }
    differences.sort_by_key(|(page, ..)| page.len());
    for (page, found, list) in differences.iter().take(SHOWN) {
        println!("{page:?}\n  found    {found:?}\n  Chromium {list:?}");
    }
    assert!(differences.is_empty(), "{} differ", differences.len());
}
