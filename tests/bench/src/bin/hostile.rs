//! The cost of hostile pages: CPU time and peak memory of each shape.
//!
//! `hostile [MEGABYTES]`, 10 by default. Resolution is included. The peak is the memory beyond the page itself, with the
//! list of links, whose size is shown beside it.

use links::{Page, Syntax};
use peak_alloc::PeakAlloc;
use std::{env, fs, time::Duration};
use weburl::WebUrl;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// A name, and the bytes of the page: a start, then parts that repeat.
type Shape = (&'static str, &'static str, fn(usize) -> Vec<u8>);

/// Links that move before a table which already holds some: the page needs a tree.
const TREE: &str = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";

/// Names of formatting elements, without three.
const FORMATTING: [&str; 11] =
    ["i", "big", "code", "em", "font", "s", "small", "strike", "strong", "tt", "u"];

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    ("unclosed <a>", "", |_| "<a href=x>t".into()),
    ("empty <a href>", "", |_| "<a href>".into()),
    ("<a href>, each another", "", |_| "<a href><a href=x>".into()),
    ("unclosed <a>, each its own href", "", |n| format!("<a href={n}>").into()),
    ("nested <div>", "", |_| "<div>".into()),
    ("nested <b>", "", |_| "<b>".into()),
    ("nested <font>, each its own", "", |n| format!("<font x{n}>").into()),
    ("attributes on one tag", "<a ", |n| format!("x{n}=y ").into()),
    ("attributes without values", "<b ", |n| format!("x{n} ").into()),
    ("many tags of many attributes", "", |n| format!("<i x{n}={n} y=z href=a>").into()),
    ("<", "", |_| "<".into()),
    ("< in a link", "<a href=x>", |_| "<".into()),
    ("<!--", "", |_| "<!--".into()),
    ("<!-- ended", "", |_| "<!-->".into()),
    ("& in a link", "<a href=x>", |_| "&".into()),
    ("& in an href", "<a href='", |_| "&amp".into()),
    ("&#x in a link", "<a href=x>", |_| "&#x26;".into()),
    ("NUL", "", |_| "\0".into()),
    ("NUL in a link", "<a href=x>", |_| "\0".into()),
    ("NUL in raw text in a link", "<a href=x><style>", |_| "\0".into()),
    ("alternating <b><a>", "", |_| "<b><a href=x>".into()),
    ("alternating <table><a>", "", |_| "<table><a href=x>".into()),
    ("alternating <a><div>", "", |_| "<a href=x><div>".into()),
    ("alternating <a><p></a>", "", |_| "<a href=x><p></a>".into()),
    ("alternating <a><object>", "", |_| "<a href=x>t<object>".into()),
    ("alternating <b><p>", "", |n| format!("<b id={n}><p>t").into()),
    ("reconstruction", "<b id=1><b id=2><b id=3><b id=4><b id=5><i><u><s><tt><em><code>", |_| "<p>t".into()),
    ("misnested </b>", "", |_| "<b><div></b>".into()),
    ("misnested </b> in <a>", "<a href=x>", |_| "<b><div></b>t".into()),
    ("</p>", "", |_| "</p>".into()),
    ("unmatched end tags under much", "<div><table><td><span><span><span><span><span>", |_| "</div>".into()),
    ("nested <svg>", "", |_| "<svg>".into()),
    ("nested <table>", "", |_| "<table><td>".into()),
    ("text into tables", "<a href=x><table>", |_| "t<tr>".into()),
    ("nested <template>", "", |_| "<template>".into()),
    ("<script><!--", "", |_| "<script><!--".into()),
    ("</script", "<script>", |_| "</script".into()),
    ("white space in a link", "<a href=x>", |_| " \n".into()),
    ("tree: nested <b>, each its own", TREE, |n| format!("<b i{n}>").into()),
    ("tree: many attributes", TREE, |n| format!("<b i{n} a b c d e f g h i j k l m n o p></b>").into()),
    ("tree: nested <div>", TREE, |_| "<div>".into()),
    ("</b> under a long list", "", |n| if n < 3300 { format!("<{} a{n}>", FORMATTING[n % 11]).into() } else { "</b>".into() }),
    ("broken names", "", |n| if n < 4000 { "<x\0y>".into() } else { "</x\u{FFFD}z>".into() }),
    ("a long base", "<base href='http://e.org/", |n| long_base(n, "<a href><a href=x>")),
    ("a long base, left again", "<base href='http://e.org/", |n| long_base(n, "<a href=..><a href=//e.org>")),
    ("a long href", "<a href='", |n| if n == 0 { "x&amp;".repeat(1_500_000).into() } else { "'>".into() }),
    ("a long href of quotes", "<a href='", |n| if n == 0 { "\"".repeat(9_000_000).into() } else { "'>".into() }),
    ("hrefs of quotes", "", |_| "<a href='\"\"\"\"\"\"\"\"'>".into()),
    ("hrefs beyond ASCII", "", |_| "<a href='éééééééééééé'>".into()),
    ("an href opened again and again", "<p><a href='a/path/of/some/length/and/a/bit/more/of/it?q'>", |_| "<p>t".into()),
    ("a long reference in a link", "<a href=x>&", |_| "a".into()),
    ("broken UTF-8 in a link", "<meta charset=utf-8><a href=x>", |_| b"\xF0\x9F".into()),
    ("broken UTF-8 in a link, in parts", "<meta charset=utf-8><a href=x>", |_| [&[0xFF; 2000][..], b"<b></b>"].concat()),
    ("NUL in raw text in a link, in parts", "<a href=x>", |_| [b"<style>", &[0; 2000][..], b"</style>"].concat()),
    ("windows-1252", "<meta charset=windows-1252><a href=x>", |_| b"\x80\xE9".into()),
    ("UTF-16", "", |n| if n == 0 { b"\xFF\xFE".into() } else { "<\0a\0 \0h\0r\0e\0f\0>\0".into() }),
    ("long text in a link", "<a href=x>", |_| "日本語".into()),
];

/// What an XHTML page starts with.
macro_rules! xhtml {
    ($doctype:literal, $rest:literal) => {
        concat!($doctype, "<html xmlns='http://www.w3.org/1999/xhtml'><body><i/>", $rest)
    };
}

/// Pages that are read as XML.
#[rustfmt::skip]
const XHTML_SHAPES: &[Shape] = &[
    ("XHTML: links", xhtml!("", ""), |_| "<a href='x'>t</a>".into()),
    ("XHTML: nested <p>", xhtml!("", ""), |_| "<p>".into()),
    ("XHTML: nested <a>", xhtml!("", ""), |_| "<a href='x'>t".into()),
    ("XHTML: text in nested <a>", xhtml!("", ""), |n| if n < 4000 { "<a href='x'>".into() } else { "t<b/>".into() }),
    ("XHTML: attributes on one tag", xhtml!("", "<p "), |n| format!("x{n}='y' ").into()),
    ("XHTML: tags of many attributes", xhtml!("", ""), |_| many_attributes("x", "")),
    ("XHTML: tags of many attributes with prefixes", xhtml!("", ""), |_| many_attributes("p:x", " xmlns:p='u'")),
    ("XHTML: an entity", xhtml!("<!DOCTYPE html [<!ENTITY e '<a href=\"x\">t</a>'>]>", ""), |_| "&e;".into()),
    ("XHTML: an entity of nothing", xhtml!("<!DOCTYPE html [<!ENTITY e ''>]>", "<a href='x'>"), |_| "&e;".into()),
    ("XHTML: an entity of an entity", xhtml!("<!DOCTYPE html [<!ENTITY f ''><!ENTITY e '&f;&f;&f;&f;&f;&f;'>]>", ""), |_| "&e;".into()),
    ("XHTML: an entity in an href", xhtml!("<!DOCTYPE html [<!ENTITY e ''>]>", "<a href='"), |_| "&e;".into()),
    ("XHTML: declarations of entities", "<!DOCTYPE html [", |n| format!("<!ENTITY e{n} 'x'>").into()),
    ("XHTML: declarations of attributes", "<!DOCTYPE html [", |n| format!("<!ATTLIST a{n} href CDATA 'x'>").into()),
    ("XHTML: declared attributes", xhtml!("<!DOCTYPE html [<!ATTLIST a href CDATA 'x'>]>", ""), |_| "<a/>".into()),
    ("XHTML: references in a link", xhtml!("", "<a href='x'>"), |_| "&amp;&#65;".into()),
    ("XHTML: references in an href", xhtml!("", "<a href='"), |_| "&amp;".into()),
    ("XHTML: HTML's references", xhtml!("<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.1//EN' ''>", "<a href='x'>"), |_| "&nbsp;&CounterClockwiseContourIntegral;".into()),
    ("XHTML: unknown references", xhtml!("<!DOCTYPE html SYSTEM 'x'>", "<a href='x'>"), |n| format!("&e{n};").into()),
    ("XHTML: nested prefixes", xhtml!("", ""), |n| format!("<p xmlns:x{n}='u'>").into()),
    ("XHTML: prefixes", xhtml!("", ""), |n| format!("<p xmlns:a='{n}' xmlns:b='v' a:c='' b:c=''/>").into()),
    ("XHTML: prefixes under many", xhtml!("", ""), |n| if n < 60 { format!("<p xmlns:x{n}='u'>").into() } else { "<x0:a x1:b=''/>".into() }),
    ("XHTML: CDATA", xhtml!("", ""), |_| "<![CDATA[x]]>".into()),
    ("XHTML: CDATA in a link", xhtml!("", "<a href='x'>"), |_| "<![CDATA[]]>".into()),
    ("XHTML: instructions in a link", xhtml!("", "<a href='x'>"), |_| "t<?p?>".into()),
    ("XHTML: comments in a link", xhtml!("", "<a href='x'>"), |_| "t<!---->".into()),
    ("XHTML: ]] in a link", xhtml!("", "<a href='x'>"), |_| "]] > ".into()),
    ("XHTML: long names", xhtml!("", "<"), |_| "é".into()),
    ("XHTML: empty tags of prefixes", xhtml!("", ""), |_| "<:/>".into()),
];

/// A tag of 4,000 attributes.
fn many_attributes(prefix: &str, declaration: &str) -> Vec<u8> {
    let attributes: Vec<_> = (0..4000).map(|n| format!("{prefix}{n}=''")).collect();
    format!("<p{declaration} {}/>", attributes.join(" ")).into()
}

fn main() {
    let megabytes: usize = env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10);
    println!(
        "{:<44} {:>8} {:>9} {:>9} {:>10} {:>8}  method",
        "", "MB", "CPU ms/MB", "peak x", "answer x", "links"
    );
    for (shapes, syntax) in [(SHAPES, Syntax::Html), (XHTML_SHAPES, Syntax::Xhtml)] {
        for (name, start, part) in shapes {
            let page = page_of(start.as_bytes(), *part, megabytes * 1_000_000);
            measure(name, &page, syntax);
        }
    }
}

/// A megabyte of base, then links.
fn long_base(n: usize, link: &str) -> Vec<u8> {
    if n == 0 { ("x".repeat(1_000_000) + "/'>").into() } else { link.into() }
}

fn page_of(start: &[u8], part: fn(usize) -> Vec<u8>, length: usize) -> Vec<u8> {
    let mut page = start.to_vec();
    let mut count = 0;
    while page.len() < length {
        page.extend(part(count));
        count += 1;
    }
    page
}

fn measure(name: &str, body: &[u8], syntax: Syntax) {
    let url = WebUrl::parse("https://example.org/").expect("it is a URL");
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let start = cpu_time();
    let found = Page { body, url: Some(&url), syntax, ..Page::default() }.links();
    let milliseconds = cpu_time().saturating_sub(start).as_secs_f64() * 1e3;
    let peak = ALLOCATOR.peak_usage() - before;
    let answer = ALLOCATOR.current_usage() - before;
    let times = |bytes: usize| ratio(bytes, body.len());
    println!(
        "{name:<44} {:>8.1} {:>9.1} {:>9.2} {:>10.2} {:>8}  {:?}",
        ratio(body.len(), 1_000_000),
        milliseconds / ratio(body.len(), 1_000_000),
        times(peak),
        times(answer),
        found.links.len(),
        found.method,
    );
}

/// The time this program has been on a processor (Linux).
fn cpu_time() -> Duration {
    let times = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(times.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0))
}

#[expect(clippy::cast_precision_loss, reason = "for a table")]
fn ratio(bytes: usize, of: usize) -> f64 {
    bytes as f64 / of as f64
}
