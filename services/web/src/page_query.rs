//! The query of a request for a page's links.

use crate::{
    error::WebErrorKind,
    selection::{FORMATS, LinkScope, Selection},
    user_url::UserUrl,
};
use links::format::Format;
use std::num::IntErrorKind;
use url::form_urlencoded;

/// A request for the links of one page.
#[derive(Clone, Debug)]
pub(crate) struct PageQuery {
    pub(crate) url: UserUrl,
    pub(crate) selection: Selection,
    /// The format of a download; `None` shows the links on the page.
    pub(crate) format: Option<Format>,
    /// Whether the API must fetch the page anew.
    pub(crate) fresh: bool,
}

impl PageQuery {
    /// Reads `query`; `None` if it names no page. Unknown parameters are ignored; a second `url`, and an unknown value of
    /// `links` or `format`, are errors. Any page number is accepted, because the last one is not known here.
    pub(crate) fn parse(query: &str) -> Result<Option<Self>, WebErrorKind> {
        let pairs = || form_urlencoded::parse(query.as_bytes());
        let several = pairs().filter(|(name, _)| name == "url").count() > 1;
        if several || pairs().any(|(name, _)| name.starts_with("url[")) {
            return Err(WebErrorKind::BadQuery);
        }
        let input = user_input(query);
        if input.trim().is_empty() {
            return Ok(None);
        }
        let url = UserUrl::parse(&input)?;
        let mut parsed = Self { url, selection: Selection::all(), format: None, fresh: false };
        for (name, value) in pairs() {
            match (&*name, &*value) {
                ("domain" | "links", "") => {}
                ("domain", domain) => parsed.selection.domain = Some(domain.to_owned()),
                ("links", "internal") => parsed.selection.scope = Some(LinkScope::Internal),
                ("links", "external") => parsed.selection.scope = Some(LinkScope::External),
                ("links", _) => return Err(WebErrorKind::BadQuery),
                ("page", number) => parsed.selection.page = page_number(number),
                ("fresh", value) => parsed.fresh = value == "1",
                ("format", value) => {
                    let format = FORMATS.iter().find(|(_, name, _)| *name == value);
                    parsed.format = Some(format.ok_or(WebErrorKind::BadQuery)?.0);
                }
                _ => {}
            }
        }
        Ok(Some(parsed))
    }
}

/// The first `url` parameter as it was entered; empty if there is none.
pub(crate) fn user_input(query: &str) -> String {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "url").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A page number, 1 or more; 1 if `text` is not a number.
fn page_number(text: &str) -> usize {
    match text.parse::<usize>() {
        Ok(number) => number.max(1),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => usize::MAX,
        Err(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_a_url_names_no_page() {
        for query in ["", "url", "url=", "url=%20", "page=2", "utm_source=x"] {
            assert!(PageQuery::parse(query).unwrap().is_none(), "{query}");
        }
    }

    #[test]
    fn every_parameter_is_read() {
        let query = PageQuery::parse("url=a.example&domain=b&links=external&page=3&fresh=1&format=csv&x=y");
        let query = query.unwrap().unwrap();
        assert_eq!(query.url.as_str(), "https://a.example");
        let scope = Some(LinkScope::External);
        assert_eq!(query.selection, Selection { domain: Some("b".into()), scope, page: 3 });
        assert!(query.fresh && query.format.is_some());
    }

    #[test]
    fn the_address_of_a_selection_reads_back_as_that_selection() {
        let scope = Some(LinkScope::Internal);
        let selection = Selection { domain: Some("a&b=ü".into()), scope, page: 7 };
        let address = selection.address("https://a.example/?q=1&r=#f");
        let query = PageQuery::parse(address.strip_prefix("/?").unwrap()).unwrap().unwrap();
        assert_eq!(query.selection, selection);
        assert_eq!(query.url.as_str(), "https://a.example/?q=1&r=#f");
    }

    #[test]
    fn repeated_urls_and_unknown_values_are_rejected() {
        for query in ["url[]=1", "url%5B0%5D=1", "url=a&url=b", "url=a&links=some", "url=a&format=exe"] {
            assert_eq!(PageQuery::parse(query).unwrap_err(), WebErrorKind::BadQuery, "{query}");
        }
    }

    #[test]
    fn a_page_number_is_at_least_1() {
        for (text, page) in
            [("3", 3), ("0", 1), ("-1", 1), ("x", 1), ("", 1), ("99999999999999999999", usize::MAX)]
        {
            assert_eq!(page_number(text), page, "{text}");
        }
    }
}
