//! A start tag of XML: its name and its attributes, with the errors that `quick-xml` does not look for.

use super::{
    names::{is_name, is_space},
    stop::Stop,
};

/// The most attributes of an element.
const MAX_ATTRIBUTES: usize = 4096;

/// A start tag; `'p` is the text that it is part of.
pub(super) struct XmlTag<'p> {
    pub(super) name: &'p str,
    /// Names and values as written, in order.
    pub(super) attributes: Vec<(&'p str, &'p str)>,
}

impl<'p> XmlTag<'p> {
    /// Reads what stands between `<` and `>` or `/>`.
    pub(super) fn read(tag: &'p str) -> Result<Self, Stop> {
        let end = tag.find(is_space).unwrap_or(tag.len());
        let (name, mut rest) = tag.split_at(end);
        let mut attributes = Vec::new();
        while let Some((attribute, after)) = attribute(rest)? {
            attributes.push(attribute);
            rest = after;
            if attributes.len() > MAX_ATTRIBUTES {
                return Err(Stop::TooCostly);
            }
        }
        let mut sorted: Vec<_> = attributes.iter().map(|(name, _)| *name).collect();
        sorted.sort_unstable();
        let is_well_formed = is_name(name) && sorted.windows(2).all(|pair| pair[0] != pair[1]);
        if is_well_formed { Ok(Self { name, attributes }) } else { Err(Stop::IllFormed) }
    }
}

/// A name and a value as written, and the text after them.
type Split<'p> = ((&'p str, &'p str), &'p str);

/// The first attribute of `rest`, after its white space; `None` at the end.
fn attribute(rest: &str) -> Result<Option<Split<'_>>, Stop> {
    let start = rest.trim_start_matches(is_space);
    if start.is_empty() {
        return Ok(None);
    }
    if start.len() == rest.len() {
        return Err(Stop::IllFormed); // no space after the attribute before
    }
    let (name, value) = start.split_once('=').ok_or(Stop::IllFormed)?;
    let name = name.trim_end_matches(is_space);
    let (value, after) = quoted(value.trim_start_matches(is_space)).ok_or(Stop::IllFormed)?;
    if is_name(name) && !value.contains('<') {
        Ok(Some(((name, value), after)))
    } else {
        Err(Stop::IllFormed)
    }
}

/// What the quotes at the start of `text` enclose, and what follows them.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(quote)
}
