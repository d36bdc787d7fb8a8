//! The crate's one question: which links does this page have?

use crate::{Links, html, resolve::resolve};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;
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

/// What came of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extraction {
    /// Its links, in tree order, duplicates kept.
    pub links: Links,
    /// How many `href`s did not resolve and were left out.
    pub unresolved: usize,
    /// How they were found.
    pub method: Method,
    /// Whether the page, in UTF-8, was longer than 256 MiB: what is beyond was not read.
    pub truncated: bool,
}

/// The way a page's links were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// In one go, exactly.
    #[default]
    Streamed,
    /// Through a whole tree, exactly.
    Tree,
    /// By tags alone, as an exact answer would have cost too much: hostile or very deeply nested pages.
    Approximate,
}

impl Page<'_> {
    /// Every link, its `href` resolved against the document base (`<base>` honoured), its query encoded in the
    /// page's encoding.
    pub fn links(&self) -> Extraction {
        let (page, encoding) = self.decoded();
        let html::Found { links, base, method, truncated } = html::find(&page);
        drop(page);
        let (links, unresolved) = resolve(links, base.as_deref(), self.url, encoding, self.body.len());
        Extraction { links, unresolved, method, truncated }
    }

    /// Every link, its `href` exactly as written; nothing is left out.
    pub fn links_as_written(&self) -> Extraction {
        let html::Found { links, method, truncated, .. } = html::find(&self.decoded().0);
        Extraction { links, unresolved: 0, method, truncated }
    }

    /// The page in UTF-8, and the encoding it was in ("decode", WHATWG Encoding, section 6).
    ///
    /// A page that is in UTF-8 already is not copied: what is no UTF-8 in it matters only where it is in a link.
    fn decoded(&self) -> (Cow<'_, [u8]>, &'static Encoding) {
        match Encoding::for_bom(self.body).map_or(self.encoding, |(encoding, _)| encoding) {
            encoding if encoding == UTF_8 => (Cow::Borrowed(self.body), encoding),
            encoding => match encoding.decode_with_bom_removal(self.body).0 {
                Cow::Borrowed(page) => (Cow::Borrowed(page.as_bytes()), encoding),
                Cow::Owned(page) => (Cow::Owned(page.into_bytes()), encoding),
            },
        }
    }
}
