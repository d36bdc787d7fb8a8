//! A page as it was received.

use crate::{
    charset,
    extraction::Extraction,
    html::{self, FoundLinks, Steps},
    resolve::resolve,
};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;
use weburl::WebUrl;

/// An HTML page as it was received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// The page's bytes, after content decoding.
    pub body: &'a [u8],
    /// The encoding that the transport declares (`charset` of `Content-Type`). Without one, the page's own declaration counts,
    /// and its bytes otherwise.
    pub declared: Option<&'static Encoding>,
    /// Its final URL. Without one, only absolute references resolve, and those below an absolute `<base>`.
    pub url: Option<&'a WebUrl>,
}

impl Page<'_> {
    /// Every link, its `href` resolved against the document base URL, with the query in the page's encoding.
    pub fn links(&self) -> Extraction {
        let FoundLinks { mut extraction, base } = self.found();
        (extraction.links, extraction.unresolved) =
            resolve(extraction.links, base.as_deref(), self.url, extraction.encoding, self.body.len());
        extraction
    }

    /// Every link, its `href` exactly as written.
    pub fn links_as_written(&self) -> Extraction {
        self.found().extraction
    }

    fn found(&self) -> FoundLinks {
        let mut encoding = charset::sniffed(self.body, self.declared, self.url);
        let mut steps = Steps::for_page_of(self.body.len());
        loop {
            // The second time, the encoding is certain.
            let page = decoded(self.body, encoding.used);
            if let Some(mut found) = html::find(&page, &mut encoding, &mut steps) {
                found.extraction.encoding = encoding.used;
                return found;
            }
        }
    }
}

/// `body` in UTF-8 ("decode", WHATWG Encoding, section 6).
///
/// A page in UTF-8 is not copied; its invalid bytes are replaced where they are part of a link.
fn decoded<'a>(body: &'a [u8], encoding: &'static Encoding) -> Cow<'a, [u8]> {
    if encoding == UTF_8 {
        return Cow::Borrowed(body);
    }
    match encoding.decode_with_bom_removal(body).0 {
        Cow::Borrowed(page) => Cow::Borrowed(page.as_bytes()),
        Cow::Owned(page) => Cow::Owned(page.into_bytes()),
    }
}
