//! Generates tag soup: pages of pieces for which a parser has rules.

/// Every element name that a rule of the standard mentions, and some others.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "a", "a", "a", "abbr", "address", "altglyph", "annotation-xml", "applet", "area", "article", "aside", "audio", "b",
    "base", "basefont", "bdi", "bgsound", "big", "blockquote", "body", "br", "button", "canvas", "caption", "center",
    "cite", "code", "col", "colgroup", "custom-element", "datalist", "dd", "del", "desc", "details", "dialog", "dir",
    "div", "dl", "dt", "em", "embed", "fieldset", "figcaption", "figure", "font", "footer", "foreignObject", "form",
    "frame", "frameset", "g", "h1", "h2", "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe", "image", "img",
    "input", "ins", "isindex", "kbd", "keygen", "label", "legend", "li", "link", "listing", "main", "malignmark", "map", "mark",
    "marquee", "math", "menu", "meta", "mglyph", "mi", "mn", "mo", "ms", "mtext", "nav", "nobr", "noembed", "noframes",
    "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "path", "picture", "plaintext", "pre",
    "progress", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search", "section", "select",
    "selectedcontent", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg",
    "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u",
    "ul", "use", "var", "video", "wbr", "xmp",
];

/// Names that are often misnested, for pages that are dense with them.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "a", "a", "b", "i", "font", "p", "div", "li", "ul", "table", "tr", "td", "tbody", "span", "h1", "h2", "form",
    "button", "dd", "object", "nobr", "caption", "center", "select", "option", "svg", "template",
];

const DOCTYPES: &[&str] = &[
    "<!doctype html>",
    "<!DOCTYPE>",
    "<!doctype html [x]>",
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2//EN\">",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\" \"http://www.w3.org/TR/html4/loose.dtd\">",
    "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN''x'>",
    "<!doctype html system 'about:legacy-compat' x>",
    "<!doctype html SYSTEM 'a>b'>",
    "<!doctype html public \"x>",
    "<!doctypehtml>",
    "<!doctype svg>",
];

const TEXTS: &[&str] = &[
    "t",
    "u v",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t\x0C",
    "\u{A0}",
    "\u{85}\u{2028}",
    "&amp;",
    "&am",
    "p;",
    "&",
    "&lt",
    "&ltx",
    "&#60;a>",
    "&#x41",
    "&#0;",
    "&#128;",
    "&#xD800;",
    "&#9999999;",
    "&#10;",
    "&#32;",
    "&Tab;",
    "&nbsp;",
    "&NotEqualTilde;",
    "&notit;",
    "&bogus;",
    "&#;",
    "&#x;",
    "<",
    "< a",
    "<3",
    "</",
    "</>",
    "</ x>",
    "\0",
    "x\0y",
    "日本",
    "é",
    "\u{FEFF}",
    ">",
    "\"",
];

const MARKUP: &[&str] = &[
    "<!-- c -->",
    "<!---->",
    "<!-->",
    "<!--->",
    "<!-- -- -->",
    "<!-- --!>",
    "<!-- --!-->",
    "<!--<a href=c>-->",
    "<!--",
    "-->",
    "--!>",
    "<!x>",
    "<!>",
    "<?x y?>",
    "<![CDATA[z<a href=q>]]>",
    "<![CDATA[&amp;\0]]>",
    "]]>",
    "<a/ href='/s'>",
    "<A HREF=/u>",
    "</A >",
    "</a x=y>",
    "<a title='>' href=v>",
    "<a download href=w/ >",
    "<a href='s\"t'>",
    "<a href=\"a&amp;b&copy=1&lt\">",
    "<a href='\r\nx\ry'>",
    "<a href=a\0b>",
    "<a =href=x>",
    "<a \"href=x>",
    "<a href = 'y' href=z>",
    "<a hRef>",
    "<a name=n>",
    "<a href=x/>",
    "<a href='x'/>",
    "<a href",
    "<a href='",
    "</a",
    "<base href=/b/>",
    "<base href=/c/ target=x>",
    "<base target=x>",
    "<input type=hidden>",
    "<input type=hidden type=text>",
    "<font color=red>",
    "<font size='1'>",
    "<annotation-xml encoding='Text/HTML'>",
    "<annotation-xml encoding=x encoding=text/html>",
    "<script><!--<script></script>x</script>-->",
    "<script><!-->",
    "<style></styl</style x>",
    "<title>&lt;<a href=x></title>",
    "<textarea>\n\0<b></textarea\n>",
    "<textarea>&#10t",
    "<pre>&#xAt",
    "<b id=1>",
    "<b id='1'>",
    "<b class=x id=1>",
    "<td><a href=/cell>",
    "<table><tr><td>",
    "</table>",
    "</body>",
    "</html>",
    "</p>",
    "</br>",
];

/// More attributes than the tree's budget allows.
pub(crate) const MANY_ATTRIBUTES: &str = "0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x y z ! $ % ( ) * + , - . : ; @ [ ] ^ _ ` { | } ~ é0 é1 é2 é3 é4 é5 é6 é7 é8";

/// Names that are equal in the tree, or nearly.
#[rustfmt::skip]
const ALIKE: &[&str] = &[
    "<b z\0>", "<b z\u{FFFD}>", "<b z\0>", "<b Z\u{FFFD}>", "<b z>", "</b>", "</b>", "<div>", "</div>", "</a>",
    "<x\0>", "<x\u{FFFD}>", "</x\0>", "</X\u{FFFD}>", "<x>", "</x>", "<svg>", "</svg>",
];

/// Formatting that is compared by its attributes, dense enough to pile up.
#[rustfmt::skip]
const PILED: &[&str] = &[
    "<b class=x id=y>", "<b ID='y' class=x>", "<b class=x id=y>", "<b class=z>", "<b ID=y class='x'>", "<font color=red>",
    "<b class=x id=y>", "<b class=x id=y class=z>", "</b>", "<p>",
];

/// What the standard has had since 2025, and rules of MathML, SVG and templates that are easily got wrong.
#[rustfmt::skip]
const RECENT: &[&str] = &[
    "<select>", "</select>", "<select multiple>", "<select size=2>", "<button>", "</button>", "<selectedcontent>", "</selectedcontent>",
    "<option>", "<option selected>", "<option disabled>", "</option>", "<optgroup>", "<div>", "</div>", "<b>", "</b>", "<table>", "<td>",
    "<?marker name='m'>", "<?marker name=\"n\"?>", "<?start name='m'>", "<?start name='n'>", "<?end>", "<?end?>", "<?marker name=m>",
    "<template for=m>", "<template for=n>", "<template for='m'>", "</template>", "</template>", "<template>",
    "<math><mi>", "<math><annotation-xml encoding=text/html>", "<math><annotation-xml>", "</math>", "<svg><desc>", "<svg><foreignObject>",
    "<svg><title>", "</svg>", "<search>", "</search>", "<var>", "</var>", "<h2>", "</h2>", "<li>", "<thead>", "<tbody>", "<caption>",
    "<!doctype>", "</>", "<frameset>", "<p>", "</p>", "<i>", "</i>",
];

/// A small generator of pseudo-random numbers (xorshift64*); the same seed gives the same pages.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let limit = limit as u64;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit)
            .expect("it is below a usize")
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// The pieces of one page.
pub(crate) fn pieces(random: &mut Random) -> Vec<String> {
    let mut pieces = Vec::new();
    if random.below(2) == 0 {
        pieces.push(random.pick(DOCTYPES).to_owned());
    }
    let names = if random.below(2) == 0 { COMMON } else { NAMES };
    let piled = random.below(20) == 0;
    let length = match random.below(20) {
        0 => 300,
        _ if piled => 120,
        1..4 => 60,
        _ => 25,
    };
    let deep = random.below(12) == 0;
    let recent = random.below(4) == 0;
    let alike = random.below(12) == 0;
    let many = random.below(50) == 0;
    let mut open = Vec::new();
    for index in 0..=random.below(length) {
        pieces.push(match random.below(16) {
            0..=2 => format!("<a href=\"/{index}\">"),
            3 | 4 => "</a>".to_owned(),
            4..=12 if piled => random.pick(PILED).to_owned(),
            5..=11 if recent => random.pick(RECENT).to_owned(),
            5..=8 => {
                let name = random.pick(names);
                open.push(name);
                let end = if random.below(14) == 0 { "/" } else { "" };
                format!("<{name}{end}>")
            }
            9..=11 if many => match random.below(4) {
                0 => "</i>".to_owned(),
                1 => "<div>".to_owned(),
                last => format!("<i {MANY_ATTRIBUTES} {last}>"),
            },
            9..=11 if alike => random.pick(ALIKE).to_owned(),
            9..=11 if deep => format!("<{}>", random.pick(names)),
            9..=11 => {
                let name = if random.below(3) > 0 { open.pop() } else { None };
                format!("</{}>", name.unwrap_or_else(|| random.pick(names)))
            }
            12 => random.pick(MARKUP).to_owned(),
            13 => random.pick(TEXTS).to_owned(),
            _ => format!("t{index}"),
        });
    }
    pieces
}
