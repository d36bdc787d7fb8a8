//! References to characters and entities (XML 1.0, sections 4.1 to 4.6).

use super::{
    names::{is_name, is_space, referenced},
    stop::Stop,
};
use std::{borrow::Cow, cell::Cell, collections::HashMap};

/// The most entities that a document may declare.
const MAX_ENTITIES: usize = 1000;

/// The most bytes of all their expansions.
const MAX_EXPANDED: usize = 64 * 1024;

/// The deepest nesting of entities.
pub(super) const MAX_NESTED: usize = 32;

/// A declared entity.
enum DeclaredEntity {
    /// Its replacement text.
    Internal(String),
    /// One that is not loaded.
    External,
    /// One that is not XML, to which no text may refer.
    Unparsed,
}

/// The meaning of a reference.
pub(super) enum Meaning<'e> {
    Text(Cow<'static, str>),
    /// Replacement text, which is read like the document.
    Replacement(&'e str),
    /// An external entity, which is not loaded, and which no attribute's value may refer to.
    External,
    /// What only parts of the document type that are not loaded may declare.
    Unknown,
}

/// The entities that a document may refer to.
pub(super) struct Entities {
    declared: HashMap<String, DeclaredEntity>,
    /// Whether the document type declares HTML's named character references.
    pub(super) has_html: bool,
    /// Whether parts of the document type that are not loaded may declare more.
    pub(super) may_have_more: bool,
    room: Cell<usize>,
}

impl Default for Entities {
    fn default() -> Self {
        let room = Cell::new(MAX_EXPANDED);
        Self { declared: HashMap::new(), has_html: false, may_have_more: false, room }
    }
}

impl Entities {
    /// Declares an entity with the replacement text of `value`; the first declaration of a name counts.
    pub(super) fn declare(&mut self, name: &str, value: &str) -> Result<(), Stop> {
        self.insert(name, DeclaredEntity::Internal(replacement(value)?))
    }

    /// Declares an entity that is not loaded.
    pub(super) fn declare_external(&mut self, name: &str, is_unparsed: bool) -> Result<(), Stop> {
        self.insert(name, if is_unparsed { DeclaredEntity::Unparsed } else { DeclaredEntity::External })
    }

    fn insert(&mut self, name: &str, entity: DeclaredEntity) -> Result<(), Stop> {
        if self.declared.len() == MAX_ENTITIES {
            return Err(Stop::IllFormed);
        }
        self.declared.entry(name.to_owned()).or_insert(entity);
        Ok(())
    }

    /// The meaning of the reference `&name;`.
    pub(super) fn meaning(&self, name: &str) -> Result<Meaning<'_>, Stop> {
        if let Some(digits) = name.strip_prefix('#') {
            let c = referenced(digits).ok_or(Stop::IllFormed)?;
            return Ok(Meaning::Text(c.to_string().into()));
        }
        let predefined = match name {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "apos" => "'",
            "quot" => "\"",
            _ => "",
        };
        if !predefined.is_empty() {
            return Ok(Meaning::Text(predefined.into()));
        }
        match self.declared.get(name) {
            Some(DeclaredEntity::Internal(text)) => {
                let room = self.room.get().checked_sub(text.len()).ok_or(Stop::IllFormed)?;
                self.room.set(room);
                Ok(Meaning::Replacement(text))
            }
            Some(DeclaredEntity::External) => Ok(Meaning::External),
            Some(DeclaredEntity::Unparsed) => Err(Stop::IllFormed),
            None => match html(name).filter(|_| self.has_html) {
                Some(text) => Ok(Meaning::Text(text.into())),
                None if self.may_have_more && is_name(name) => Ok(Meaning::Unknown),
                None => Err(Stop::IllFormed),
            },
        }
    }

    /// An attribute's value, normalized (section 3.3.3).
    pub(super) fn value<'p>(&self, written: &'p str) -> Result<Cow<'p, str>, Stop> {
        if !written.contains(['&', '\t', '\n', '\r']) {
            return Ok(Cow::Borrowed(written));
        }
        let mut value = String::with_capacity(written.len());
        let mut open = vec![written];
        while let Some(rest) = open.pop() {
            let (plain, reference) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
            if plain.contains('<') {
                return Err(Stop::IllFormed);
            }
            value.extend(plain.replace("\r\n", "\n").chars().map(|c| if is_space(c) { ' ' } else { c }));
            let Some(reference) = reference.strip_prefix('&') else { continue };
            let (name, after) = reference.split_once(';').ok_or(Stop::IllFormed)?;
            open.push(after);
            match self.meaning(name)? {
                Meaning::Text(text) => value.push_str(&text),
                Meaning::Replacement(text) if open.len() < MAX_NESTED => open.push(text),
                Meaning::Replacement(_) | Meaning::External => return Err(Stop::IllFormed),
                Meaning::Unknown => {}
            }
        }
        Ok(Cow::Owned(value))
    }
}

/// The replacement text of an entity's literal value: references to characters are expanded, those to entities are kept.
fn replacement(value: &str) -> Result<String, Stop> {
    let mut text = String::new();
    let mut rest = value;
    while let Some(at) = rest.find(['&', '%']) {
        text.push_str(&rest[..at]);
        let (name, after) = rest[at + 1..].split_once(';').ok_or(Stop::IllFormed)?;
        match name.strip_prefix('#') {
            _ if rest[at..].starts_with('%') => return Err(Stop::IllFormed), // not in an internal subset
            Some(digits) => text.push(referenced(digits).ok_or(Stop::IllFormed)?),
            None if is_name(name) => text.push_str(&rest[at..=at + 1 + name.len()]),
            None => return Err(Stop::IllFormed),
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// The characters of one of HTML's named character references.
fn html(name: &str) -> Option<String> {
    let written = format!("&{name};");
    let text = htmlize::unescape(written.as_str());
    // A reference without semicolon at the start of another name leaves more than two characters.
    (text != written && text.chars().nth(2).is_none()).then(|| text.into_owned())
}
