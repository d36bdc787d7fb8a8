//! A request's query, read.

use crate::{
    download,
    failure::Kind,
    selection::{Scope, Selection},
    typed::PageUrl,
};
use links::format::Format;
use std::num::IntErrorKind;
use url::form_urlencoded;

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The page whose links are asked for.
    pub(crate) page: PageUrl,
    /// Which of them.
    pub(crate) selection: Selection,
    /// As a file, not as a page.
    pub(crate) format: Option<Format>,
    /// Not from a cache.
    pub(crate) fresh: bool,
}

/// A query that cannot be answered.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) kind: Kind,
    /// What goes back into the form.
    pub(crate) typed: String,
}

impl Asked {
    /// Reads `query`; `None` where no page is named. Parameters that nobody knows are let through, `url` twice, or
    /// `links` or `format` with a value that means nothing, is refused. A page number past either end is brought
    /// back by who knows the ends; what is no number is the first page.
    pub(crate) fn parse(query: &str) -> Result<Option<Self>, Refused> {
        let pairs = || form_urlencoded::parse(query.as_bytes());
        let mut urls = pairs().filter(|(name, _)| name == "url");
        let typed = urls.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
        let refuse = |kind| Refused { kind, typed: typed.clone() };
        let list = pairs().any(|(name, _)| name.starts_with("url["));
        if urls.next().is_some() || list {
            return Err(refuse(Kind::BadQuery));
        }
        if typed.trim().is_empty() {
            return Ok(None);
        }
        let page = PageUrl::parse(&typed).map_err(refuse)?;
        let mut asked = Self { page, selection: Selection::all(), format: None, fresh: false };
        for (name, value) in pairs() {
            match (&*name, &*value) {
                ("domain" | "links", "") => {}
                ("domain", domain) => asked.selection.domain = Some(domain.to_owned()),
                ("links", "internal") => asked.selection.scope = Some(Scope::Internal),
                ("links", "external") => asked.selection.scope = Some(Scope::External),
                ("page", number) => asked.selection.page = page_number(number),
                ("fresh", value) => asked.fresh = value == "1",
                ("format", name) => {
                    asked.format = Some(download::format(name).ok_or_else(|| refuse(Kind::BadQuery))?);
                }
                ("links", _) => return Err(refuse(Kind::BadQuery)),
                _ => {}
            }
        }
        Ok(Some(asked))
    }
}

/// The number of a page, from 1; one too large to hold is as good as the largest.
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

    fn refused(query: &str) -> Kind {
        Asked::parse(query).unwrap_err().kind
    }

    #[test]
    fn no_url_is_no_question() {
        for query in ["", "url", "url=", "url=%20", "page=2", "utm_source=x"] {
            assert!(Asked::parse(query).unwrap().is_none(), "{query}");
        }
    }

    #[test]
    fn every_parameter_is_read() {
        let asked = Asked::parse("url=a.example&domain=b&links=external&page=3&fresh=1&format=csv&x=y");
        let asked = asked.unwrap().unwrap();
        assert_eq!(asked.page.as_str(), "https://a.example");
        let scope = Some(Scope::External);
        assert_eq!(asked.selection, Selection { domain: Some("b".into()), scope, page: 3 });
        assert!(asked.fresh && asked.format.is_some());
    }

    #[test]
    fn an_address_reads_back_as_the_selection_it_was_written_from() {
        let scope = Some(Scope::Internal);
        let selection = Selection { domain: Some("a&b=ü".into()), scope, page: 7 };
        let address = selection.address("https://a.example/?q=1&r=#f");
        let asked = Asked::parse(address.strip_prefix("/?").unwrap()).unwrap().unwrap();
        assert_eq!(asked.selection, selection);
        assert_eq!(asked.page.as_str(), "https://a.example/?q=1&r=#f");
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for query in ["url[]=1", "url%5B0%5D=1", "url=a&url=b", "url=a&links=some", "url=a&format=exe"] {
            assert_eq!(refused(query), Kind::BadQuery, "{query}");
        }
    }

    #[test]
    fn page_numbers_keep_within_bounds() {
        for (text, page) in
            [("3", 3), ("0", 1), ("-1", 1), ("x", 1), ("", 1), ("99999999999999999999", usize::MAX)]
        {
            assert_eq!(page_number(text), page, "{text}");
        }
    }
}
