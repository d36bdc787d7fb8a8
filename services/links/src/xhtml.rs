//! XHTML to links, read as XML (XML 1.0; Namespaces in XML 1.0; WHATWG HTML, section 14.2), as browsers do.
//!
//! ```text
//! page ─ quick-xml ─ reader (namespaces, entities, errors of well-formedness) ─ links
//! ```
//!
//! In: a page in UTF-8. Out: its links as written, in document order, and its first `<base>`. `quick-xml` is the lexer; it
//! leaves most fatal errors to us. After an error the links before it count. Nothing recurses; each limit ends as an error
//! does, or with `Stop::TooCostly`.

mod attlist;
mod doctype;
mod entities;
mod gatherer;
mod names;
mod namespaces;
mod reader;
mod source;
mod stop;
mod tag;

use crate::{charset::sniffed_in_xml, html::FoundLinks};
use encoding_rs::Encoding;
use gatherer::Gatherer;
use quick_xml::{Reader, events::Event};
use reader::XmlReader;
use source::XmlSource;
use stop::Stop;

/// How much of a document is searched for its root element, in bytes.
const ROOT_LIMIT: usize = 64 * 1024;

/// What the document is.
#[derive(Debug)]
pub(crate) enum Document {
    /// XML.
    Xhtml(FoundLinks),
    /// Not well-formed, before any content of its body.
    NotXml,
    TooCostly,
}

/// The links of `page` as written.
pub(crate) fn find(page: &[u8]) -> Document {
    let (text, is_cut) = names::well_formed_start(page);
    let doctype = match doctype::of(text) {
        Ok(doctype) => doctype,
        Err(Stop::IllFormed) => return Document::NotXml,
        Err(Stop::TooCostly) => return Document::TooCostly,
    };
    let mut gatherer = Gatherer::new(page.len());
    let document = XmlSource::document(text, is_cut);
    let end = XmlReader::new(document, &doctype, &mut gatherer).read();
    match end {
        Err(Stop::TooCostly) => Document::TooCostly,
        Err(Stop::IllFormed) if !gatherer.has_content => Document::NotXml,
        _ => Document::Xhtml(gatherer.finish()),
    }
}

/// Whether the root element of an XML document is in the namespace of HTML: whether `text/xml` or `application/xml` is a
/// page.
pub fn has_xhtml_root(body: &[u8], declared: Option<&'static Encoding>) -> bool {
    let start = &body[..body.len().min(ROOT_LIMIT)];
    let text = sniffed_in_xml(body, declared).used.decode(start).0;
    let mut lexer = Reader::from_str(&text);
    loop {
        match lexer.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => return namespaces::is_xhtml(&tag),
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
