//! A page as it was received.

use crate::{extraction::Extraction, html, resolve::resolve};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;
use url::Url;

/// An HTML page as it was received.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The page's bytes, after content decoding.
    pub body: &'a [u8],
    /// Its encoding, see [`encoding_of`](crate::charset::encoding_of).
    pub encoding: &'static Encoding,
    /// Its final URL. Without one, only absolute references resolve, and those below an absolute `<base>`.
    pub url: Option<&'a Url>,
}

impl Page<'_> {
    /// Every link, its `href` resolved against the document base URL, with the query in the page's encoding.
    pub fn links(&self) -> Extraction {
        let (page, encoding) = self.decoded();
        let (mut found, base) = html::find(&page);
        drop(page);
        (found.links, found.unresolved) =
            resolve(found.links, base.as_deref(), self.url, encoding, self.body.len());
        found
    }

    /// Every link, its `href` exactly as written.
    pub fn links_as_written(&self) -> Extraction {
        html::find(&self.decoded().0).0
    }

    /// The page in UTF-8, and the encoding it was in ("decode", WHATWG Encoding, section 6).
    ///
    /// A page in UTF-8 is not copied; its invalid bytes are replaced where they are part of a link.
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
