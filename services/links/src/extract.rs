//! The crate's one question: which links does this page have?

use crate::{resolve::resolve, scan};
use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use url::Url;

/// An HTML page as it came, and what is known about it from outside.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The page's bytes, content codings undone.
    pub body: &'a [u8],
    /// Its encoding, see [`encoding_of`](crate::charset::encoding_of).
    pub encoding: &'static Encoding,
    /// Its final URL; `None` where nobody knows it: then only `<base>` and absolute references resolve.
    pub url: Option<&'a Url>,
}

/// One HTML `a` element with an `href`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// Text content, runs of white space collapsed and trimmed; `[IMG]` when empty.
    pub text: String,
    /// Where it leads: resolved by the URL standard, or as written (see [`Page::links_as_written`]).
    pub href: String,
}

/// The links of a page, in tree order, duplicates kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extraction {
    /// What was found.
    pub links: Vec<Link>,
    /// How many `href`s did not resolve and were left out.
    pub unresolved: usize,
}

impl Page<'_> {
    /// Every link, its `href` resolved against the document base (`<base>` honoured), its query encoded in the
    /// page's encoding.
    pub fn links(&self) -> Extraction {
        let (html, encoding, _) = self.encoding.decode(self.body);
        let (mut links, base) = scan::links_and_base(&html);
        let unresolved = resolve(&mut links, base.as_deref(), self.url, encoding, self.body.len());
        Extraction { links, unresolved }
    }

    /// Every link, its `href` exactly as written; nothing is left out.
    pub fn links_as_written(&self) -> Vec<Link> {
        scan::links_and_base(&self.encoding.decode(self.body).0).0
    }
}
