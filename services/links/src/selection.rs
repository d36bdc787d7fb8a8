//! Selects links of a page: by where they lead, and the first of equal addresses.

use crate::{Link, Links};
use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};
use weburl::WebUrl;

/// Where a link leads, seen from its page. Links of schemes other than http and https lead to neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostScope {
    /// An http(s) link to the host of the page's final URL, on any port.
    Internal,
    /// Every other http(s) link.
    External,
}

impl HostScope {
    /// Where `href`, an address as the URL standard serializes it, leads from a page at the host `own`; `None` for other
    /// schemes than http and https.
    pub fn of(href: &str, own: Option<&str>) -> Option<Self> {
        let rest = href.strip_prefix("https://").or_else(|| href.strip_prefix("http://"))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host_and_port = authority.rsplit('@').next().unwrap_or_default();
        let host = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => host_and_port,
        };
        Some(if own == Some(host) { Self::Internal } else { Self::External })
    }
}

/// The links that are wanted; by default all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LinkSelection {
    /// Only links that lead there.
    pub scope: Option<HostScope>,
    /// Only the first link of each address, compared as strings, fragment included.
    pub unique: bool,
}

impl LinkSelection {
    /// The selected ones of `links`, which are resolved, in order. `page` is the page's final URL.
    #[must_use]
    pub fn of(self, links: Links, page: Option<&WebUrl>) -> Links {
        let own = page.and_then(WebUrl::host_str);
        self.select(&links, |href| HostScope::of(href, own)).unwrap_or(links)
    }

    /// Whether a link is selected, to be asked of each link of a page, resolved and in order. `page` is the page's final
    /// URL.
    pub fn filter<'a>(self, page: Option<&WebUrl>) -> impl FnMut(&Link<'a>) -> bool {
        let own = page.and_then(WebUrl::host_str);
        self.filter_by(move |href| HostScope::of(href, own))
    }

    /// The selected ones of `links` as they are written, in order. A value that does not resolve against `base` leads
    /// nowhere.
    pub(crate) fn of_written(self, links: Links, base: Option<WebUrl>, page: Option<&WebUrl>) -> Links {
        // Only the host counts: without its path, the length of the base does not count for each link.
        let base = base.and_then(|base| base.join("/").ok());
        let own = page.and_then(WebUrl::host_str);
        let resolved = |href: &str| WebUrl::parse_with(href, base.as_ref(), None).ok();
        self.select(&links, |href| resolved(href).and_then(|url| HostScope::of(url.as_str(), own)))
            .unwrap_or(links)
    }

    /// `None`: all of them.
    fn select(self, links: &Links, scope: impl Fn(&str) -> Option<HostScope>) -> Option<Links> {
        if self == Self::default() {
            return None;
        }
        let mut selected = Links::default();
        let mut is_selected = self.filter_by(scope);
        for link in links {
            if is_selected(&link) {
                selected.push(&link.href, &link.text);
            }
        }
        Some(selected)
    }

    fn filter_by<'a>(self, scope: impl Fn(&str) -> Option<HostScope>) -> impl FnMut(&Link<'a>) -> bool {
        // Equal hashes with a random key stand for equal addresses: a set of these takes less memory than the links, even
        // the shortest ones.
        let (state, mut seen) = (RandomState::new(), HashSet::new());
        move |link| {
            let fits = self.scope.is_none() || scope(&link.href) == self.scope;
            fits && (!self.unique || seen.insert(state.hash_one(&*link.href)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(hrefs: &[&str]) -> Links {
        let mut links = Links::default();
        for href in hrefs {
            links.push(href, "t");
        }
        links
    }

    fn hrefs(links: &Links) -> Vec<String> {
        links.iter().map(|link| link.href.into_owned()).collect()
    }

    const HREFS: [&str; 8] = [
        "http://a.example/",
        "https://a.example:8443/x@y:1?z",
        "http://b.example/",
        "http://user@a.example/",
        "http://a.example.b.example/",
        "mailto:x@a.example",
        "http://[::1]/",
        "http://[::1]:80/",
    ];

    fn selected(scope: HostScope, page: &str) -> Vec<usize> {
        let page = WebUrl::parse(page).unwrap();
        let selection = LinkSelection { scope: Some(scope), unique: false };
        let found = hrefs(&selection.of(links(&HREFS), Some(&page)));
        found.iter().map(|href| HREFS.iter().position(|all| all == href).unwrap()).collect()
    }

    #[test]
    fn links_to_the_pages_host_are_internal_and_other_web_links_external() {
        assert_eq!(selected(HostScope::Internal, "https://a.example:1/p"), [0, 1, 3]);
        assert_eq!(selected(HostScope::External, "https://a.example:1/p"), [2, 4, 6, 7]);
        assert_eq!(selected(HostScope::Internal, "http://[::1]:9/"), [6, 7]);
        assert_eq!(selected(HostScope::Internal, "file:///p"), [0; 0]);
    }

    #[test]
    fn the_first_of_equal_addresses_stays() {
        let selection = LinkSelection { unique: true, ..LinkSelection::default() };
        let found = selection.of(links(&["http://b/", "http://a/#x", "http://b/", "http://a/"]), None);
        assert_eq!(hrefs(&found), ["http://b/", "http://a/#x", "http://a/"]);
    }

    #[test]
    fn values_as_written_are_compared_as_written_and_lead_where_they_resolve_to() {
        let page = WebUrl::parse("http://a/p/q").unwrap();
        let written = || links(&["x", " x", "//b/", "x", "http://[bad/", "mailto:x"]);
        let of = |scope, unique| {
            hrefs(&LinkSelection { scope, unique }.of_written(written(), Some(page.clone()), Some(&page)))
        };
        assert_eq!(of(Some(HostScope::Internal), false), ["x", " x", "x"]);
        assert_eq!(of(Some(HostScope::External), false), ["//b/"]);
        assert_eq!(of(None, true), ["x", " x", "//b/", "http://[bad/", "mailto:x"]);
    }
}
