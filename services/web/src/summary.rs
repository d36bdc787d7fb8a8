//! Where a page's links lead: counts by domain, internal and external.

use crate::{
    api::Answer,
    asked::Asked,
    selection::{Scope, Selection},
};
use links::Link;
use std::collections::HashMap;
use url::Url;

/// The counts of all links, and which of them are selected.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Each domain with its count, most first, then by name.
    pub(crate) domains: Vec<(String, usize)>,
    pub(crate) internal: usize,
    pub(crate) external: usize,
    /// The positions of the selected links.
    pub(crate) selected: Vec<usize>,
}

impl Summary {
    /// Counts `links` of `page`. CPU work: parses every URL.
    pub(crate) fn new(links: &[Link], page: &Url, selection: &Selection) -> Self {
        let mut summary = Self::default();
        let mut domains: HashMap<String, usize> = HashMap::new();
        for (position, link) in links.iter().enumerate() {
            let (domain, scope) = place(&link.href, page);
            match scope {
                Some(Scope::Internal) => summary.internal += 1,
                Some(Scope::External) => summary.external += 1,
                None => {}
            }
            let wanted = selection.domain.as_ref().is_none_or(|wanted| *wanted == domain)
                && selection.scope.is_none_or(|wanted| Some(wanted) == scope);
            if wanted {
                summary.selected.push(position);
            }
            *domains.entry(domain).or_default() += 1;
        }
        summary.domains = domains.into_iter().collect();
        summary.domains.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        summary
    }
}

/// The links that are selected, on every page of the list.
pub(crate) fn select<'a>(links: Vec<Link<'a>>, asked: &Asked, answer: &Answer) -> Vec<Link<'a>> {
    let page = page_of(asked, answer);
    let mut selected = Summary::new(&links, page, &asked.selection).selected.into_iter().peekable();
    let links = links.into_iter().enumerate();
    links.filter(|(position, _)| selected.next_if_eq(position).is_some()).map(|(_, link)| link).collect()
}

/// The page's own URL: after redirects, where the API knows.
pub(crate) fn page_of<'a>(asked: &'a Asked, answer: &'a Answer) -> &'a Url {
    answer.page.as_ref().unwrap_or(asked.page.url())
}

/// The URL behind `href` if a reader may follow it with a click: everything else could act on the page itself
/// or on the reader's machine.
pub(crate) fn followable(href: &str) -> Option<Url> {
    Url::parse(href).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "mailto" | "tel"))
}

/// What a link counts under: its host, or its scheme with the colon; and whether it stays on the page's host.
fn place(href: &str, page: &Url) -> (String, Option<Scope>) {
    let Ok(url) = Url::parse(href) else { return ("(incomplete)".to_owned(), None) };
    match url.host_str() {
        None | Some("") => (format!("{}:", url.scheme()), None),
        Some(host) if page.host_str() == Some(host) => (host.to_owned(), Some(Scope::Internal)),
        Some(host) => (host.to_owned(), Some(Scope::External)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Vec<Link<'static>> {
        let hrefs = [
            "https://b.example/1",
            "https://a.example/",
            "http://B.example:8080/",
            "mailto:x@a.example",
            "javascript:void(0)",
            "file:///etc/passwd",
            "relative",
            "https://c.example/",
        ];
        hrefs.map(|href| Link { text: "".into(), href: href.into() }).into()
    }

    fn summary(domain: Option<&str>, scope: Option<Scope>) -> Summary {
        let selection = Selection { domain: domain.map(str::to_owned), scope, page: 1 };
        Summary::new(&links(), &Url::parse("https://a.example/x").unwrap(), &selection)
    }

    #[test]
    fn most_first_then_by_name() {
        let summary = summary(None, None);
        let domains: Vec<_> = summary.domains.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(
            domains,
            [
                ("b.example", 2),
                ("(incomplete)", 1),
                ("a.example", 1),
                ("c.example", 1),
                ("file:", 1),
                ("javascript:", 1),
                ("mailto:", 1)
            ]
        );
        assert_eq!((summary.internal, summary.external), (1, 3));
        assert_eq!(summary.selected.len(), 8);
    }

    #[test]
    fn a_selection_keeps_the_order_of_the_page() {
        assert_eq!(summary(Some("b.example"), None).selected, [0, 2]);
        assert_eq!(summary(None, Some(Scope::Internal)).selected, [1]);
        assert_eq!(summary(None, Some(Scope::External)).selected, [0, 2, 7]);
        assert_eq!(summary(Some("b.example"), Some(Scope::Internal)).selected, [0; 0]);
    }

    #[test]
    fn only_four_schemes_can_be_followed() {
        for href in ["http://a/", "HTTPS://a/", "mailto:a@b", "tel:+1", " https://a/"] {
            assert!(followable(href).is_some(), "{href}");
        }
        for href in [
            "java\tscript:alert(1)",
            "\u{200b}javascript:alert(1)",
            "data:text/html,x",
            "//a/",
            "a",
            "blob:https://a/b",
            "feed:javascript:alert(1)",
            "about:blank",
            "view-source:http://a/",
            "ftp://a/",
            "",
        ] {
            assert!(followable(href).is_none(), "{href}");
        }
    }
}
