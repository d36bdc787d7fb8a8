//! Decoded HTML to links as written, and the first `<base>`.

use crate::Link;
use htmlize::{unescape, unescape_attribute};
use tl::{Node, ParserOptions};

/// The links, `href` as written, and the `href` of the first `<base>` that has one.
pub(crate) fn links_and_base(html: &str) -> (Vec<Link>, Option<String>) {
    let mut links: Vec<Link> = Vec::new();
    let mut base = None;
    let Ok(dom) = tl::parse(html, ParserOptions::default()) else { return (links, base) };
    let mut link_end = 0;
    for node in dom.nodes() {
        match node {
            Node::Tag(tag) => {
                let name = tag.name().as_bytes();
                let Some(Some(href)) = tag.attributes().get("href") else { continue };
                let href = unescape_attribute(href.as_utf8_str()).into_owned();
                if name.eq_ignore_ascii_case(b"a") {
                    links.push(Link { text: String::new(), href });
                    link_end = tag.raw().as_bytes().as_ptr_range().end as usize;
                } else if name.eq_ignore_ascii_case(b"base") && base.is_none() {
                    base = Some(href);
                }
            }
            Node::Raw(text) if (text.as_bytes().as_ptr() as usize) < link_end => {
                if let Some(link) = links.last_mut() {
                    link.text.push_str(&unescape(text.as_utf8_str()));
                }
            }
            _ => {}
        }
    }
    for link in &mut links {
        link.text = collapsed(&link.text);
    }
    (links, base)
}

/// Runs of Unicode white space collapsed to one space and trimmed; `[IMG]` when nothing is left.
fn collapsed(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    if words.is_empty() { "[IMG]".into() } else { words.join(" ") }
}
