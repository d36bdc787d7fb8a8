//! Parts of the way from page to links by themselves, for measuring only.

use crate::{Links, Method, html};

/// The links of a page in UTF-8, as written.
pub fn links(page: &[u8]) -> Links {
    html::find(page).0.links
}

/// As [`links`], but with the canonical page and `tl` left out.
pub fn links_without_tl(page: &[u8]) -> Links {
    html::find_without_tl(page)
}

/// The way [`links`] takes.
pub fn method(page: &[u8]) -> Method {
    html::find(page).0.method
}
