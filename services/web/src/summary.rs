//! Counts a page's links by domain, and selects some of them.

use crate::selection::{LinkScope, Selection};
use links::Link;
use std::collections::HashMap;
use weburl::WebUrl;

/// The counts of all links, and the positions of the selected ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Domains with their numbers of links, most first, equal ones by name.
    pub(crate) domains: Vec<(String, usize)>,
    pub(crate) internal: usize,
    pub(crate) external: usize,
    pub(crate) selected: Vec<usize>,
}

impl Summary {
    /// Counts `links` of the page at `page`. CPU work: parses every URL.
    pub(crate) fn new(links: &[Link], page: &WebUrl, selection: &Selection) -> Self {
        let mut summary = Self::default();
        let mut domains: HashMap<String, usize> = HashMap::new();
        for (position, link) in links.iter().enumerate() {
            let (domain, scope) = domain_and_scope(&link.href, page);
            match scope {
                Some(LinkScope::Internal) => summary.internal += 1,
                Some(LinkScope::External) => summary.external += 1,
                None => {}
            }
            let selected = selection.domain.as_ref().is_none_or(|selected| *selected == domain)
                && selection.scope.is_none_or(|selected| Some(selected) == scope);
            if selected {
                summary.selected.push(position);
            }
            *domains.entry(domain).or_default() += 1;
        }
        summary.domains = domains.into_iter().collect();
        summary.domains.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        summary
    }
}

/// The selected links of all pages of the list, in their order.
pub(crate) fn select<'a>(links: Vec<Link<'a>>, page: &WebUrl, selection: &Selection) -> Vec<Link<'a>> {
    let mut selected = Summary::new(&links, page, selection).selected.into_iter().peekable();
    let links = links.into_iter().enumerate();
    links.filter(|(position, _)| selected.next_if_eq(position).is_some()).map(|(_, link)| link).collect()
}

/// The URL of `href` if it is safe to click: other schemes could run scripts or start programs.
pub(crate) fn clickable(href: &str) -> Option<WebUrl> {
    WebUrl::parse(href).ok().filter(|url| matches!(url.scheme(), "http" | "https" | "mailto" | "tel"))
}

/// The host of a link, or its scheme with the colon if it has none, and its scope.
fn domain_and_scope(href: &str, page: &WebUrl) -> (String, Option<LinkScope>) {
    let Ok(url) = WebUrl::parse(href) else { return ("(incomplete)".to_owned(), None) };
    match url.host_str() {
        None | Some("") => (format!("{}:", url.scheme()), None),
        Some(host) if page.host_str() == Some(host) => (host.to_owned(), Some(LinkScope::Internal)),
        Some(host) => (host.to_owned(), Some(LinkScope::External)),
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

    fn summary(domain: Option<&str>, scope: Option<LinkScope>) -> Summary {
        let selection = Selection { domain: domain.map(str::to_owned), scope, page: 1 };
        Summary::new(&links(), &WebUrl::parse("https://a.example/x").unwrap(), &selection)
    }

    #[test]
    fn domains_are_sorted_by_count_then_by_name() {
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
    fn selected_links_keep_the_order_of_the_page() {
        assert_eq!(summary(Some("b.example"), None).selected, [0, 2]);
        assert_eq!(summary(None, Some(LinkScope::Internal)).selected, [1]);
        assert_eq!(summary(None, Some(LinkScope::External)).selected, [0, 2, 7]);
        assert_eq!(summary(Some("b.example"), Some(LinkScope::Internal)).selected, [0; 0]);
    }

    #[test]
    fn only_four_schemes_are_clickable() {
        for href in ["http://a/", "HTTPS://a/", "mailto:a@b", "tel:+1", " https://a/"] {
            assert!(clickable(href).is_some(), "{href}");
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
            assert!(clickable(href).is_none(), "{href}");
        }
    }
}
