//! The cost of hostile pages: CPU time and peak memory of each shape.
//!
//! `hostile [MEGABYTES]`, 10 by default. Resolution is included. The peak is the memory beyond the page itself, with the
//! list of links, whose size is shown beside it.

use links::Page;
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

fn main() {
    let megabytes: usize = env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10);
    println!(
        "{:<34} {:>8} {:>9} {:>9} {:>10} {:>8}  method",
        "", "MB", "CPU ms/MB", "peak x", "answer x", "links"
    );
    for (name, start, part) in SHAPES {
        let page = page_of(start.as_bytes(), *part, megabytes * 1_000_000);
        measure(name, &page);
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

fn measure(name: &str, body: &[u8]) {
    let url = WebUrl::parse("https://example.org/").expect("it is a URL");
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let start = cpu_time();
    let found = Page { body, url: Some(&url), ..Page::default() }.links();
    let milliseconds = cpu_time().saturating_sub(start).as_secs_f64() * 1e3;
    let peak = ALLOCATOR.peak_usage() - before;
    let answer = ALLOCATOR.current_usage() - before;
    let times = |bytes: usize| ratio(bytes, body.len());
    println!(
        "{name:<34} {:>8.1} {:>9.1} {:>9.2} {:>10.2} {:>8}  {:?}",
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
