//! The API as visitors of the page can call it.

use crate::selection::{LinkKind, Selection, SortOrder, VALUE};
use percent_encoding::utf8_percent_encode;
use url::Url;

/// The public addresses of the API.
#[derive(Debug)]
pub(crate) struct PublicApi {
    /// The address of its description.
    pub(crate) description: String,
    /// The address of its calls, up to the page's URL.
    call: String,
}

impl PublicApi {
    /// The API at `url`, to which `api/` may already have been added.
    pub(crate) fn new(url: &Url) -> Self {
        let url = url.as_str().trim_end_matches('/');
        let root = url.strip_suffix("/api").unwrap_or(url);
        Self { description: format!("{root}/openapi.json"), call: format!("{root}/api?url=") }
    }

    /// The call for the part of `selection` that the API can select.
    pub(crate) fn call(&self, url: &str, selection: &Selection) -> String {
        let mut call = self.call.clone();
        call.extend(utf8_percent_encode(url, VALUE));
        if let Some(kind @ (LinkKind::Internal | LinkKind::External)) = selection.kind {
            call.extend(["&links=", kind.name()]);
        }
        if selection.unique {
            call.push_str("&unique=1");
        }
        call
    }

    /// Whether that call leaves out something of `selection`.
    pub(crate) fn is_partial(selection: &Selection) -> bool {
        selection.domain.is_some()
            || selection.kind == Some(LinkKind::Other)
            || !selection.search.is_empty()
            || selection.sort != SortOrder::Position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_select_what_the_api_can_select() {
        for root in ["http://a.example:5000", "http://a.example:5000/", "http://a.example:5000/api/"] {
            let api = PublicApi::new(&Url::parse(root).unwrap());
            assert_eq!(api.description, "http://a.example:5000/openapi.json");
            let selection = Selection { kind: Some(LinkKind::External), unique: true, ..Selection::all() };
            let call = api.call("https://b.example/?c&d'", &selection);
            let url = "https%3A%2F%2Fb.example%2F%3Fc%26d%27";
            assert_eq!(call, format!("http://a.example:5000/api?url={url}&links=external&unique=1"));
            assert!(!PublicApi::is_partial(&selection));
            let other = Selection { kind: Some(LinkKind::Other), ..Selection::all() };
            assert!(!api.call("https://b.example/", &other).contains("links"));
            assert!(PublicApi::is_partial(&other));
        }
        let below = PublicApi::new(&Url::parse("https://a.example/links/api").unwrap());
        assert_eq!(below.description, "https://a.example/links/openapi.json");
    }
}
