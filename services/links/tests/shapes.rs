//! Shapes of XHTML that Chromium loads, scripting off: the links are the same, of well-formed documents and before an
//! error.

use e2e::{Browser, Origin};
use http::StatusCode;
use links::{Encoding, Page, Syntax};
use weburl::WebUrl;

const SCRIPT: &str = "return Array.from(document.getElementsByTagNameNS('http://www.w3.org/1999/xhtml', 'a'))
  .filter(a => a.hasAttribute('href')).map(a => [a.href, a.textContent])";

const START: &str = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body><p>p</p>";

/// Which pages Chromium reads otherwise, by a part of them, and why we do not.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("<x:a ", NAMESPACES),
    ("<x:p/>", NAMESPACES),
    ("<a xmlns:x='http://www.w3.org/XML/1998/namespace'", NAMESPACES),
    ("<a xmlns:xml='urn:x'", NAMESPACES),
    ("<a xmlns:xmlns=", NAMESPACES),
    ("='http://www.w3.org/2000/xmlns/'", NAMESPACES),
    ("<a xmlns='http://www.w3.org/XML/1998/namespace'", NAMESPACES),
    ("<a xmlns:x=''", NAMESPACES),
    ("<a xmlns:x='u' xmlns:y='u'", NAMESPACES),
    ("</h:p><h:a ", NAMESPACES),
    ("<a:b:c/>", NAMESPACES),
    ("<:a ", NAMESPACES),
    ("<a: ", NAMESPACES),
    ("<x:1 ", NAMESPACES),
    ("<xmlns:a ", NAMESPACES),
    (
        "' -//W3C//DTD  XHTML",
        "white space of public identifiers is normalized (XML 1.0, 4.2.2); Chromium compares them as they are",
    ),
];

const NAMESPACES: &str = "an error of Namespaces in XML is fatal to us, as to Firefox and to Chromium's own DOMParser; what \
     Chromium loads goes on after it";

/// Contents of a body, before `<a href='/end'>end</a>`.
const BODIES: &[&str] = &[
    // Empty elements.
    "<script/><a href='/1'>x</a>",
    "<title/><textarea/><iframe/><noframes/><xmp/><style/><plaintext/><a href='/1'>x</a>",
    "<a href='/1'/><a href='/2' />",
    "<a href='/1'>x<br></br>y<img src='i'></img></a>",
    "<div/><p/><span/><a href='/1'>x</a>",
    "<noscript><a href='/1'>x</a></noscript>",
    "<select><a href='/1'>x</a></select>",
    "<svg xmlns='http://www.w3.org/2000/svg'><a href='/1'>x</a><foreignObject><a xmlns='http://www.w3.org/1999/xhtml' href='/2'>y</a></foreignObject></svg>",
    "<math xmlns='http://www.w3.org/1998/Math/MathML'><a href='/1'>x</a></math>",
    // Structure that HTML would change.
    "<table><a href='/1'>x</a><tr><td><a href='/2'>y</a></td></tr>z</table>",
    "<p><div><p><a href='/1'>x</a></p></div></p>",
    "<a href='/1'>x<a href='/2'>y<a href='/3'>z</a></a>w</a>",
    "<b><i><a href='/1'>x</a></i></b>",
    "<template><a href='/1'>x</a></template><template/><a href='/2'>y</a>",
    "<body><html><head><a href='/1'>x</a></head></html></body>",
    "<frameset><frame/><a href='/1'>x</a></frameset>",
    // CDATA.
    "<a href='/1'><![CDATA[a<b>&amp;&]]></a>",
    "<a href='/1'><![CDATA[]]></a><a href='/2'><![CDATA[ ]] > ]]]]></a>",
    "<a href='/1'><![CDATA[a]]><![CDATA[b]]></a>",
    "<![CDATA[<a href='/1'>x</a>]]>",
    "<![cdata[x]]><a href='/1'>x</a>",
    "<a href='/1'>a<![CDATA[b",
    "<a href='/1'>a<![CDATA[]]]]>]]&gt;<![CDATA[>]]></a>",
    // Prefixes.
    "<h:a xmlns:h='http://www.w3.org/1999/xhtml' href='/1'>x</h:a>",
    "<h:a xmlns:h='http://www.w3.org/1999/xhtml' h:href='/1'>x</h:a>",
    "<a xmlns='' href='/1'>x</a>",
    "<a xmlns='urn:x' href='/1'>x<a xmlns='http://www.w3.org/1999/xhtml' href='/2'>y</a></a>",
    "<a xmlns='http://www.w3.org/1999/XHTML' href='/1'>x</a>",
    "<a xmlns='http://www.w3.org/1999/&#120;html' href='/1'>x</a>",
    "<a xmlns=' http://www.w3.org/1999/xhtml ' href='/1'>x</a>",
    "<x:a href='/1'>x</x:a>",
    "<a x:href='/1' href='/2'>x</a>",
    "<a xlink:href='/1'>x</a>",
    "<a xml:base='/d/' href='1'>x</a>",
    "<a xml:href='/1'>x</a>",
    "<xml:a href='/1'>x</xml:a>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' href='/1'>x</a>",
    "<a xmlns:x='http://www.w3.org/XML/1998/namespace' href='/1'>x</a>",
    "<a xmlns:xml='urn:x' href='/1'>x</a>",
    "<a xmlns:xmlns='urn:x' href='/1'>x</a>",
    "<a xmlns:x='http://www.w3.org/2000/xmlns/' href='/1'>x</a>",
    "<a xmlns='http://www.w3.org/2000/xmlns/' href='/1'>x</a>",
    "<a xmlns='http://www.w3.org/XML/1998/namespace' href='/1'>x</a>",
    "<a xmlns:x='' href='/1'>x</a>",
    "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2' href='/1'>x</a>",
    "<a xmlns:x='u' xmlns:y='v' x:b='1' y:b='2' href='/1'>x</a>",
    "<h:p xmlns:h='http://www.w3.org/1999/xhtml'><h:a href='/1'>x</h:a></h:p><h:a href='/2'>y</h:a>",
    "<a:b:c/>",
    "<:a href='/1'>x</:a>",
    "<a: href='/1'>x</a:>",
    "<p a:b:c='' />",
    "<p :a='' />",
    "<p a:='' />",
    "<p xmlns:='u' />",
    "<p xmlns:1='u' />",
    "<p x:1='' xmlns:x='u'/>",
    "<x:1 xmlns:x='u'/>",
    "<xmlns:a href='/1'/>",
    "<p xmlns:xmlfoo='u'/>",
    "<p xmlns:a='relative'/>",
    "<p xmlns:a='not a uri %'/>",
    // Processing instructions and comments.
    "<?x?><?x y?><?x <a href='/1'> ?><a href='/2'>x<?y?>z</a>",
    "<?xml version='1.0'?>",
    "<?XmL?>",
    "<?xml-model href='x'?><a href='/1'>x</a>",
    "<? x?>",
    "<?x:y?>",
    "<?:x?>",
    "<?1?>",
    "<??>",
    "<?x",
    "<?x>",
    "<?x?y?>",
    "<!-- <a href='/1'> --><a href='/2'>x<!---->y</a>",
    "<!-- a -- b -->",
    "<!-- a --->",
    "<!--->-->",
    "<!-->",
    "<!-",
    "<!---- >",
    // References.
    "<a href='/1'>&amp;&lt;&gt;&quot;&apos;&#65;&#x42;&#x1F600;</a>",
    "<a href='/1?a=1&amp;b=2&#38;c'>x</a>",
    "<a href='/1?a&b'>x</a>",
    "<a href='/1?a&b=2'>x</a>",
    "&nbsp;",
    "&AMP;",
    "&#X41;",
    "&#;",
    "&#x;",
    "&#0;",
    "&#1;",
    "&#9;&#10;&#13;",
    "&#x80;&#x85;",
    "&#xD800;",
    "&#xFFFE;",
    "&#xFFFF;",
    "&#x1FFFE;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#99999999999;",
    "&#00000000000065;",
    "& amp;",
    "&amp ;",
    "&amp",
    "a & b",
    "<a href='/1'>a&lt;b&#60;c&#38;amp;</a>",
    // Attributes.
    "<a href='/1' href='/2'>x</a>",
    "<a href='/1' HREF='/2'>x</a>",
    "<a href=\"/1'\">x</a><a href='/2\"'>y</a>",
    "<a href = '/1'\n\ttitle='>'>x</a\n>",
    "<a\nhref='/1'>x</a>",
    "<a href='/1'title='t'>x</a>",
    "<a href=/1>x</a>",
    "<a href>x</a>",
    "<a href=>x</a>",
    "<a href=''>x</a>",
    "<a href=' /1\n'>x</a><a href='/2\t&#9;&#32;'>y</a>",
    "<a href='/1\r\n2&#13;3'>x</a>",
    "<a href='/1<'>x</a>",
    "<a href='/1&lt;>'>x</a>",
    "<a href='javascript:x'>x</a><a href='mailto:x@y'>y</a>",
    "<a href='/1' <b>x</a>",
    "<a href='/1' / >x</a>",
    "<a / href='/1'>x</a>",
    "<a href='/1",
    "<a href='/1'",
    "<a id='a' id='b' />",
    "<a ID='a' id='b' href='/1'>x</a>",
    "<a 1='a' />",
    "<a .a='a' />",
    "<a -a='a' />",
    "<a _a='a' href='/1'>x</a>",
    "<a a.b-c='a' href='/1'>x</a>",
    "<a é='a' href='/1'>x</a>",
    "<a ·='a' href='/1'>x</a>",
    "<a ×='a' href='/1'>x</a>",
    // Tags.
    "<A href='/1'>x</A><a HREF='/2'>y</a>",
    "<a href='/1'>x</A>",
    "</p>",
    "<b><i></b></i>",
    "<a href='/1'>x</a ><a href='/2'>y</a",
    "<a href='/1'>x</ a>",
    "<a href='/1'>x</a b='c'>",
    "< a href='/1'>x</a>",
    "<>",
    "</>",
    "<1>",
    "<a<b>",
    "a < b",
    "a > b ]] ]>",
    "a ]]> b",
    "<p a=']]>'/>",
    "<br>",
    "<p>",
    "</body>",
    "</body></html>",
    "</body></html><!-- c --><?p i?>\n",
    "</body></html><html/>",
    "</body></html>x",
    "</body></html>&amp;",
    "</body></html>&#32;",
    "</body></html><![CDATA[]]>",
    "</body></html><?xml version='1.0'?>",
    "</body></html><!DOCTYPE html>",
    "<!DOCTYPE html>",
    "<!ELEMENT a ANY>",
    "<!>",
    "<!x",
    // Characters.
    "<a href='/1'>\u{0}</a>",
    "<a href='/1'>\u{1}</a>",
    "<a href='/1'>\u{B}\u{C}</a>",
    "<a href='/1'>\u{7F}\u{80}\u{85}\u{9F}</a>",
    "<a href='/1'>\u{FFFE}</a>",
    "<a href='/1'>\u{FFFD}\u{FEFF}x</a>",
    "<a href='/1'>\u{1FFFE}\u{10FFFF}</a>",
    "<a href='/\u{1}'>x</a>",
    "<a href='/1'>\u{2028}x\r\ny\rz</a>",
    "<a href='/é?é#é'>é</a>",
    "<é/><日本 語='x'/><a href='/1'>x</a>",
    // Where the base and the encoding are named late.
    "<base href='/b/'/><a href='1'>x</a>",
    "<meta charset='windows-1251'/><a href='/?é'>é</a>",
    "<b:base xmlns:b='http://www.w3.org/1999/xhtml' href='/b/'/><a href='1'>x</a>",
];

/// What stands before the root element; the body refers to `e`.
const PROLOGS: &[&str] = &[
    "",
    "\n",
    "<!-- c --><?p i?>\n",
    "<?xml version='1.0'?>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\" ?>",
    "<?xml version='1.1'?>",
    "<?xml version='1.0' encoding='bogus'?>",
    "<!DOCTYPE html>",
    "<!DOCTYPE html [<!ENTITY e 'f'>]>",
    "<!DOCTYPE html [<!ENTITY e '<a href=\"/e\">f</a>'>]>",
    "<!DOCTYPE html [<!ENTITY e '&#60;a href=\"/e\">f&#60;/a>'>]>",
    "<!DOCTYPE html [<!ENTITY e '&f;&f;'><!ENTITY f '<a href=\"/f\"/>'>]>",
    "<!DOCTYPE html [<!ENTITY e '&#38;lt;'>]>",
    "<!DOCTYPE html [<!ENTITY e '&e;'>]>",
    "<!DOCTYPE html [<!ENTITY e '</p>'>]>",
    "<!DOCTYPE html [<!ENTITY e '<p>'>]>",
    "<!DOCTYPE html [<!ENTITY e '<x:p/>'>]>",
    "<!DOCTYPE html [<!ENTITY e 'a'><!ENTITY e 'b'>]>",
    "<!DOCTYPE html [<!ENTITY e SYSTEM 'x'>]>",
    "<!DOCTYPE html [<!ENTITY e PUBLIC 'x' 'y'>]>",
    "<!DOCTYPE html [<!ENTITY e SYSTEM 'x' NDATA n><!NOTATION n SYSTEM 'n'>]>",
    "<!DOCTYPE html [<!ENTITY % p '<!ENTITY e \"f\">'>%p;]>",
    "<!DOCTYPE html [%p;<!ENTITY e 'f'>]>",
    "<!DOCTYPE html [<!ENTITY % p ''>%p;<!ENTITY e 'f'>]>",
    "<!DOCTYPE html [<!ENTITY % p ''>%p;%q;]>",
    "<!DOCTYPE html SYSTEM 'x' [%p;]>",
    "<?xml version='1.0' standalone='yes'?><!DOCTYPE html SYSTEM 'x'>",
    "<?xml version='1.0' standalone='yes'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.1//EN' 'x'>",
    "<!DOCTYPE html PUBLIC '-//WAPFORUM//DTD XHTML Mobile 1.1//EN' 'x'>",
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML+RDFa 1.0//EN' 'x'>",
    "<!DOCTYPE html [<!ENTITY lt '&#38;#60;'><!ENTITY e 'f'>]>",
    "<!DOCTYPE html [<!ENTITY amp 'x'><!ENTITY e '&amp;'>]>",
    "<!DOCTYPE html [<!ATTLIST a href CDATA '/default'><!ENTITY e '<a/>'>]>",
    "<!DOCTYPE html [<!ATTLIST a title CDATA #IMPLIED href CDATA #FIXED '/fixed'><!ENTITY e '<a/>'>]>",
    "<!DOCTYPE html [<!ATTLIST a href NMTOKEN #IMPLIED><!ENTITY e '<a href=\" /1  2 \"/>'>]>",
    "<!DOCTYPE html [<!ELEMENT html ANY><!ELEMENT e EMPTY><!ENTITY e \"'f\">]>",
    "<!DOCTYPE html [ <!-- ]> --> <?p ]> ?> <!ENTITY e ']>'> ] >",
    "<!DOCTYPE html SYSTEM 'about:legacy-compat'>",
    "<!DOCTYPE html SYSTEM \"x\" [<!ENTITY e 'f'>]>",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"x\">",
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.1//EN' 'x' [<!ENTITY e 'f'>]>",
    "<!DOCTYPE HTML PUBLIC '-//W3C//DTD XHTML Basic 1.0//EN' 'x'>",
    "<!DOCTYPE other PUBLIC '-//W3C//DTD MathML 2.0//EN' 'x'>",
    "<!DOCTYPE html PUBLIC '-//WAPFORUM//DTD XHTML Mobile 1.0//EN' 'x'>",
    "<!DOCTYPE html PUBLIC '-//WAPFORUM//DTD XHTML Mobile 1.2//EN' 'x'>",
    "<!DOCTYPE html PUBLIC ' -//W3C//DTD  XHTML 1.0 Strict//EN ' 'x'>",
    "<!DOCTYPE html PUBLIC '-//w3c//dtd xhtml 1.0 strict//en' 'x'>",
    "<?xml-stylesheet href='s.css'?>",
];

/// What the body refers to after each of [`PROLOGS`].
const REFERENCES: &[&str] =
    &["<a href='/2'>x&e;y</a>", "<a href='/2?&e;'>x</a>", "&e;", "<a href='/2'>&nbsp;&copy;</a>"];

/// Documents in other encodings, with the `charset` of their header, if they have one.
fn encoded() -> Vec<(String, Vec<u8>)> {
    let page = |declaration: &str| format!("{declaration}{START}<a href='/č?č'>č</a></body></html>");
    let utf_16 = |text: &str, big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    };
    let mut all = Vec::new();
    for (name, label) in [
        ("utf-8", "utf-8"),
        ("utf-8", "UTF-8"),
        ("iso-8859-2", "iso-8859-2"),
        ("iso-8859-2", "ISO_8859-2"),
        ("windows-1250", "windows-1250"),
        ("windows-1250", "cp1250"),
        ("iso-8859-2", "latin2"),
        ("gbk", "gb2312"),
        ("gb18030", "gb18030"),
        ("utf-8", "utf-16"),
        ("utf-8", "utf-16le"),
        ("utf-8", "x-user-defined"),
        ("utf-8", "bogus"),
    ] {
        let encoding = Encoding::for_label(name.as_bytes()).expect("an encoding");
        for declaration in [
            format!("<?xml version='1.0' encoding='{label}'?>"),
            format!("<?xml version=\"1.0\"\n encoding = \"{label}\" standalone='no' ?>"),
        ] {
            let body = encoding.encode(&page(&declaration)).0.into_owned();
            all.push((String::new(), body.clone()));
            all.push((format!("; charset={name}"), body.clone()));
            all.push((String::new(), [b"\xEF\xBB\xBF", &body[..]].concat()));
        }
        // Neither a `<meta>` nor a late declaration counts.
        let meta = format!("<?xml version='1.0'?><?p encoding='{label}'?>");
        all.push((String::new(), encoding.encode(&page(&meta)).0.into_owned()));
        let meta = page("").replace("<head>", &format!("<head><meta charset='{label}'/>"));
        all.push((String::new(), encoding.encode(&meta).0.into_owned()));
        all.push((format!("; charset={label}"), encoding.encode(&meta).0.into_owned()));
    }
    for big in [true, false] {
        for declaration in [
            "",
            "<?xml version='1.0'?>",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<?xml version='1.0' encoding='utf-8'?>",
        ] {
            let text = page(declaration);
            let mark: &[u8] = if big { b"\xFE\xFF" } else { b"\xFF\xFE" };
            all.push((String::new(), [mark, &utf_16(&text, big)].concat()));
            all.push((String::new(), utf_16(&text, big)));
            all.push((format!("; charset=utf-16{}", if big { "be" } else { "le" }), utf_16(&text, big)));
        }
    }
    // A byte that is none of UTF-8.
    all.push((
        String::new(),
        [START.as_bytes(), b"<a href='/1'>\xE8</a><a href='/2\xE8'>y</a></body></html>"].concat(),
    ));
    all.push((
        String::new(),
        [START.as_bytes(), b"<a href='/1'>\xC0\x80</a><a href='/2'>\xED\xA0\x80</a></body></html>"].concat(),
    ));
    all
}

fn collapsed(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() { "[IMG]".into() } else { words.join(" ") }
}

fn found(media_type: &str, body: &[u8], url: &str) -> Vec<(String, String)> {
    let url = WebUrl::parse(url).expect("a URL");
    let declared =
        media_type.split_once("; charset=").and_then(|(_, label)| Encoding::for_label(label.as_bytes()));
    let found = Page { body, declared, url: Some(&url), syntax: Syntax::Xhtml, ..Page::default() }.links();
    found.links.iter().map(|link| (link.href.into_owned(), link.text.into_owned())).collect()
}

#[tokio::test]
async fn shapes_of_xhtml_have_the_links_of_chromium() {
    let mut shapes: Vec<(String, Vec<u8>)> = encoded();
    for body in BODIES {
        let page = format!("{START}<a href='/start'>s</a>{body}<a href='/end'>end</a></body></html>");
        shapes.push((String::new(), page.into_bytes()));
    }
    for prolog in PROLOGS {
        for reference in REFERENCES {
            let page = format!(
                "{prolog}{START}<a href='/start'>s</a>{reference}<a href='/end'>end</a></body></html>"
            );
            shapes.push((String::new(), page.into_bytes()));
        }
    }
    let origin = Origin::start().await;
    let browser = Browser::start(800, 600).await;
    browser.disable_scripts().await;
    let mut differences = 0;
    for (number, (charset, body)) in shapes.iter().enumerate() {
        let media_type =
            ["application/xhtml+xml", "text/xml", "application/xml"][number % 3].to_owned() + charset;
        let answer = e2e::Page::new(StatusCode::OK, body.clone()).header("content-type", &media_type);
        let url = origin.page(&format!("/dir/{number}"), answer);
        browser.open(&url).await;
        let expected: Vec<(String, String)> =
            serde_json::from_value(browser.ask(SCRIPT).await).expect("a list of links");
        let expected: Vec<_> = expected.into_iter().map(|(href, text)| (href, collapsed(&text))).collect();
        let found = found(&media_type, body, &url);
        let text = String::from_utf8_lossy(body);
        if found != expected && !EXCEPTIONS.iter().any(|(part, _)| text.contains(part)) {
            differences += 1;
            println!("{media_type} {text}\n  found    {found:?}\n  Chromium {expected:?}");
        }
    }
    assert_eq!(differences, 0);
}
