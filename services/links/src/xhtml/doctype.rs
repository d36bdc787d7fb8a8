//! The document type: its public identifier, and the entities of its internal subset (XML 1.0, sections 2.8 and 4.2).

use super::{
    entities::Entities,
    names::{is_name, is_space},
    stop::Stop,
    tag::quoted,
};
use quick_xml::{Reader, events::Event};

/// The public identifiers of document types that declare HTML's named character references (WHATWG HTML, section 14.2).
const XHTML_IDS: [&str; 9] = [
    "-//W3C//DTD XHTML 1.0 Transitional//EN",
    "-//W3C//DTD XHTML 1.1//EN",
    "-//W3C//DTD XHTML 1.0 Strict//EN",
    "-//W3C//DTD XHTML 1.0 Frameset//EN",
    "-//W3C//DTD XHTML Basic 1.0//EN",
    "-//W3C//DTD XHTML 1.1 plus MathML 2.0//EN",
    "-//W3C//DTD XHTML 1.1 plus MathML 2.0 plus SVG 1.1//EN",
    "-//W3C//DTD MathML 2.0//EN",
    "-//WAPFORUM//DTD XHTML Mobile 1.0//EN",
];

/// The entities that the document type of `text` declares; only the predefined ones where there is none.
pub(super) fn of(text: &str) -> Result<Entities, Stop> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::DocType(content)) => return read(&content.into_inner()),
            Ok(Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Text(_)) => {}
            Ok(_) => return Ok(Entities::default()),
            Err(_) => return Err(Stop::IllFormed),
        }
    }
}

/// Reads what stands between `<!DOCTYPE` and `>`.
fn read(content: &str) -> Result<Entities, Stop> {
    let mut entities = Entities::default();
    let end = content.find(|c| is_space(c) || c == '[').unwrap_or(content.len());
    let (name, rest) = content.split_at(end);
    let mut rest = rest.trim_start_matches(is_space);
    if !is_name(name) {
        return Err(Stop::IllFormed);
    }
    if let Some((public, after)) = external_id(rest)? {
        entities.has_html = public.is_some_and(|id| XHTML_IDS.contains(&collapsed(id).as_str()));
        rest = after.trim_start_matches(is_space);
    }
    if let Some(subset) = rest.strip_prefix('[') {
        rest = read_subset(subset, &mut entities)?.trim_start_matches(is_space);
    }
    if rest.is_empty() { Ok(entities) } else { Err(Stop::IllFormed) }
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

/// Reads an internal subset, and gives the text after its `]`. Declarations other than of entities do not matter for links.
fn read_subset<'p>(subset: &'p str, entities: &mut Entities) -> Result<&'p str, Stop> {
    let mut rest = subset;
    let mut parameters = Vec::new();
    let mut counts = true;
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
            let (name, after) = reference.split_once(';').ok_or(Stop::IllFormed)?;
            if !parameters.contains(&name) {
                return Err(Stop::IllFormed);
            }
            counts = false; // what follows one that is not read does not count (section 5.1)
            after
        } else if let Some(markup) = rest.strip_prefix("<!") {
            let (declaration, after) = declaration(markup).ok_or(Stop::IllFormed)?;
            if let Some(entity) = declaration.strip_prefix("ENTITY")
                && counts
            {
                parameters.extend(read_entity(entity, entities)?);
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

/// Reads an entity's declaration, without `<!ENTITY` and `>`. Gives the name of a parameter entity, which is not read.
fn read_entity<'p>(text: &'p str, entities: &mut Entities) -> Result<Option<&'p str>, Stop> {
    let start = text.trim_start_matches(is_space);
    let (name, value) = start.split_once(is_space).ok_or(Stop::IllFormed)?;
    if start.len() == text.len() {
        return Err(Stop::IllFormed);
    }
    if name == "%" {
        return Ok(value.trim_start_matches(is_space).split(is_space).next());
    }
    let value = value.trim_matches(is_space);
    if !is_name(name) {
        return Err(Stop::IllFormed);
    }
    if external_id(value)?.is_some() {
        entities.declare(name, None)?;
    } else if let Some((value, "")) = quoted(value) {
        entities.declare(name, Some(value))?;
    } else {
        return Err(Stop::IllFormed);
    }
    Ok(None)
}
