//! The selection of a page's links, and the addresses that show it.

use links::{HostScope, format::Format};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;

/// What a value in a query need not have encoded (the URL standard, `application/x-www-form-urlencoded`).
pub(crate) const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// The formats of downloads, with their names in addresses.
pub(crate) const FORMATS: [(Format, &str); 4] =
    [(Format::Csv, "csv"), (Format::Json, "json"), (Format::Markdown, "markdown"), (Format::Text, "text")];

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    Internal,
    External,
    /// Neither: schemes such as `mailto:`.
    Other,
}

impl LinkKind {
    pub(crate) const ALL: [Self; 3] = [Self::Internal, Self::External, Self::Other];

    pub(crate) fn of(scope: Option<HostScope>) -> Self {
        match scope {
            Some(HostScope::Internal) => Self::Internal,
            Some(HostScope::External) => Self::External,
            None => Self::Other,
        }
    }

    /// The value of `links=`, and a class of the style sheet.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
            Self::Other => "other",
        }
    }
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SortOrder {
    /// As on the page.
    #[default]
    Position,
    Text,
    Address,
    /// Most frequent addresses first.
    Count,
}

impl SortOrder {
    pub(crate) const ALL: [Self; 4] = [Self::Position, Self::Text, Self::Address, Self::Count];

    /// The value of `sort=`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Text => "text",
            Self::Address => "address",
            Self::Count => "count",
        }
    }
}

/// Some of a page's links, in an order, and the part of that list to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Links to this host, or with this scheme if it ends with a colon.
    pub(crate) domain: Option<String>,
    pub(crate) kind: Option<LinkKind>,
    /// The words to search for.
    pub(crate) search: String,
    pub(crate) sort: SortOrder,
    /// Only the first link of each address.
    pub(crate) unique: bool,
    /// Links per page of the list, if not the default.
    pub(crate) size: Option<usize>,
    /// The page of the list, from 1.
    pub(crate) page: usize,
}

impl Selection {
    /// All links.
    pub(crate) fn all() -> Self {
        Self { page: 1, ..Self::default() }
    }

    /// The parameters, without those that have their default.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        [
            self.domain.as_deref().map(|domain| ("domain", domain.into())),
            self.kind.map(|kind| ("links", kind.name().into())),
            (!self.search.is_empty()).then(|| ("q", self.search.as_str().into())),
            self.unique.then_some(("unique", "1".into())),
            (self.sort != SortOrder::Position).then(|| ("sort", self.sort.name().into())),
            self.size.map(|size| ("size", size.to_string().into())),
            (self.page > 1).then(|| ("page", self.page.to_string().into())),
        ]
        .into_iter()
        .flatten()
    }
}

/// Makes relative addresses of this service that show links of one page. They are HTML: only their `&` have to be escaped,
/// since all values are encoded.
#[derive(Debug)]
pub(crate) struct Addresses(String);

impl Addresses {
    /// For the links of the page at `url`.
    pub(crate) fn new(url: &str) -> Self {
        let mut start = "/?url=".to_owned();
        start.extend(utf8_percent_encode(url, VALUE));
        Self(start)
    }

    /// What all addresses begin with; parameters follow.
    pub(crate) fn start(&self) -> &str {
        &self.0
    }

    /// The address that shows `selection`.
    pub(crate) fn of(&self, selection: &Selection) -> String {
        self.with(selection.parameters())
    }

    /// The address of a file with all pages of `selection`, but for the name of its format, which comes last.
    pub(crate) fn download(&self, selection: &Selection) -> String {
        let parameters = selection.parameters().filter(|(name, _)| !matches!(*name, "page" | "size"));
        self.with(parameters.chain([("format", "".into())]))
    }

    fn with<'a>(&self, parameters: impl Iterator<Item = (&'static str, Cow<'a, str>)>) -> String {
        let mut address = String::with_capacity(self.0.len() + 64);
        address.push_str(&self.0);
        for (name, value) in parameters {
            address.extend(["&amp;", name, "="]);
            address.extend(utf8_percent_encode(&value, VALUE));
        }
        address
    }
}
