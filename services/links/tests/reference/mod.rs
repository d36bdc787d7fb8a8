//! The reference: the links of html5ever's tree (`RcDom`), scripting off.

use html5ever::{
    ParseOpts, expanded_name, local_name, ns, parse_document, tendril::TendrilSink, tokenizer::TokenizerOpts,
    tree_builder::TreeBuilderOpts,
};
use links::Link;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// Where html5ever leaves the standard: what a page must hold for that, and the rule. Chromium judges these, see
/// `browser.rs`.
const FAULTS: &[(&str, &str)] = &[
    ("search", "is special since 2023 (13.2.4.2)"),
    ("isindex", "is not special any more (13.2.4.2)"),
    (
        "math",
        "mi, mo, mn, ms, mtext and annotation-xml are special; annotation-xml bounds a scope (13.2.4.2)",
    ),
    ("svg", "foreignObject, desc and title are special (13.2.4.2)"),
    (
        "&#",
        "a line feed that is written as a reference without semicolon is ignored after <pre> (13.2.6.4.7)",
    ),
    ("template", "tbody, thead or tfoot must be in scope to be left (13.2.6.4.13)"),
    (
        "selectedcontent",
        "holds a clone of the selected option (4.10.10); html5ever does not follow each change",
    ),
    ("<?", "a template with `for` replaces a processing instruction (13.2.6.4.4)"),
    ("<!doctype", "ends the text before it in a table (13.2.6.4.10)"),
];

/// Whether html5ever may be wrong about the page.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn may_be_wrong(page: &[u8]) -> bool {
    let page = String::from_utf8_lossy(page).to_ascii_lowercase();
    FAULTS.iter().any(|(part, _)| page.contains(part))
}

/// The links of `page`, `href` as written, text as reported; and the `href` of the first `base` that has one.
pub(crate) fn links_and_base(page: &[u8]) -> (Vec<Link<'static>>, Option<String>) {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    // By default html5ever also drops U+FEFF after each script.
    let tokenizer = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
    let options = ParseOpts { tree_builder, tokenizer };
    let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page);
    let dom = parse_document(RcDom::default(), options).from_utf8().one(page);
    let mut links = Vec::new();
    let mut base = None;
    let mut open = Vec::new();
    let mut steps = vec![Step::Enter(dom.document.clone())];
    while let Some(step) = steps.pop() {
        match step {
            Step::LeaveLink => drop(open.pop()),
            Step::Enter(node) => {
                base = base.or_else(|| base_href(&node));
                enter(&node, &mut links, &mut open, &mut steps);
            }
        }
    }
    for link in &mut links {
        let words: Vec<_> = link.text.split_whitespace().collect();
        link.text = if words.is_empty() { "[IMG]".into() } else { words.join(" ").into() };
    }
    (links, base)
}

fn base_href(node: &Handle) -> Option<String> {
    let NodeData::Element { name, attrs, .. } = &node.data else { return None };
    let attrs = attrs.borrow();
    let href = attrs.iter().find(|a| a.name.expanded() == expanded_name!("", "href"))?;
    (name.expanded() == expanded_name!(html "base")).then(|| href.value.to_string())
}

enum Step {
    Enter(Handle),
    LeaveLink,
}

fn enter(node: &Handle, links: &mut Vec<Link<'static>>, open: &mut Vec<usize>, steps: &mut Vec<Step>) {
    match &node.data {
        NodeData::Element { name, attrs, .. } if name.expanded() == expanded_name!(html "a") => {
            let attrs = attrs.borrow();
            if let Some(href) = attrs.iter().find(|a| a.name.expanded() == expanded_name!("", "href")) {
                open.push(links.len());
                links.push(Link { text: "".into(), href: href.value.to_string().into() });
                steps.push(Step::LeaveLink);
            }
        }
        NodeData::Text { contents } => {
            for &link in &*open {
                links[link].text.to_mut().push_str(&contents.borrow());
            }
        }
        _ => {}
    }
    steps.extend(node.children.borrow().iter().rev().cloned().map(Step::Enter));
}
