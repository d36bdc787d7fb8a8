//! What is found in a page.

use crate::Extraction;

/// The links of a page as written.
#[derive(Debug)]
pub(crate) struct FoundLinks {
    pub(crate) extraction: Extraction,
    /// The `href` of the first `<base>` that has one, as written.
    pub(crate) base: Option<String>,
}

/// What else a page says in its tags, as written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageNotes<'a> {
    /// The `href` of the first `<base>` that has one.
    pub(super) base: Option<&'a [u8]>,
    /// The text of the first `<title>`.
    pub(super) title: Option<&'a [u8]>,
}
