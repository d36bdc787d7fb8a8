//! The stack of open elements (WHATWG HTML, section 13.2.4.2).

use crate::html::{
    name::{NAMES, Name},
    tokenize::Span,
};

/// The most open elements of an exact answer. Browsers nest 512 deep.
pub(in crate::html) const MAX_OPEN: usize = 4096;

/// Identifies an open element; each clone has its own.
pub(super) type Serial = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Html,
    Svg,
    MathMl,
}

/// An open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) name: Name,
    pub(super) namespace: Namespace,
    /// In the tree, before its table instead of in it.
    pub(super) fostered: bool,
    /// A MathML `annotation-xml` whose content is HTML.
    pub(super) holds_html: bool,
    pub(super) serial: Serial,
    /// The position in the output when the element was opened, for [`crate::html::canonicalizer::Canonicalizer::split`].
    pub(super) mark: u32,
    /// For a table: the number of [events](super::Tree::event) when it was opened.
    pub(super) events: u32,
    /// The name as written, which distinguishes elements of [`Name::Other`].
    pub(super) written: Span,
}

impl Element {
    #[inline]
    pub(super) fn is(&self, name: Name) -> bool {
        self.name == name && self.namespace == Namespace::Html
    }

    /// Whether it is an HTML element in the set.
    #[inline]
    pub(super) fn is_in(&self, set: impl Fn(Name) -> bool) -> bool {
        self.namespace == Namespace::Html && set(self.name)
    }

    /// Whether it is in the "special" category (section 13.2.4.2).
    pub(super) fn is_special(&self) -> bool {
        match self.namespace {
            Namespace::Html => self.name.is_special(),
            Namespace::Svg => self.is_svg_html(),
            Namespace::MathMl => self.is_mathml_text() || self.name == Name::AnnotationXml,
        }
    }

    /// MathML's text integration points.
    pub(super) fn is_mathml_text(&self) -> bool {
        self.namespace == Namespace::MathMl
            && matches!(self.name, Name::Mi | Name::Mo | Name::Mn | Name::Ms | Name::Mtext)
    }

    /// SVG's HTML integration points.
    pub(super) fn is_svg_html(&self) -> bool {
        self.namespace == Namespace::Svg
            && matches!(self.name, Name::ForeignObject | Name::Desc | Name::Title)
    }

    pub(super) fn bounds_scope(&self) -> bool {
        match self.namespace {
            Namespace::Html => self.name.bounds_scope(),
            Namespace::Svg => self.is_svg_html(),
            Namespace::MathMl => self.is_mathml_text() || self.name == Name::AnnotationXml,
        }
    }
}

/// The scopes of a search for an open element (section 13.2.4.2, "has an element in a specific scope").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Default,
    ListItem,
    Button,
    Table,
}

impl Scope {
    fn is_bounded_by(self, element: &Element) -> bool {
        match self {
            Self::Default => element.bounds_scope(),
            Self::ListItem => element.bounds_scope() || element.is(Name::Ol) || element.is(Name::Ul),
            Self::Button => element.bounds_scope() || element.is(Name::Button),
            Self::Table => element.is_in(|name| matches!(name, Name::Html | Name::Table | Name::Template)),
        }
    }
}

/// The open elements, the root first.
pub(super) struct Stack {
    pub(super) elements: Vec<Element>,
    /// The number of open HTML elements of each name: most searches end here.
    open: [u32; NAMES],
    pub(super) fostered: u32,
    /// How many elements were examined so far: the cost of the tree beyond the length of the page.
    pub(super) steps: usize,
}

impl Stack {
    pub(super) fn new() -> Self {
        Self { elements: Vec::with_capacity(40), open: [0; NAMES], fostered: 0, steps: 0 }
    }

    pub(super) fn push(&mut self, element: Element) {
        self.count(&element, true);
        self.elements.push(element);
    }

    pub(super) fn pop(&mut self) -> Option<Element> {
        let element = self.elements.pop()?;
        self.count(&element, false);
        Some(element)
    }

    pub(super) fn remove(&mut self, index: usize) -> Element {
        let element = self.elements.remove(index);
        self.count(&element, false);
        element
    }

    pub(super) fn insert(&mut self, index: usize, element: Element) {
        self.count(&element, true);
        self.elements.insert(index, element);
    }

    /// Marks an element as fostered after the fostered element that held it was removed.
    pub(super) fn set_fostered(&mut self, index: usize) {
        let element = &mut self.elements[index];
        if !element.fostered {
            element.fostered = true;
            self.fostered += 1;
        }
    }

    #[inline]
    fn count(&mut self, element: &Element, opened: bool) {
        let add = |n: &mut u32| *n = if opened { *n + 1 } else { *n - 1 };
        if element.namespace == Namespace::Html {
            add(&mut self.open[element.name as usize]);
        }
        if element.fostered {
            add(&mut self.fostered);
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.elements.len()
    }

    #[inline]
    pub(super) fn top(&self) -> Option<&Element> {
        self.elements.last()
    }

    /// Whether any HTML element of that name is open.
    #[inline]
    pub(super) fn any(&self, name: Name) -> bool {
        self.open[name as usize] > 0
    }

    #[inline]
    pub(super) fn top_is(&self, name: Name) -> bool {
        self.top().is_some_and(|top| top.is(name))
    }

    pub(super) fn top_is_in(&self, set: impl Fn(Name) -> bool) -> bool {
        self.top().is_some_and(|top| top.is_in(set))
    }

    /// The position of the innermost element that `wanted` accepts, above the first that `stop` accepts.
    pub(super) fn find(
        &mut self,
        wanted: impl Fn(&Element) -> bool,
        stop: impl Fn(&Element) -> bool,
    ) -> Option<usize> {
        for (index, element) in self.elements.iter().enumerate().rev() {
            self.steps += 1;
            if wanted(element) {
                return Some(index);
            }
            if stop(element) {
                return None;
            }
        }
        None
    }

    #[inline]
    pub(super) fn in_scope(&mut self, scope: Scope, name: Name) -> bool {
        self.any(name) && self.find(|e| e.is(name), |e| scope.is_bounded_by(e)).is_some()
    }

    pub(super) fn any_in_scope(&mut self, scope: Scope, set: impl Fn(Name) -> bool) -> bool {
        self.find(|e| e.is_in(&set), |e| scope.is_bounded_by(e)).is_some()
    }

    pub(super) fn position(&mut self, serial: Serial) -> Option<usize> {
        self.find(|e| e.serial == serial, |_| false)
    }

    /// The innermost open table below `index`.
    pub(super) fn table_below(&mut self, index: usize) -> Option<usize> {
        let found = self.elements[..index].iter().rposition(|e| e.is(Name::Table));
        self.steps += index - found.unwrap_or(0);
        found
    }
}
