//! A page as it was received.

use crate::{
    LinkSelection, charset,
    extraction::Extraction,
    html::{self, FoundLinks, Steps},
    resolve::{document_base, resolve},
    xhtml::{self, Document},
};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;
use weburl::WebUrl;

/// The syntax of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// `text/html`, and what is of no known type.
    #[default]
    Html,
    /// XML: `application/xhtml+xml`, and `text/xml` or `application/xml` with an [XHTML root](crate::has_xhtml_root). If it
    /// is not well-formed, and that shows before any content of its body, it is read as HTML.
    Xhtml,
}

/// A page as it was received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// The page's bytes, after content decoding.
    pub body: &'a [u8],
    /// The encoding that the transport declares (`charset` of `Content-Type`). Without one, the page's own declaration
    /// counts, and its bytes otherwise.
    pub declared: Option<&'static Encoding>,
    /// Its final URL. Without one, only absolute references resolve, and those below an absolute `<base>`.
    pub url: Option<&'a WebUrl>,
    /// Its syntax, which the transport declares.
    pub syntax: Syntax,
    /// Whether nothing but the hrefs is wanted: links then have no text, and the page no title, which takes a tenth less
    /// time.
    pub hrefs_only: bool,
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

    /// The selected links, each `href` exactly as written.
    pub fn selected_as_written(&self, selection: LinkSelection) -> Extraction {
        let FoundLinks { mut extraction, base } = self.found();
        let base = document_base(base.as_deref(), self.url, None);
        extraction.links = selection.of_written(extraction.links, base, self.url);
        extraction
    }

    fn found(&self) -> FoundLinks {
        let found = if self.syntax == Syntax::Xhtml { self.found_in_xhtml() } else { None };
        let mut found = found.unwrap_or_else(|| self.found_in_html());
        if self.hrefs_only {
            found.extraction.remove_texts();
        }
        found
    }

    /// `None` where the page has to be read as HTML.
    fn found_in_xhtml(&self) -> Option<FoundLinks> {
        let mut encoding = charset::sniffed_in_xml(self.body, self.declared);
        let page = decoded(self.body, encoding.used);
        let page = page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&page);
        let mut found = match xhtml::find(page) {
            Document::Xhtml(found) => found,
            Document::TooCostly => html::find_by_tags(page, &mut encoding, !self.hrefs_only)?,
            Document::NotXml => return None,
        };
        found.extraction.encoding = encoding.used;
        Some(found)
    }

    fn found_in_html(&self) -> FoundLinks {
        let mut encoding = charset::sniffed(self.body, self.declared, self.url);
        let mut steps = Steps::for_page_of(self.body.len());
        loop {
            // The second time, the encoding is certain.
            let page = decoded(self.body, encoding.used);
            if let Some(mut found) = html::find(&page, &mut encoding, &mut steps, !self.hrefs_only) {
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
