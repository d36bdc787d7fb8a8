//! Reads the markup of a document and of the entities in it.

use super::{
    attlist::DeclaredAttributes,
    doctype::DocumentType,
    entities::{Entities, MAX_NESTED, Meaning},
    gatherer::Gatherer,
    names::{is_blank, is_name, is_space, starts_with_name},
    namespaces::{Namespaces, SVG, XHTML},
    source::{XmlSource, is_no_markup},
    stop::Stop,
    tag::XmlTag,
};
use quick_xml::events::Event;

/// The most open elements. Chromium allows 5,000.
const MAX_DEPTH: usize = 4096;

/// What an open element means for links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum XmlElement {
    Link,
    /// Its contents are not part of the document.
    Template,
    Head,
    /// The one that counts.
    Title,
    Other,
}

pub(super) struct XmlReader<'p, 'g> {
    /// The document first; the innermost entity is read.
    sources: Vec<XmlSource<'p>>,
    entities: &'p Entities,
    attributes: &'p DeclaredAttributes,
    namespaces: Namespaces<'p>,
    open: Vec<XmlElement>,
    open_templates: usize,
    open_heads: usize,
    gatherer: &'g mut Gatherer,
    /// Whether the root element has started.
    has_root: bool,
    has_doctype: bool,
    root_is_svg: bool,
}

impl<'p, 'g> XmlReader<'p, 'g> {
    pub(super) fn new(
        document: XmlSource<'p>,
        doctype: &'p DocumentType,
        gatherer: &'g mut Gatherer,
    ) -> Self {
        Self {
            sources: vec![document],
            entities: &doctype.entities,
            attributes: &doctype.attributes,
            namespaces: Namespaces::default(),
            open: Vec::new(),
            open_templates: 0,
            open_heads: 0,
            gatherer,
            has_root: false,
            has_doctype: false,
            root_is_svg: false,
        }
    }

    /// Reads to the end of the document, or to the first error.
    pub(super) fn read(mut self) -> Result<(), Stop> {
        if self.sources.iter().any(|source| source.text.starts_with('\u{FEFF}')) {
            return Err(Stop::IllFormed); // the lexer would drop it
        }
        while let Some(source) = self.sources.last_mut() {
            let start = source.position();
            let text = source.text;
            let rest = text.get(start..).ok_or(Stop::IllFormed)?;
            if source.is_document() && !self.open.is_empty() && is_no_markup(rest) {
                self.gatherer.markup()?; // in browsers, this error alone leaves the text before it
                return Err(Stop::IllFormed);
            }
            let is_cut = source.is_cut;
            let Ok(event) = source.lexer.read_event() else {
                return if is_cut { Err(Stop::IllFormed) } else { self.unended(rest) };
            };
            let markup = text.get(start..source.position()).ok_or(Stop::IllFormed)?;
            match event {
                Event::Start(_) => self.start(&markup[1..markup.len() - 1], false)?,
                Event::Empty(_) => self.start(&markup[1..markup.len() - 2], true)?,
                Event::End(_) => self.end()?,
                Event::Text(_) => self.text(markup)?,
                Event::CData(_) if self.open.is_empty() => return Err(Stop::IllFormed),
                Event::CData(_) => {
                    self.gatherer.markup()?;
                    self.insert(&markup["<![CDATA[".len()..markup.len() - "]]>".len()]);
                    self.gatherer.markup()?;
                }
                Event::GeneralRef(_) => self.reference(&markup[1..markup.len() - 1])?,
                Event::Decl(_) => self.declaration(start, &markup[2..markup.len() - 2])?,
                Event::DocType(_) => self.doctype(markup)?,
                Event::PI(_) => {
                    instruction(&markup[2..markup.len() - 2])?;
                    self.gatherer.markup()?;
                }
                Event::Comment(_) => self.gatherer.markup()?,
                Event::Eof => self.end_source()?,
            }
        }
        if self.has_root { Ok(()) } else { Err(Stop::IllFormed) }
    }

    /// The document or an entity ends in markup. In browsers, a start tag counts that ends with its name or a space.
    fn unended(&mut self, markup: &'p str) -> Result<(), Stop> {
        let is_whole = |tag: &&str| starts_with_name(tag) && !tag.ends_with(['"', '\'']);
        if let Some(tag) = markup.strip_prefix('<').filter(is_whole) {
            self.start(tag, false)?;
        }
        Err(Stop::IllFormed)
    }

    /// The document or an entity ends; each element ends where it began.
    fn end_source(&mut self) -> Result<(), Stop> {
        let Some(source) = self.sources.pop() else { return Ok(()) };
        if source.is_document() && !source.is_cut {
            self.gatherer.markup()?;
        }
        if self.open.len() == source.depth { Ok(()) } else { Err(Stop::IllFormed) }
    }

    fn start(&mut self, tag: &'p str, is_empty: bool) -> Result<(), Stop> {
        if self.open.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err(Stop::IllFormed); // a second root
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Stop::TooCostly);
        }
        let tag = XmlTag::read(tag)?;
        let depth = self.open.len();
        let mut href = None;
        let declared = self.attributes.of(tag.name);
        let is_written = |name: &str| tag.attributes.iter().any(|(written, _)| *written == name);
        let defaults = declared.iter().filter(|attribute| !is_written(&attribute.name));
        let defaults =
            defaults.filter_map(|attribute| Some((&*attribute.name, attribute.default.as_deref()?)));
        for (name, value) in defaults {
            if name == "href" {
                href = Some(value.into());
            } else {
                self.namespaces.declare(depth, name, value.into())?;
            }
        }
        for &(name, written) in &tag.attributes {
            let mut value = self.entities.value(written)?;
            if let Some(attribute) = declared.iter().find(|attribute| attribute.name == name) {
                value = attribute.normalized(value);
            }
            if name == "href" {
                href = Some(value);
            } else {
                self.namespaces.declare(depth, name, value)?;
            }
        }
        self.namespaces.check(&tag.attributes)?;
        let (namespace, local) = self.namespaces.element(tag.name)?;
        self.gatherer.markup()?;
        let is_in_head = self.open_heads > 0;
        let mut element = XmlElement::Other;
        if depth == 0 {
            self.root_is_svg = namespace == SVG && local == "svg";
        }
        if local == "title" && self.is_title(namespace, depth) {
            element = XmlElement::Title;
            self.gatherer.title = Some(String::new());
        }
        if namespace == XHTML {
            match (local, href) {
                ("a", Some(href)) if self.open_templates == 0 => {
                    element = XmlElement::Link;
                    self.gatherer.start(href.into_owned())?;
                }
                ("base", Some(href)) if self.open_templates == 0 => {
                    self.gatherer.base(href.into_owned());
                }
                ("template", _) => {
                    element = XmlElement::Template;
                    self.open_templates += 1;
                }
                ("head", _) => {
                    element = XmlElement::Head;
                    self.open_heads += 1;
                }
                _ => {}
            }
        }
        let is_frame = namespace == XHTML && matches!(local, "html" | "head" | "body");
        self.gatherer.has_content |= !is_frame && !is_in_head;
        self.open.push(element);
        self.gatherer.in_title = element == XmlElement::Title;
        if is_empty { self.end() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), Stop> {
        let depth = self.sources.last().map_or(0, |source| source.depth);
        let element = self.open.pop().filter(|_| self.open.len() >= depth).ok_or(Stop::IllFormed)?;
        self.gatherer.markup()?;
        match element {
            XmlElement::Link => self.gatherer.end(),
            XmlElement::Template => self.open_templates -= 1,
            XmlElement::Head => self.open_heads -= 1,
            XmlElement::Title | XmlElement::Other => {}
        }
        self.gatherer.in_title = self.open.last() == Some(&XmlElement::Title);
        self.namespaces.leave(self.open.len());
        Ok(())
    }

    /// Whether a `title` at this depth is the document's: the first one of HTML or, in an SVG document, the first child of
    /// SVG.
    fn is_title(&self, namespace: &str, depth: usize) -> bool {
        let counts = if self.root_is_svg {
            namespace == SVG && depth == 1
        } else {
            namespace == XHTML && self.open_templates == 0
        };
        counts && self.gatherer.title.is_none()
    }

    /// Text as written, without references.
    fn text(&mut self, text: &str) -> Result<(), Stop> {
        if text.contains("]]>") || self.open.is_empty() && !is_blank(text) {
            return Err(Stop::IllFormed);
        }
        self.insert(text);
        Ok(())
    }

    fn insert(&mut self, text: &str) {
        if self.open_templates == 0 {
            self.gatherer.has_content |= !is_blank(text) && self.open_heads == 0;
            self.gatherer.text(text);
        }
    }

    fn reference(&mut self, name: &str) -> Result<(), Stop> {
        if self.open.is_empty() {
            return Err(Stop::IllFormed);
        }
        match self.entities.meaning(name)? {
            Meaning::Text(text) => {
                self.insert(&text);
                Ok(())
            }
            Meaning::Replacement(text) if !text.contains(['<', '&']) => self.text(text),
            Meaning::Replacement(text)
                if self.sources.len() <= MAX_NESTED && !text.starts_with('\u{FEFF}') =>
            {
                self.sources.push(XmlSource::entity(text, self.open.len()));
                Ok(())
            }
            Meaning::Replacement(_) => Err(Stop::IllFormed),
            Meaning::External | Meaning::Unknown => Ok(()),
        }
    }

    /// The XML declaration, which stands at the very start.
    fn declaration(&self, start: usize, content: &str) -> Result<(), Stop> {
        let pseudo_attributes = XmlTag::read(content)?.attributes;
        let names: Vec<_> = pseudo_attributes.iter().map(|(name, _)| *name).collect();
        let is_known = matches!(
            names[..],
            ["version"] | ["version", "encoding" | "standalone"] | ["version", "encoding", "standalone"]
        );
        let is_version = pseudo_attributes.first().is_some_and(|(_, version)| version.starts_with("1."));
        let is_first = start == 0 && self.sources.len() == 1;
        if is_known && is_version && is_first { Ok(()) } else { Err(Stop::IllFormed) }
    }

    /// The document type, whose content has been read.
    fn doctype(&mut self, markup: &str) -> Result<(), Stop> {
        let is_first = !std::mem::replace(&mut self.has_doctype, true) && !self.has_root;
        if is_first && markup.starts_with("<!DOCTYPE") { Ok(()) } else { Err(Stop::IllFormed) }
    }
}

/// Checks the target of a processing instruction, whose content does not matter.
fn instruction(content: &str) -> Result<(), Stop> {
    let target = content.split(is_space).next().unwrap_or_default();
    if is_name(target) && !target.eq_ignore_ascii_case("xml") { Ok(()) } else { Err(Stop::IllFormed) }
}
