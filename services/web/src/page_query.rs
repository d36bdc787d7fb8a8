//! The query of a request for a page's links.

use crate::{
    error::WebErrorKind,
    selection::{FORMATS, LinkKind, Selection, SortOrder},
    user_url::UserUrl,
};
use links::format::Format;
use std::num::IntErrorKind;
use url::form_urlencoded;

/// Characters of the longest search, which bounds how often each link is searched.
const MAX_SEARCH: usize = 200;

/// A request for the links of one page.
#[derive(Clone, Debug)]
pub(crate) struct PageQuery {
    pub(crate) url: UserUrl,
    pub(crate) selection: Selection,
    /// The format of a download; `None` shows the links on the page.
    pub(crate) format: Option<Format>,
    /// Whether the API must fetch the page anew.
    pub(crate) fresh: bool,
    /// The length of the query in bytes; the page's links to other views hold most of it.
    pub(crate) length: usize,
}

impl PageQuery {
    /// Reads `query`; `None` if it names no page. Unknown parameters are ignored; a second `url`, and an unknown value of
    /// another parameter, are errors. Any page number is accepted, because the last one is not known here.
    pub(crate) fn parse(query: &str) -> Result<Option<Self>, WebErrorKind> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let mut inputs = pairs.iter().filter(|(name, _)| name == "url").map(|(_, value)| value);
        let (input, second) = (inputs.next(), inputs.next());
        if second.is_some() || pairs.iter().any(|(name, _)| name.starts_with("url[")) {
            return Err(WebErrorKind::BadQuery);
        }
        let Some(input) = input.filter(|input| !input.trim().is_empty()) else { return Ok(None) };
        let url = UserUrl::parse(input)?;
        let mut parsed =
            Self { url, selection: Selection::all(), format: None, fresh: false, length: query.len() };
        // A form sends fields without a value, too.
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            parsed.set(name, value)?;
        }
        Ok(Some(parsed))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), WebErrorKind> {
        let unknown = WebErrorKind::BadQuery;
        let selection = &mut self.selection;
        match name {
            "domain" => selection.domain = Some(value.to_owned()),
            "links" => selection.kind = Some(named(LinkKind::ALL, LinkKind::name, value).ok_or(unknown)?),
            "q" if value.chars().count() > MAX_SEARCH => return Err(unknown),
            "q" => value.trim().clone_into(&mut selection.search),
            "unique" => selection.unique = switch(value).ok_or(unknown)?,
            "sort" => selection.sort = named(SortOrder::ALL, SortOrder::name, value).ok_or(unknown)?,
            "size" => selection.size = Some(value.parse().ok().filter(|size| *size > 0).ok_or(unknown)?),
            "page" => selection.page = page_number(value),
            "fresh" => self.fresh = value == "1",
            "format" => {
                let format = FORMATS.iter().find(|(_, name)| *name == value);
                self.format = Some(format.ok_or(unknown)?.0);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The one of `all` with this name.
fn named<T: Copy>(all: impl IntoIterator<Item = T>, name: fn(T) -> &'static str, value: &str) -> Option<T> {
    all.into_iter().find(|item| name(*item) == value)
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
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
    use crate::selection::Addresses;

    #[test]
    fn a_query_without_a_url_names_no_page() {
        for query in ["", "url", "url=", "url=%20", "page=2", "utm_source=x"] {
            assert!(PageQuery::parse(query).unwrap().is_none(), "{query}");
        }
    }

    #[test]
    fn every_parameter_is_read() {
        let query = "url=a.example&domain=b&links=external&q=+c+d&unique=1&sort=text&size=50&page=3&fresh=1&format=csv&x=y";
        let query = PageQuery::parse(query).unwrap().unwrap();
        assert_eq!(query.url.as_str(), "https://a.example");
        assert_eq!(
            query.selection,
            Selection {
                domain: Some("b".into()),
                kind: Some(LinkKind::External),
                search: "c d".into(),
                sort: SortOrder::Text,
                unique: true,
                size: Some(50),
                page: 3
            }
        );
        assert!(query.fresh && query.format.is_some());
        let empty = PageQuery::parse("url=a&domain=&links=&q=&unique=&sort=&size=&page=&fresh=&format=");
        assert_eq!(empty.unwrap().unwrap().selection, Selection::all());
    }

    #[test]
    fn the_address_of_a_selection_reads_back_as_that_selection() {
        for kind in LinkKind::ALL {
            for sort in SortOrder::ALL {
                let selection = Selection {
                    domain: Some("a&b=ü".into()),
                    kind: Some(kind),
                    search: "50%+ \"x\" #".into(),
                    sort,
                    unique: true,
                    size: Some(9),
                    page: 7,
                };
                let address = Addresses::new("https://a.example/?q=1&r=#f").of(&selection);
                let address = address.replace("&amp;", "&");
                let query = PageQuery::parse(address.strip_prefix("/?").unwrap()).unwrap().unwrap();
                assert_eq!(query.selection, selection);
                assert_eq!(query.url.as_str(), "https://a.example/?q=1&r=#f");
            }
        }
    }

    #[test]
    fn repeated_urls_and_unknown_values_are_rejected() {
        let long = format!("url=a&q={}", "x".repeat(MAX_SEARCH + 1));
        let rows = "url[]=1 url%5B0%5D=1 url=a&url=b url=a&links=some url=a&format=exe url=a&sort=size url=a&unique=yes \
                    url=a&size=0 url=a&size=many";
        for query in rows.split(' ').chain([long.as_str()]) {
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
