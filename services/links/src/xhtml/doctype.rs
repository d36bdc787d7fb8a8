//! The document type: its public identifier, and the entities of its internal subset (XML 1.0, sections 2.8 and 4.2).

use super::{
    attlist::{self, DeclaredAttributes},
    entities::Entities,
    names::{is_name, is_space},
    stop::Stop,
    tag::quoted,
};
use quick_xml::{Reader, events::Event};

/// The public identifiers of document types that declare HTML's named character references (WHATWG HTML, section 14.2, and
/// the later ones of XHTML Mobile).
const XHTML_IDS: [&str; 11] = [
    "-//W3C//DTD XHTML 1.0 Transitional//EN",
    "-//W3C//DTD XHTML 1.1//EN",
    "-//W3C//DTD XHTML 1.0 Strict//EN",
    "-//W3C//DTD XHTML 1.0 Frameset//EN",
    "-//W3C//DTD XHTML Basic 1.0//EN",
    "-//W3C//DTD XHTML 1.1 plus MathML 2.0//EN",
    "-//W3C//DTD XHTML 1.1 plus MathML 2.0 plus SVG 1.1//EN",
    "-//W3C//DTD MathML 2.0//EN",
    "-//WAPFORUM//DTD XHTML Mobile 1.0//EN",
    "-//WAPFORUM//DTD XHTML Mobile 1.1//EN",
    "-//WAPFORUM//DTD XHTML Mobile 1.2//EN",
];

/// What a document type declares.
#[derive(Default)]
pub(super) struct DocumentType {
    pub(super) entities: Entities,
    pub(super) attributes: DeclaredAttributes,
}

/// What the document type of `text` declares; nothing where there is none.
pub(super) fn of(text: &str) -> Result<DocumentType, Stop> {
    let mut reader = Reader::from_str(text);
    let mut is_standalone = false;
    loop {
        match reader.read_event() {
            Ok(Event::DocType(content)) => {
                let mut doctype = read(&content.into_inner())?;
                doctype.entities.may_have_more &= !is_standalone;
                return Ok(doctype);
            }
            Ok(Event::Decl(declaration)) => {
                is_standalone =
                    declaration.standalone().is_some_and(|value| value.is_ok_and(|value| value == "yes"));
            }
            Ok(Event::Comment(_) | Event::PI(_) | Event::Text(_)) => {}
            Ok(_) => return Ok(DocumentType::default()),
            Err(_) => return Err(Stop::IllFormed),
        }
    }
}

/// Reads what stands between `<!DOCTYPE` and `>`.
fn read(content: &str) -> Result<DocumentType, Stop> {
    let mut doctype = DocumentType::default();
    let end = content.find(|c| is_space(c) || c == '[').unwrap_or(content.len());
    let (name, rest) = content.split_at(end);
    let mut rest = rest.trim_start_matches(is_space);
    if !is_name(name) {
        return Err(Stop::IllFormed);
    }
    if let Some((public, after)) = external_id(rest)? {
        doctype.entities.has_html = public.is_some_and(|id| XHTML_IDS.contains(&collapsed(id).as_str()));
        doctype.entities.may_have_more = true;
        rest = after.trim_start_matches(is_space);
    }
    if let Some(subset) = rest.strip_prefix('[') {
        rest = read_subset(subset, &mut doctype)?.trim_start_matches(is_space);
    }
    if rest.is_empty() { Ok(doctype) } else { Err(Stop::IllFormed) }
}

/// A public identifier with its white space normalized (section 4.2.2).
fn collapsed(id: &str) -> String {
    id.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// An external identifier at the start of `text`: the public part, if it has one, and the text after it.
fn external_id(text: &str) -> Result<Option<(Option<&str>, &str)>, Stop> {
    let literal = |text: &'_ str| -> Option<usize> {
        let start = text.trim_start_matches(is_space);
        let (value, _) = quoted(start).filter(|_| start.len() < text.len())?;
        Some(text.len() - start.len() + value.len() + 2)
    };
    let (mut rest, is_public) = match (text.strip_prefix("PUBLIC"), text.strip_prefix("SYSTEM")) {
        (Some(rest), _) => (rest, true),
        (_, Some(rest)) => (rest, false),
        _ => return Ok(None),
    };
    let mut public = None;
    if is_public {
        let end = literal(rest).ok_or(Stop::IllFormed)?;
        public = Some(rest[..end].trim_start_matches(is_space)).map(|id| &id[1..id.len() - 1]);
        rest = &rest[end..];
    }
    let end = literal(rest).ok_or(Stop::IllFormed)?;
    Ok(Some((public, &rest[end..])))
}

/// Reads an internal subset, and gives the text after its `]`. Declarations other than of entities and
/// attributes do not matter for links.
fn read_subset<'p>(subset: &'p str, doctype: &mut DocumentType) -> Result<&'p str, Stop> {
    let mut rest = subset;
    loop {
        rest = rest.trim_start_matches(is_space);
        rest = if let Some(after) = rest.strip_prefix(']') {
            return Ok(after);
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            let (_, after) = comment.split_once("--").ok_or(Stop::IllFormed)?;
            after.strip_prefix('>').ok_or(Stop::IllFormed)?
        } else if let Some(instruction) = rest.strip_prefix("<?") {
            instruction.split_once("?>").ok_or(Stop::IllFormed)?.1
        } else if let Some(reference) = rest.strip_prefix('%') {
            // Parameter entities are not read; as in Chromium, the declarations that follow count.
            doctype.entities.may_have_more = true;
            reference.split_once(';').filter(|(name, _)| is_name(name)).ok_or(Stop::IllFormed)?.1
        } else if let Some(markup) = rest.strip_prefix("<!") {
            let (declaration, after) = declaration(markup).ok_or(Stop::IllFormed)?;
            if let Some(entity) = declaration.strip_prefix("ENTITY") {
                read_entity(entity, &mut doctype.entities)?;
            } else if let Some(attributes) = declaration.strip_prefix("ATTLIST") {
                attlist::read(attributes, &doctype.entities, &mut doctype.attributes)?;
            }
            after
        } else {
            return Err(Stop::IllFormed);
        };
    }
}

/// A declaration up to its `>`, which quotes may hold, and the text after it.
fn declaration(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let end = text.find(|c| {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        quote.is_none() && c == '>'
    })?;
    Some((&text[..end], &text[end + 1..]))
}

/// Reads an entity's declaration, without `<!ENTITY` and `>`.
fn read_entity(text: &str, entities: &mut Entities) -> Result<(), Stop> {
    let start = text.trim_start_matches(is_space);
    let (name, value) = start.split_once(is_space).ok_or(Stop::IllFormed)?;
    if start.len() == text.len() {
        return Err(Stop::IllFormed);
    }
    if name == "%" {
        return Ok(()); // a parameter entity
    }
    let value = value.trim_matches(is_space);
    if !is_name(name) {
        return Err(Stop::IllFormed);
    }
    if let Some((_, after)) = external_id(value)? {
        entities.declare_external(name, !after.is_empty())
    } else if let Some((value, "")) = quoted(value) {
        entities.declare(name, value)
    } else {
        Err(Stop::IllFormed)
    }
}
