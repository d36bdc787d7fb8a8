//! The selection of a page's links, and the addresses that show it.

use links::format::Format;
use url::form_urlencoded;

/// The formats of downloads, with their names in addresses and on the page.
pub(crate) const FORMATS: [(Format, &str, &str); 3] =
    [(Format::Json, "json", "JSON"), (Format::Csv, "csv", "CSV"), (Format::Markdown, "markdown", "Markdown")];

/// Whether a link leads to its page's own host. Links without a host are in neither scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkScope {
    Internal,
    External,
}

/// Some of a page's links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Links to this host, or with this scheme if it ends with a colon.
    pub(crate) domain: Option<String>,
    pub(crate) scope: Option<LinkScope>,
    /// The page of the list, from 1.
    pub(crate) page: usize,
}

impl Selection {
    /// All links.
    pub(crate) fn all() -> Self {
        Self { page: 1, ..Self::default() }
    }

    /// The relative address that shows this selection of the links of `url`.
    pub(crate) fn address(&self, url: &str) -> String {
        self.query(url).finish()
    }

    /// The relative address of a download with all pages of this selection.
    pub(crate) fn download(&self, url: &str, format: &str) -> String {
        Self { page: 1, ..self.clone() }.query(url).append_pair("format", format).finish()
    }

    fn query(&self, url: &str) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::for_suffix("/?".to_owned(), 2);
        query.append_pair("url", url);
        if let Some(domain) = &self.domain {
            query.append_pair("domain", domain);
        }
        if let Some(scope) = self.scope {
            query.append_pair("links", if scope == LinkScope::Internal { "internal" } else { "external" });
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        query
    }
}
