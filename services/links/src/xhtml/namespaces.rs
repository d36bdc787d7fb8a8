//! Prefixes and their namespaces (Namespaces in XML 1.0).

use super::{names::is_name, stop::Stop, tag::XmlTag};
use std::borrow::Cow;

/// The namespace of HTML elements.
pub(super) const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// The namespace of SVG.
pub(super) const SVG: &str = "http://www.w3.org/2000/svg";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The most declarations that hold at one place: a prefix is searched in them.
const MAX_DECLARATIONS: usize = 64;

/// A declaration holds in elements at least this deep.
struct Declaration<'p> {
    depth: usize,
    prefix: &'p str,
    uri: Cow<'p, str>,
}

/// The declarations that hold, the outermost first.
#[derive(Default)]
pub(super) struct Namespaces<'p> {
    declarations: Vec<Declaration<'p>>,
}

impl<'p> Namespaces<'p> {
    /// Notes an attribute of an element at `depth` if it declares a namespace.
    pub(super) fn declare(&mut self, depth: usize, name: &'p str, uri: Cow<'p, str>) -> Result<(), Stop> {
        let prefix = match name.split_once(':') {
            None if name == "xmlns" => "",
            Some(("xmlns", prefix)) => prefix,
            _ => return Ok(()),
        };
        let is_reserved = prefix == "xmlns" || uri == XMLNS || (prefix == "xml") != (uri == XML);
        if is_reserved || !prefix.is_empty() && uri.is_empty() {
            return Err(Stop::IllFormed);
        }
        if self.uri(prefix).is_ok_and(|held| *held == *uri) {
            return Ok(()); // a repetition
        }
        if self.declarations.len() == MAX_DECLARATIONS {
            return Err(Stop::TooCostly);
        }
        self.declarations.push(Declaration { depth, prefix, uri });
        Ok(())
    }

    /// Drops the declarations of elements at `depth` and deeper.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.declarations.pop_if(|declaration| declaration.depth >= depth).is_some() {}
    }

    /// The namespace and the local part of an element's name.
    pub(super) fn element(&self, name: &'p str) -> Result<(&str, &'p str), Stop> {
        let (prefix, local) = split(name)?;
        Ok((self.uri(prefix)?, local))
    }

    /// Whether two attributes have the same name in the same namespace, and all their prefixes are declared.
    pub(super) fn check(&self, attributes: &[(&'p str, &'p str)]) -> Result<(), Stop> {
        let mut names = Vec::new();
        for (name, _) in attributes {
            let (prefix, local) = split(name)?;
            if !prefix.is_empty() && prefix != "xmlns" {
                names.push((self.uri(prefix)?, local));
            }
        }
        names.sort_unstable();
        if names.windows(2).all(|pair| pair[0] != pair[1]) { Ok(()) } else { Err(Stop::IllFormed) }
    }

    fn uri(&self, prefix: &str) -> Result<&str, Stop> {
        // Empty texts are not compared: glibc's `memcmp` takes 100 ns for them where their pointers dangle.
        let is_same = |held: &str| if prefix.is_empty() { held.is_empty() } else { held == prefix };
        let found = self.declarations.iter().rev().find(|declaration| is_same(declaration.prefix));
        match (found, prefix) {
            (Some(declaration), _) => Ok(&declaration.uri),
            (None, "xml") => Ok(XML),
            (None, "") => Ok(""),
            (None, _) => Err(Stop::IllFormed),
        }
    }
}

/// Whether a start tag without its angle brackets is of an element in XHTML's namespace that it declares itself.
pub(super) fn is_xhtml(tag: &str) -> bool {
    let Ok(XmlTag { name, attributes }) = XmlTag::read(tag) else { return false };
    let wanted = match name.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    };
    attributes.iter().any(|(name, value)| **name == wanted && *value == XHTML)
}

/// A name's prefix, empty if it has none, and its local part.
fn split(name: &str) -> Result<(&str, &str), Stop> {
    match name.split_once(':') {
        None => Ok(("", name)),
        // The whole is a name, and so is its start.
        Some((prefix, local)) if !prefix.is_empty() && is_name(local) && !local.contains(':') => {
            Ok((prefix, local))
        }
        Some(_) => Err(Stop::IllFormed),
    }
}
