//! What the internal subset declares about attributes: default values and types (XML 1.0, section 3.3).

use super::{
    entities::Entities,
    names::{is_name, is_space},
    stop::Stop,
    tag::quoted,
};
use std::{borrow::Cow, collections::HashMap};

/// The most declared attributes of an element that matter for links: all are tried for each such element.
const MAX_OF_ELEMENT: usize = 4;

/// The most elements with such attributes.
const MAX_ELEMENTS: usize = 1000;

/// The declaration of an attribute.
pub(super) struct DeclaredAttribute {
    pub(super) name: String,
    /// Whether spaces around and between its tokens are insignificant: its type is not CDATA.
    is_tokenized: bool,
    /// Its value where it is not written.
    pub(super) default: Option<String>,
}

/// The declarations of `href` and of namespaces, by the names of elements as written.
#[derive(Default)]
pub(super) struct DeclaredAttributes(HashMap<String, Vec<DeclaredAttribute>>);

impl DeclaredAttributes {
    pub(super) fn of(&self, element: &str) -> &[DeclaredAttribute] {
        if self.0.is_empty() { &[] } else { self.0.get(element).map_or(&[], Vec::as_slice) }
    }

    /// The first declaration of an attribute counts.
    fn insert(&mut self, element: &str, attribute: DeclaredAttribute) -> Result<(), Stop> {
        let of_element = self.0.entry(element.to_owned()).or_default();
        if of_element.iter().all(|other| other.name != attribute.name) {
            of_element.push(attribute);
        }
        let fits = of_element.len() <= MAX_OF_ELEMENT && self.0.len() <= MAX_ELEMENTS;
        if fits { Ok(()) } else { Err(Stop::TooCostly) }
    }
}

impl DeclaredAttribute {
    /// A value of this attribute, normalized for its type (section 3.3.3).
    pub(super) fn normalized<'v>(&self, value: Cow<'v, str>) -> Cow<'v, str> {
        if self.is_tokenized {
            value.split(' ').filter(|token| !token.is_empty()).collect::<Vec<_>>().join(" ").into()
        } else {
            value
        }
    }
}

/// Reads a declaration of attributes, without `<!ATTLIST` and `>`.
pub(super) fn read(text: &str, entities: &Entities, attributes: &mut DeclaredAttributes) -> Result<(), Stop> {
    let (element, mut rest) = name(text)?;
    while !rest.trim_start_matches(is_space).is_empty() {
        let (name, after) = name(rest)?;
        let (is_tokenized, after) = attribute_type(after.trim_start_matches(is_space))?;
        let (value, after) = default_value(after.trim_start_matches(is_space))?;
        rest = after;
        if matches!(name, "href" | "xmlns") || name.starts_with("xmlns:") {
            let mut attribute = DeclaredAttribute { name: name.to_owned(), is_tokenized, default: None };
            let value = value.map(|written| entities.value(written)).transpose()?;
            attribute.default = value.map(|value| attribute.normalized(value).into_owned());
            attributes.insert(element, attribute)?;
        }
    }
    Ok(())
}

/// A name after white space, and the text after it.
fn name(text: &str) -> Result<(&str, &str), Stop> {
    let start = text.trim_start_matches(is_space);
    let (name, after) = start.split_at(start.find(is_space).unwrap_or(start.len()));
    if start.len() < text.len() && is_name(name) { Ok((name, after)) } else { Err(Stop::IllFormed) }
}

/// Whether a type is another than CDATA, and the text after it.
fn attribute_type(text: &str) -> Result<(bool, &str), Stop> {
    let choice = text.strip_prefix("NOTATION").map_or(text, |rest| rest.trim_start_matches(is_space));
    if let Some(choice) = choice.strip_prefix('(') {
        return choice.split_once(')').map(|(_, after)| (true, after)).ok_or(Stop::IllFormed);
    }
    let (word, after) = text.split_once(is_space).ok_or(Stop::IllFormed)?;
    match word {
        "CDATA" => Ok((false, after)),
        "ID" | "IDREF" | "IDREFS" | "ENTITY" | "ENTITIES" | "NMTOKEN" | "NMTOKENS" => Ok((true, after)),
        _ => Err(Stop::IllFormed),
    }
}

/// A default value as written, if there is one, and the text after it.
fn default_value(text: &str) -> Result<(Option<&str>, &str), Stop> {
    if let Some(after) = text.strip_prefix("#REQUIRED").or_else(|| text.strip_prefix("#IMPLIED")) {
        return Ok((None, after));
    }
    let value = text.strip_prefix("#FIXED").map_or(text, |rest| rest.trim_start_matches(is_space));
    quoted(value).map(|(value, after)| (Some(value), after)).ok_or(Stop::IllFormed)
}
