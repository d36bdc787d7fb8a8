//! HTML to links, stage by stage.
//!
//! ```text
//! page ─ tokenize ─ tree ─ reduce ─ canonical (tl) ─ links
//!                    └─ undecided ─ dom (html5ever) ──┘
//!                                    └─ too costly ─ approximate, reduce, canonical
//! ```
//!
//! In: a page in UTF-8; bytes that are none count as U+FFFD. Out: its links as written, and its first `<base>`.
//! Every way is linear in the page, in time and in memory.

mod approximate;
mod canonical;
#[cfg(feature = "measure")]
mod direct;
mod dom;
mod name;
mod reduce;
mod text;
mod tokenize;
mod tree;

use crate::{Links, Method};
use reduce::Reducer;
use tree::{Tree, Undecided};

/// What a page holds.
#[derive(Debug)]
pub(crate) struct Found {
    /// The links in tree order, `href` as written.
    pub(crate) links: Links,
    /// The `href` of the first `<base>` that has one.
    pub(crate) base: Option<String>,
    pub(crate) method: Method,
    /// Whether the page was longer than [`tokenize::MAX_PAGE`].
    pub(crate) truncated: bool,
}

/// The links of `page`, whose byte order mark counts for nothing.
pub(crate) fn find(page: &[u8]) -> Found {
    let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page);
    let truncated = page.len() > tokenize::MAX_PAGE;
    let page = &page[..page.len().min(tokenize::MAX_PAGE)];
    let found = |reducer: Reducer, base: Option<&[u8]>, method| {
        let base = base.map(text::attribute_value);
        Found { links: reducer.finish().finish(), base, method, truncated }
    };
    let mut reducer = Reducer::default();
    let undecided = match Tree::build(page, &mut reducer) {
        Ok(base) => return found(reducer, base, Method::Streamed),
        Err(undecided) => undecided,
    };
    drop(reducer);
    if undecided != Undecided::TooDeep
        && let Some(dom::Found { links, base }) = dom::find(page)
    {
        return Found { links, base, method: Method::Tree, truncated };
    }
    let mut reducer = Reducer::default();
    let base = approximate::build(page, &mut reducer);
    found(reducer, base, Method::Approximate)
}

/// The links of `page` where they can be streamed, without a canonical page.
#[cfg(feature = "measure")]
pub(crate) fn find_without_tl(page: &[u8]) -> Links {
    let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page);
    let mut direct = direct::Direct::default();
    match Tree::build(page, &mut direct) {
        Ok(_) => direct.links,
        Err(_) => find(page).links,
    }
}
