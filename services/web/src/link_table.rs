//! What is known of each link of a page: where it leads, and how often its address occurs.

use crate::{
    search::{Search, lower_case},
    selection::{LinkKind, Selection, SortOrder},
};
use links::{HostScope, Link};
use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    ops::Range,
};
use weburl::WebUrl;

/// A page's links with what is known of them. Memory: 16 bytes a link, twice that while it is made.
#[derive(Debug)]
pub(crate) struct LinkTable<'a> {
    pub(crate) links: &'a [Link<'a>],
    facts: Vec<LinkFacts>,
    pub(crate) domains: Vec<LinkDomain<'a>>,
    /// The number of different addresses.
    pub(crate) addresses: usize,
}

/// Positions and numbers of links have 32 bits: the longest response of the API has fewer links.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkFacts {
    /// The position of the link's domain in [`LinkTable::domains`].
    domain: u32,
    /// The position of the first link with this address.
    first: u32,
    /// How many links have this address.
    pub(crate) occurrences: u32,
    pub(crate) kind: LinkKind,
}

/// A host, or a scheme with its colon, the kind of the first link there, and how many lead there.
#[derive(Debug)]
pub(crate) struct LinkDomain<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) kind: LinkKind,
    pub(crate) count: usize,
}

impl<'a> LinkTable<'a> {
    /// Looks at the `links` of the page at `page`. CPU work: linear in `links`, but for the sorting of numbers.
    pub(crate) fn new(links: &'a [Link<'a>], page: &WebUrl) -> Self {
        let own = page.host_str();
        let mut facts = Vec::with_capacity(links.len());
        let mut domains: Vec<LinkDomain> = Vec::new();
        let mut positions: HashMap<Cow<str>, u32> = HashMap::new();
        let mut last = 0;
        for (position, link) in links.iter().enumerate() {
            let (name, kind) = domain_and_kind(&link.href, own);
            // Links that follow each other often lead to the same host.
            if domains.get(last as usize).is_none_or(|domain| domain.name != name) {
                last = *positions.entry(name).or_insert_with_key(|name| {
                    domains.push(LinkDomain { name: name.clone(), kind, count: 0 });
                    number(domains.len() - 1)
                });
            }
            domains[last as usize].count += 1;
            facts.push(LinkFacts { domain: last, first: number(position), occurrences: 1, kind });
        }
        let addresses = count_addresses(links, &mut facts);
        Self { links, facts, domains, addresses }
    }

    pub(crate) fn facts(&self, position: usize) -> LinkFacts {
        self.facts[position]
    }

    /// The positions of the selected links, in the order of the page, and how many there would be of each kind, in the order
    /// of [`LinkKind::ALL`].
    pub(crate) fn select(&self, selection: &Selection) -> (Vec<u32>, [usize; 3]) {
        let wanted = selection.domain.as_ref().map(|name| {
            let position = self.domains.iter().position(|domain| domain.name == *name);
            position.map_or(u32::MAX, number)
        });
        let mut search = Search::new(&selection.search);
        let mut kinds = [0; 3];
        let fits = |&position: &u32| {
            let (link, facts) = (&self.links[position as usize], &self.facts[position as usize]);
            let fits = wanted.is_none_or(|domain| domain == facts.domain)
                && !(selection.unique && facts.first != position)
                && search.finds(link);
            kinds[facts.kind as usize] += usize::from(fits);
            fits && selection.kind.is_none_or(|kind| kind == facts.kind)
        };
        let selected = (0..number(self.links.len())).filter(fits).collect();
        (selected, kinds)
    }

    /// Brings those of `selected` into place that belong to `window` of the list in `sort` order.
    pub(crate) fn sort(&self, selected: &mut [u32], sort: SortOrder, window: Range<usize>) {
        if sort == SortOrder::Position {
            return;
        }
        let compare = |a: &u32, b: &u32| self.compare(sort, *a, *b);
        // Only the window is sorted: the rest is divided into what comes before and what comes after it.
        let window = window.start.min(selected.len())..window.end.min(selected.len());
        if window.start > 0 && window.start < selected.len() {
            selected.select_nth_unstable_by(window.start, compare);
        }
        let rest = &mut selected[window.start..];
        if window.len() < rest.len() {
            rest.select_nth_unstable_by(window.len(), compare);
        }
        rest[..window.len()].sort_unstable_by(compare);
    }

    /// Never equal for two positions, so that the pages of a list hold each link once.
    fn compare(&self, sort: SortOrder, a: u32, b: u32) -> Ordering {
        let (link, other) = (&self.links[a as usize], &self.links[b as usize]);
        let order = match sort {
            SortOrder::Position => Ordering::Equal,
            SortOrder::Text => compare_texts(&link.text, &other.text),
            SortOrder::Address => link.href.cmp(&other.href),
            SortOrder::Count => {
                let key = |facts: &LinkFacts| (Reverse(facts.occurrences), facts.first);
                key(&self.facts[a as usize]).cmp(&key(&self.facts[b as usize]))
            }
        };
        order.then(a.cmp(&b))
    }
}

/// The URL of `href` if it is safe to click: other schemes could run scripts or start programs.
pub(crate) fn clickable(href: &str) -> Option<Cow<'_, str>> {
    if plain_host(href).is_some() && href.bytes().all(|b| b.is_ascii_graphic()) {
        return Some(href.into());
    }
    let url = WebUrl::parse(href).ok();
    let safe = url.filter(|url| matches!(url.scheme(), "http" | "https" | "mailto" | "tel"));
    safe.map(|url| url.to_string().into())
}

/// The host of a link, or its scheme with the colon if it has none, and where it leads from a page at the host `own`.
fn domain_and_kind<'a>(href: &'a str, own: Option<&str>) -> (Cow<'a, str>, LinkKind) {
    if let Some(host) = plain_host(href) {
        let kind = if own == Some(host) { LinkKind::Internal } else { LinkKind::External };
        return (host.into(), kind);
    }
    // Another implementation of the API may send addresses that are not serialized URLs.
    let Ok(url) = WebUrl::parse(href) else { return ("(incomplete)".into(), LinkKind::Other) };
    let name = url.host_str().map_or_else(|| format!("{}:", url.scheme()), str::to_owned);
    (name.into(), LinkKind::of(HostScope::of(url.as_str(), own)))
}

/// The host of an http(s) URL that has nothing that parsing would change in what comes before the path: most have not, and
/// parsing takes ten times as long.
fn plain_host(href: &str) -> Option<&str> {
    let rest = href.strip_prefix("https://").or_else(|| href.strip_prefix("http://"))?;
    let (mut label, mut last) = (0, b'.');
    for (end, byte) in rest.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'.' => label = end + 1,
            b'-' if last != b'-' => {} // A-labels, which have two, have to be valid.
            // A last label that begins with a digit could be an IPv4 address.
            b'/' if rest.as_bytes()[label].is_ascii_lowercase() => return Some(&rest[..end]),
            _ => return None,
        }
        last = byte;
    }
    None
}

/// Sets the `first` and `occurrences` of all links; returns the number of different addresses.
fn count_addresses(links: &[Link], facts: &mut [LinkFacts]) -> usize {
    // Equal hashes with a random key stand for equal addresses: a map would take three times the memory.
    let state = RandomState::new();
    let hash = |(position, link): (usize, &Link)| (state.hash_one(&*link.href), number(position));
    let mut sorted: Vec<(u64, u32)> = links.iter().enumerate().map(hash).collect();
    sorted.sort_unstable();
    let mut addresses = 0;
    for equal in sorted.chunk_by(|(a, _), (b, _)| a == b) {
        addresses += 1;
        for (_, position) in equal {
            let facts = &mut facts[*position as usize];
            (facts.first, facts.occurrences) = (equal[0].1, number(equal.len()));
        }
    }
    addresses
}

/// Compares without regard to case.
fn compare_texts(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        return a.bytes().map(|b| b.to_ascii_lowercase()).cmp(b.bytes().map(|b| b.to_ascii_lowercase()));
    }
    a.chars().flat_map(lower_case).cmp(b.chars().flat_map(lower_case))
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(hrefs: &[&'static str]) -> Vec<Link<'static>> {
        hrefs.iter().map(|href| Link { text: (*href).into(), href: (*href).into() }).collect()
    }

    fn page() -> WebUrl {
        WebUrl::parse("https://a.example/x").unwrap()
    }

    #[test]
    fn domains_are_hosts_or_schemes_with_the_kind_of_their_links() {
        use LinkKind::{External, Internal, Other};
        let links = links(&[
            "https://b.example/1",
            "https://a.example/",
            "http://B.example:8080/",
            "https://u@a.example:1/",
            "mailto:x@a.example",
            "ftp://a.example/",
            "file:///etc/passwd",
            "relative",
            "http://1.2/",
            "https://a.example.c.example/",
        ]);
        let table = LinkTable::new(&links, &page());
        let domains: Vec<_> =
            table.domains.iter().map(|domain| (&*domain.name, domain.kind, domain.count)).collect();
        assert_eq!(
            domains,
            [
                ("b.example", External, 2),
                ("a.example", Internal, 3),
                ("mailto:", Other, 1),
                ("file:", Other, 1),
                ("(incomplete)", Other, 1),
                ("1.0.0.2", External, 1),
                ("a.example.c.example", External, 1)
            ]
        );
        assert_eq!(table.select(&Selection::all()).1, [2, 4, 4]);
    }

    #[test]
    fn each_page_of_a_sorted_list_is_the_same_part_of_the_whole_list() {
        let hrefs = ["b:1", "a:1", "c:3", "b:1", "a:2", "c:3", "c:3", "B:1"];
        let links = links(&hrefs);
        let table = LinkTable::new(&links, &page());
        assert_eq!(table.addresses, 5);
        for sort in SortOrder::ALL {
            let sorted = |window: Range<usize>| {
                let (mut selected, _) = table.select(&Selection::all());
                table.sort(&mut selected, sort, window.clone());
                selected[window.start.min(hrefs.len())..window.end.min(hrefs.len())].to_vec()
            };
            let whole = sorted(0..hrefs.len());
            for size in 1..hrefs.len() {
                let pages: Vec<_> =
                    (0..hrefs.len()).step_by(size).map(|start| sorted(start..start + size)).collect();
                assert_eq!(pages.concat(), whole, "{sort:?} {size}");
            }
        }
    }

    #[test]
    fn only_four_schemes_are_clickable() {
        for (href, target) in [
            ("http://a/", "http://a/"),
            ("HTTPS://a/", "https://a/"),
            ("mailto:a@b", "mailto:a@b"),
            ("tel:+1", "tel:+1"),
            (" https://a/", "https://a/"),
            ("https://a.example/ü", "https://a.example/%C3%BC"),
            ("https://a.example/x?y#z", "https://a.example/x?y#z"),
        ] {
            assert_eq!(clickable(href).as_deref(), Some(target), "{href}");
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
            "https:",
            "",
        ] {
            assert!(clickable(href).is_none(), "{href}");
        }
    }
}
