//! Extractors that return the links of a page, each in the usual way to use its library.

use html5ever::{
    ParseOpts, expanded_name, local_name, ns, parse_document, tendril::TendrilSink,
    tree_builder::TreeBuilderOpts,
};
use links::{Encoding, Extraction, Links, Page};
use lol_html::{HtmlRewriter, Settings, element, text};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use std::{cell::RefCell, rc::Rc};

pub(crate) struct Extractor {
    pub(crate) name: &'static str,
    pub(crate) links: fn(&[u8]) -> List,
}

/// The links of a page as an extractor returns them.
pub(crate) enum List {
    Ours(Links),
    Others(Vec<OwnedLink>),
}

/// A link as a program with nothing but a parser stores it.
#[derive(PartialEq)]
pub(crate) struct OwnedLink {
    text: String,
    href: String,
}

impl List {
    pub(crate) fn is_same(&self, other: &[OwnedLink]) -> bool {
        match self {
            Self::Ours(links) => {
                let of = |link: &links::Link, other: &OwnedLink| {
                    link.text == other.text && link.href == other.href
                };
                links.len() == other.len() && links.iter().zip(other).all(|(link, other)| of(&link, other))
            }
            Self::Others(links) => links == other,
        }
    }
}

pub(crate) const ALL: &[Extractor] = &[
    Extractor { name: "ours", links: |page| List::Ours(ours(page).links) },
    Extractor { name: "lol_html", links: |page| List::Others(lol_html(page)) },
    Extractor { name: "html5gum", links: |page| List::Others(html5gum(page)) },
    Extractor { name: "html5ever", links: |page| List::Others(html5ever(page)) },
    Extractor { name: "tl alone", links: |page| List::Others(tl(page)) },
    Extractor { name: "memchr (the limit)", links: |page| List::Others(memchr(page)) },
];

/// The links of a page in UTF-8, as written.
pub(crate) fn ours(page: &[u8]) -> Extraction {
    Page { body: page, declared: Encoding::for_label(b"utf-8"), ..Page::default() }.links_as_written()
}

/// Collapses white space; an empty text becomes `[IMG]`.
fn finished(mut links: Vec<OwnedLink>) -> Vec<OwnedLink> {
    for link in &mut links {
        let words: Vec<_> = link.text.split_whitespace().collect();
        link.text = if words.is_empty() { "[IMG]".into() } else { words.join(" ") };
    }
    links
}

fn lol_html(page: &[u8]) -> Vec<OwnedLink> {
    let links: Rc<RefCell<Vec<OwnedLink>>> = Rc::default();
    let (starts, texts) = (Rc::clone(&links), Rc::clone(&links));
    let start = element!("a[href]", move |element| {
        let href = element.get_attribute("href").unwrap_or_default();
        let href = htmlize::unescape_attribute(href).into_owned();
        starts.borrow_mut().push(OwnedLink { text: String::new(), href });
        Ok(())
    });
    let text = text!("a[href]", move |chunk| {
        if let Some(link) = texts.borrow_mut().last_mut() {
            link.text.push_str(&htmlize::unescape(chunk.as_str()));
        }
        Ok(())
    });
    let settings = Settings::new()
        .append_element_content_handler(start)
        .append_element_content_handler(text)
        .with_strict(false);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    if rewriter.write(page).is_ok() {
        let _ = rewriter.end();
    }
    let links = std::mem::take(&mut *links.borrow_mut());
    finished(links)
}

fn html5gum(page: &[u8]) -> Vec<OwnedLink> {
    let mut links: Vec<OwnedLink> = Vec::new();
    let mut open = false;
    let mut emitter = html5gum::DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for Ok(token) in html5gum::Tokenizer::new_with_emitter(page, emitter) {
        match token {
            html5gum::Token::StartTag(tag) if **tag.name == *b"a" => {
                open = false;
                if let Some(href) = tag.attributes.get(&b"href"[..]) {
                    let href = String::from_utf8_lossy(href).into_owned();
                    links.push(OwnedLink { text: String::new(), href });
                    open = true;
                }
            }
            html5gum::Token::EndTag(tag) if **tag.name == *b"a" => open = false,
            html5gum::Token::String(text) if open => {
                if let Some(link) = links.last_mut() {
                    link.text.push_str(&String::from_utf8_lossy(&text));
                }
            }
            _ => {}
        }
    }
    finished(links)
}

/// The reference: a whole tree, scripting off.
pub(crate) fn html5ever(page: &[u8]) -> Vec<OwnedLink> {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page);
    let dom = parse_document(RcDom::default(), options).from_utf8().one(page);
    let mut links = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut steps: Vec<Option<Handle>> = vec![Some(dom.document.clone())];
    while let Some(step) = steps.pop() {
        let Some(node) = step else {
            open.pop();
            continue;
        };
        match &node.data {
            NodeData::Element { name, attrs, .. } if name.expanded() == expanded_name!(html "a") => {
                let attrs = attrs.borrow();
                if let Some(href) = attrs.iter().find(|a| a.name.expanded() == expanded_name!("", "href")) {
                    open.push(links.len());
                    links.push(OwnedLink { text: String::new(), href: href.value.to_string() });
                    steps.push(None);
                }
            }
            NodeData::Text { contents } => {
                for &link in &open {
                    links[link].text += &contents.borrow();
                }
            }
            _ => {}
        }
        steps.extend(node.children.borrow().iter().rev().cloned().map(Some));
    }
    finished(links)
}

fn tl(page: &[u8]) -> Vec<OwnedLink> {
    let page = String::from_utf8_lossy(page);
    let mut links: Vec<OwnedLink> = Vec::new();
    let Ok(dom) = tl::parse(&page, tl::ParserOptions::default()) else { return links };
    let mut end = 0;
    for node in dom.nodes() {
        match node {
            tl::Node::Tag(tag) if tag.name().as_bytes() == b"a" => {
                if let Some(Some(href)) = tag.attributes().get("href") {
                    let href = htmlize::unescape_attribute(href.as_utf8_str()).into_owned();
                    links.push(OwnedLink { text: String::new(), href });
                    end = tag.raw().as_bytes().as_ptr_range().end as usize;
                }
            }
            tl::Node::Raw(raw) if (raw.as_bytes().as_ptr() as usize) < end => {
                if let Some(link) = links.last_mut() {
                    link.text.push_str(&htmlize::unescape(raw.as_utf8_str()));
                }
            }
            _ => {}
        }
    }
    finished(links)
}

/// Only finds each `<`.
fn memchr(page: &[u8]) -> Vec<OwnedLink> {
    std::hint::black_box(memchr::memchr_iter(b'<', page).count());
    Vec::new()
}
