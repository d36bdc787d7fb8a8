//! Hostile pages do not stall, abort or fill the memory: the answer is bounded by the size of the page.

use links::{Encoding, Extraction, Method, Page, Syntax};
use std::thread;
use weburl::WebUrl;

/// The stack of threads that extract, in bytes.
const STACK: usize = 2 * 1024 * 1024;

fn extract(body: String) -> Extraction {
    let work = move || {
        let url = WebUrl::parse("https://example.org/").expect("it is a URL");
        let found = Page { body: body.as_bytes(), url: Some(&url), ..Page::default() }.links();
        let size: usize = found.links.iter().map(|link| link.text.len() + link.href.len()).sum();
        assert!(size < 8 * body.len() + 5_000_000, "{size} bytes of links from {} of page", body.len());
        found
    };
    thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread starts").join().expect("no panic")
}

fn repeated(start: &str, part: &str, times: usize) -> Extraction {
    extract(start.to_owned() + &part.repeat(times))
}

#[test]
fn links_without_end_tags_are_found() {
    let found = repeated("", "<a href=x>t", 100_000);
    assert_eq!((found.links.len(), found.method), (100_000, Method::Streamed));
}

#[test]
fn deep_nesting_has_an_approximate_answer() {
    for part in
        ["<div>", "<b>", "<span>", "<svg>", "<template></template><p><i>", "<table><td>", "<ruby><rt>"]
    {
        let found = repeated("<a href=x>t</a>", part, 20_000);
        assert_eq!((found.links.len(), found.method), (1, Method::Approximate), "{part}");
    }
    let found = repeated("", "<b><a href=x>t", 100_000);
    assert_eq!((found.links.len(), found.method), (100_000, Method::Approximate));
}

#[test]
fn nested_links_do_not_multiply_their_text() {
    let found = repeated("", "<a href=x>some text<object>", 50_000);
    assert_eq!((found.links.len(), found.method), (50_000, Method::Approximate));
}

#[test]
fn a_link_that_is_reconstructed_often_does_not_multiply_its_href() {
    let long = format!("<p><a href='{}'></p>", "x".repeat(100_000));
    let found = repeated(&long, "<p>t</p>", 50_000);
    assert_eq!(found.method, Method::Approximate);
}

#[test]
fn a_long_base_url_does_not_multiply() {
    let base = format!("<base href='/{}/'>", "x".repeat(100_000));
    for part in [
        "<a href=y>t</a>",
        "<a href>t</a>",
        "<a href=y>t</a><a href=z>t</a>",
        "<a href=..>t</a><a href=//e.org>t</a>",
    ] {
        let links = part.matches("href").count();
        let found = repeated(&base, part, 50_000 / links);
        assert_eq!(found.links.len() + found.unresolved, 50_000);
        assert!(found.unresolved > 0, "{part}");
    }
}

#[test]
fn many_attributes_do_not_slow_extraction_down() {
    let attributes = (0..50_000).map(|n| format!(" x{n}=y")).collect::<Vec<_>>().concat();
    let found = extract(format!("<b{attributes}><a{attributes} href=x>t</a>"));
    assert_eq!((found.links.len(), found.method), (1, Method::Streamed));
    let fonts = (0..5_000).map(|n| format!("<font x{n}=y a b c>")).collect::<Vec<_>>().concat();
    assert_eq!(extract(fonts + "<a href=x>t").links.len(), 1);
    let tree = |count| {
        let start = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";
        let attributes = (0..count).map(|n| format!(" x{n}")).collect::<Vec<_>>().concat();
        extract(format!("{start}<b{attributes}>")).method
    };
    // Attributes are compared only where three elements of one name are formatting.
    assert_eq!([tree(64), tree(65), tree(50_000)], [Method::Tree; 3]);
}

#[test]
fn many_formatting_elements_stay_linear_in_the_tree() {
    // A link that moves before a table with links needs the tree.
    let start = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";
    let own = |n| format!("<b i{n}>");
    let found = extract(start.to_owned() + &(0..20_000).map(own).collect::<Vec<_>>().concat());
    assert_eq!((found.links.len(), found.method), (3, Method::Approximate));
    let found = extract(start.to_owned() + &(0..200).map(own).collect::<Vec<_>>().concat());
    assert_eq!((found.links.len(), found.method), (3, Method::Tree));
    assert_eq!(repeated(start, "<div>", 20_000).method, Method::Approximate);
    let ordinary = "<b>t</b> <a href=x class=y>t</a> and some text of the kind that is between links ";
    assert_eq!(repeated(start, ordinary, 10_000).method, Method::Tree);
}

#[test]
fn unmatched_end_tags_with_a_long_formatting_list_stay_linear() {
    let mut start = "<a href=x>t</a>".to_owned();
    for n in 0..300 {
        for name in ["i", "big", "code", "em", "font", "s", "small", "strike", "strong", "tt", "u"] {
            start.extend(["<", name, " a", &n.to_string(), ">"]);
        }
    }
    start += "<div>";
    for part in ["</b>", "<a name=x></a>", "<b></b>"] {
        let found = repeated(&start, part, 100_000);
        assert_eq!((found.links.len(), found.method), (1, Method::Approximate), "{part}");
    }
}

#[test]
fn a_page_over_the_size_limit_is_reported_as_truncated() {
    let mut body = vec![b'x'; (256 << 20) + 1];
    body[..15].copy_from_slice(b"<a href=x>t</a>");
    let found = Page { body: &body, ..Page::default() }.links_as_written();
    assert_eq!((found.links.len(), found.truncated), (1, true));
    assert!(!Page { body: &body[1..], ..Page::default() }.links().truncated);
}

#[test]
fn unterminated_markup_ends_with_the_page() {
    for part in [
        "<",
        "<!--",
        "<!",
        "</",
        "<a",
        "<a ",
        "<a href='",
        "&",
        "&#",
        "\0",
        "<script><!--",
        "</script",
        "<![CDATA[",
    ] {
        repeated("<a href=x>", part, 20_000);
        repeated("<svg><a href=x>", part, 20_000);
        repeated("<a href=x><script><!--<script>", part, 20_000);
        repeated("<a href=x><title>", part, 20_000);
    }
}

#[test]
fn alternating_tables_and_formatting_stay_linear() {
    for part in [
        "<table><a href=x>",
        "<a href=x><table>",
        "<a href=x><div>",
        "<a href=x><p></a>",
        "<b><div></b>",
        "<a href=x><b><p></b></a>",
        "<a href=x><table><tr><td></table>t",
        "<table><td><a href=x></table>",
        "<select><option><a href=x>",
        "<nobr><p>",
        "<x\0><a href=x></x\u{FFFD}>",
        "</p><b>",
    ] {
        repeated("", part, 5_000);
        repeated("<a href=x><table>", part, 5_000);
    }
}

/// The time that this thread has been on a processor (Linux), in milliseconds.
fn cpu_milliseconds() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or(0) / 1_000_000
}

/// The processor time for each megabyte of `page`, in milliseconds.
fn cost(page: &[u8], syntax: Syntax) -> u64 {
    let url = WebUrl::parse("https://example.org/").expect("it is a URL");
    let start = cpu_milliseconds();
    let found = Page { body: page, url: Some(&url), syntax, ..Page::default() }.links();
    let time = cpu_milliseconds() - start;
    let size: usize = found.links.iter().map(|link| link.text.len() + link.href.len()).sum();
    assert!(size < 8 * page.len() + 5_000_000, "{size} bytes of links from {} of page", page.len());
    time * 1_000_000 / page.len() as u64
}

/// 50 ms for each megabyte where it is optimized; 20 times that where it is not.
const MAX_COST: u64 = if cfg!(debug_assertions) { 1000 } else { 50 };

/// A name, and the document: a start, then parts by their numbers.
type XmlShape = (&'static str, String, Box<dyn Fn(usize) -> String>);

/// `part` for each number below `count`.
fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().concat()
}

#[test]
fn hostile_xhtml_takes_linear_time() {
    const START: &str = "<html xmlns='http://www.w3.org/1999/xhtml'><body><a href='x'/>";
    let doctype = |subset: String| format!("<!DOCTYPE html [{subset}]>{START}");
    let prefixes = numbered(60, |n| format!(" xmlns:p{n}='u{n}'"));
    let lol = numbered(19, |n| format!("<!ENTITY l{} '{}'>", n + 1, format!("&l{n};").repeat(10)));
    let lol = doctype(format!("<!ENTITY l0 'lol'>{lol}"));
    let declared = numbered(900, |n| format!("<!ENTITY e{n} '{}'>", "t".repeat(50)));
    let elements = numbered(900, |n| format!("<!ATTLIST e{n} href CDATA 'x'>"));
    let long =
        format!("<!ATTLIST p xmlns:q CDATA '{0}'><!ATTLIST a href CDATA '{0}&amp;'>", "q".repeat(50_000));
    let shapes: Vec<XmlShape> = vec![
        ("nested elements", START.into(), Box::new(|_| "<p>".into())),
        ("nested links", START.into(), Box::new(|_| "<a href='x'>text".into())),
        ("empty links", START.into(), Box::new(|_| "<a href='x'/>".into())),
        ("attributes", format!("{START}<p"), Box::new(|n| format!(" a{n}=''"))),
        (
            "many tags of many attributes",
            START.into(),
            Box::new(|n| format!("<p {}/>", numbered(20, |m| format!("a{m}='{n}' ")))),
        ),
        (
            "attributes with prefixes",
            format!("{START}<p{prefixes}>"),
            Box::new(|_| "<p p0:a='' p59:b='' p30:c=''/>".into()),
        ),
        (
            "namespaces at every level",
            START.into(),
            Box::new(|_| "<p xmlns:x='a'><x:p xmlns:x='b'></x:p></p>".into()),
        ),
        ("references", format!("{START}<a href='x'>"), Box::new(|_| "&amp;".into())),
        ("references in an href", format!("{START}<a href='"), Box::new(|_| "&#65;".into())),
        (
            "an entity again and again",
            doctype("<!ENTITY e '<a href=\"e\"/>'>".into()),
            Box::new(|_| "&e;".into()),
        ),
        ("entities in entities", lol.clone(), Box::new(|_| "&l19;".into())),
        ("entities in entities in hrefs", lol, Box::new(|_| "<a href='&l19;'/>".into())),
        ("many entities", doctype(declared), Box::new(|n| format!("&e{};", n % 900))),
        (
            "nothing but undeclared references",
            format!("<!DOCTYPE html SYSTEM 'x'>{START}"),
            Box::new(|_| "&e;".into()),
        ),
        ("declarations of entities", "<!DOCTYPE html [".into(), Box::new(|n| format!("<!ENTITY e{n} ''>"))),
        (
            "parameter entities",
            "<!DOCTYPE html [".into(),
            Box::new(|n| format!("<!ENTITY % p{n} ''>%p{n};%q{n};")),
        ),
        (
            "declarations of attributes",
            "<!DOCTYPE html [".into(),
            Box::new(|n| format!("<!ATTLIST a b{n} CDATA '' href CDATA 'x'>")),
        ),
        (
            "a long declaration of attributes",
            "<!DOCTYPE html [<!ATTLIST a".into(),
            Box::new(|n| format!(" b{n} (a|b) 'a'")),
        ),
        ("many elements with defaults", doctype(elements), Box::new(|n| format!("<e{}/>", n % 900))),
        ("long defaults", doctype(long.clone()), Box::new(|_| "<p/>".into())),
        ("long defaults of hrefs", doctype(long), Box::new(|_| "<a/>".into())),
        ("<", START.into(), Box::new(|_| "<".into())),
        ("]", format!("{START}<![CDATA["), Box::new(|_| "]".into())),
        ("-", format!("{START}<!--"), Box::new(|_| "- ".into())),
        ("sections", format!("{START}<a href='x'>"), Box::new(|_| "<![CDATA[]]>".into())),
        ("instructions", START.into(), Box::new(|_| "<?p?>".into())),
        ("document types", "<!DOCTYPE html [".into(), Box::new(|_| "<!DOCTYPE html [".into())),
    ];
    for (name, start, part) in shapes {
        let page = filled(start, &*part);
        for end in ["", "</body></html>", "]><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>"] {
            let cost = cost(format!("{page}{end}").as_bytes(), Syntax::Xhtml);
            assert!(cost <= MAX_COST, "{name}: {cost} ms/MB");
        }
    }
}

/// A megabyte of `start` and then parts, by their numbers.
fn filled(mut start: String, part: &dyn Fn(usize) -> String) -> String {
    for number in 0.. {
        start.push_str(&part(number));
        if start.len() > 1_000_000 {
            break;
        }
    }
    start
}

#[test]
fn late_and_repeated_declarations_of_encodings_take_linear_time() {
    let links = |name: &str| format!("<a href='x?\u{e9}'>\u{e9}</a><meta charset={name}>");
    let page = |start: &str, part: &str, end: &str| {
        let page = filled(start.to_owned(), &|_| part.to_owned()) + end;
        Encoding::for_label(b"windows-1252").expect("an encoding").encode(&page).0.into_owned()
    };
    let tree = "<table><tr><a href=1>x</a><td><a href=2>y</a></td>z<a href=3>q</a></table>";
    for (name, page) in [
        ("at the end", page("", "<a href='x?\u{e9}'>\u{e9}</a>", "<meta charset=windows-1251>")),
        ("at the end of a tree", page(tree, "<a href='x?\u{e9}'>\u{e9}</a>", "<meta charset=shift_jis>")),
        ("at the end of a deep page", page(&"<div>".repeat(5000), "<p>\u{e9}", "<meta charset=big5>")),
        ("again and again", page("", &(links("koi8-r") + &links("gbk")), "")),
        ("unknown ones", page("", &links("none"), "<meta charset=euc-kr>")),
        ("long ones", page("<meta content='charset=", "charset\u{e9}", "'><meta charset=euc-jp>")),
        (
            "in scripts",
            page("", "<script><meta charset=koi8-r></script>\u{e9}", "<meta charset=windows-1251>"),
        ),
        (
            "of many attributes",
            page("", "<meta charset charset=a content=b http-equiv=content-type>\u{e9}", ""),
        ),
    ] {
        let cost = cost(&page, Syntax::Html);
        assert!(cost <= MAX_COST, "{name}: {cost} ms/MB");
    }
}
