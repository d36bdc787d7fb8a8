//! Which of a page's links are looked at, and how that is written in an address.

use url::form_urlencoded;

/// Whether a link leads to the host of the page it stands on. Links without a host are neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Internal,
    External,
}

impl Scope {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
        }
    }
}

/// A part of a page's links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Only these: a host, or a scheme with its colon.
    pub(crate) domain: Option<String>,
    /// Only these.
    pub(crate) scope: Option<Scope>,
    /// Which page of the list, counted from 1.
    pub(crate) page: usize,
}

impl Selection {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self { page: 1, ..Self::default() }
    }

    /// The address that shows this part of the links of `url`, relative to the site's root.
    pub(crate) fn address(&self, url: &str) -> String {
        self.write(url).finish()
    }

    /// The address that gives this part of the links of `url`, all pages of it, as a file.
    pub(crate) fn download(&self, url: &str, format: &str) -> String {
        Self { page: 1, ..self.clone() }.write(url).append_pair("format", format).finish()
    }

    fn write(&self, url: &str) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::for_suffix("/?".to_owned(), 2);
        query.append_pair("url", url);
        if let Some(domain) = &self.domain {
            query.append_pair("domain", domain);
        }
        if let Some(scope) = self.scope {
            query.append_pair("links", scope.name());
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        query
    }
}
