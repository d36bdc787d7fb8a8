//! Chromium as judge of what `DOMParser` cannot show: pages that it loads, scripting off, for their encodings, `<noscript>`
//! and XHTML. Hrefs are resolved, with queries in the page's encoding.

#[path = "soup/generator.rs"]
#[expect(dead_code, reason = "this test needs only the random numbers")]
mod generator;

use e2e::{Browser, Origin};
use generator::Random;
use http::StatusCode;
use links::{Encoding, Page, Syntax};
use weburl::WebUrl;

/// How many pages are generated.
const PAGES: u64 = 500;

/// Which pages Chromium reads otherwise, by a part of them, and why it is wrong.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "<p><!--x",
    "a <meta> in the body counts however late it comes (HTML 13.2.3.5); Chromium looks no further",
)];

const SCRIPT: &str = "return Array.from(document.getElementsByTagNameNS('http://www.w3.org/1999/xhtml', 'a'))
  .filter(a => a.hasAttribute('href')).map(a => [a.href, a.textContent])";

/// Encodings in which the text has its own bytes, and one for the header or the page to name instead.
const ENCODINGS: &[(&str, &str)] = &[
    ("utf-8", "žluťoučký кůň 日本"),
    ("windows-1252", "café “x”"),
    ("iso-8859-2", "žluťoučký"),
    ("windows-1251", "привет"),
    ("koi8-r", "привет"),
    ("shift_jis", "日本語"),
    ("euc-jp", "日本語"),
    ("euc-kr", "한국어"),
    ("gbk", "中文字"),
    ("big5", "中文字"),
    ("windows-1250", "žluťoučký"),
    ("macintosh", "café"),
];

/// What declares an encoding, with `NAME` for it; most are such that a parser has to look for them.
const DECLARATIONS: &[&str] = &[
    "<meta charset=NAME>",
    "<META CHARSET = 'NAME' >",
    "<meta http-equiv=content-type content='text/html; charset=NAME'>",
    "<meta content=\"charset=NAME\" http-equiv='Content-Type'/>",
    "<title>x</title><script>'<meta charset=koi8-u>'</script><meta charset=NAME>",
    "<!-- <meta charset=koi8-u> --><meta charset=\"NAME\">",
    "<meta charset=none><meta charset=NAME>",
    "<noscript><meta charset=NAME></noscript>",
    "<link title='<meta charset=koi8-u>'><meta charset=NAME>",
];

struct Served {
    media_type: String,
    body: Vec<u8>,
}

fn page(random: &mut Random) -> Served {
    let pick = |random: &mut Random, from: &[&'static str]| from[random.below(from.len())];
    let (name, text) = ENCODINGS[random.below(ENCODINGS.len())];
    let encoding = Encoding::for_label(name.as_bytes()).expect("an encoding");
    let declaration = pick(random, DECLARATIONS).replace("NAME", name);
    // Beyond the search of the first bytes: within a comment, so that the head has not ended.
    let late = if random.below(2) == 0 { format!("<!--{}-->", "x".repeat(1100)) } else { String::new() };
    let links = format!(
        "<a href='/{text}?q={text}#{text}'>{text}</a><noscript><a href='n?{text}'>n <b>{text}</b></a></noscript>"
    );
    let (html, media_type) = match random.below(6) {
        0 => {
            let other = ENCODINGS[random.below(ENCODINGS.len())].0;
            (format!("<meta charset={other}><body>{links}"), format!("text/html; charset={name}"))
        }
        1 => (
            format!(
                "<?xml version='1.0' encoding='{name}'?><html xmlns='http://www.w3.org/1999/xhtml'><head>\
                 <meta charset='koi8-u'/><script src='data:,'/></head><body><p>{links}</p></body></html>"
            ),
            pick(random, &["application/xhtml+xml", "text/xml", "application/xml"]).to_owned(),
        ),
        2 => (format!("<p>{late}{links}{declaration}"), "text/html".to_owned()),
        _ => {
            (format!("<!doctype html><head>{late}{declaration}</head><body>{links}"), "text/html".to_owned())
        }
    };
    Served { media_type, body: encoding.encode(&html).0.into_owned() }
}

fn found(served: &Served, url: &str) -> Vec<(String, String)> {
    let url = WebUrl::parse(url).expect("a URL");
    let (essence, charset) = served.media_type.split_once("; charset=").unwrap_or((&served.media_type, ""));
    let syntax = if essence == "text/html" { Syntax::Html } else { Syntax::Xhtml };
    let declared = Encoding::for_label(charset.as_bytes());
    let found = Page { body: &served.body, declared, url: Some(&url), syntax, ..Page::default() }.links();
    found.links.iter().map(|link| (link.href.into_owned(), link.text.into_owned())).collect()
}

#[tokio::test]
async fn loaded_pages_have_the_links_of_chromium() {
    let origin = Origin::start().await;
    let browser = Browser::start(800, 600).await;
    browser.disable_scripts().await;
    let mut differences = 0;
    for seed in 1..=PAGES {
        let served = page(&mut Random::new(seed));
        let answer =
            e2e::Page::new(StatusCode::OK, served.body.clone()).header("content-type", &served.media_type);
        let url = origin.page(&format!("/dir/{seed}"), answer);
        browser.open(&url).await;
        let expected: Vec<(String, String)> =
            serde_json::from_value(browser.ask(SCRIPT).await).expect("a list of links");
        assert!(expected.len() >= 2, "{seed}: the page is loaded");
        let found = found(&served, &url);
        let text = String::from_utf8_lossy(&served.body);
        if found != expected && !EXCEPTIONS.iter().any(|(part, _)| text.contains(part)) {
            differences += 1;
            let text = text.replace(&"x".repeat(100), "");
            println!("{seed}: {} {text}\n  found    {found:?}\n  Chromium {expected:?}", served.media_type);
        }
    }
    assert_eq!(differences, 0);
}
