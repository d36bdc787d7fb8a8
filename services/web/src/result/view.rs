//! The variables of `result.html`.

use crate::{
    api::ApiResponse,
    page_query::PageQuery,
    selection::{FORMATS, LinkScope, Selection},
    summary::{Summary, clickable},
};
use links::Link;
use serde::Serialize;

/// Domains that are visible at once; more are in a closed list.
const DOMAINS: usize = 12;
/// Domains in that list at most; more are only counted.
const MORE_DOMAINS: usize = 1000;
/// Characters of a value that are shown.
const SHOWN: usize = 240;

/// One page of the list of links, with what surrounds it.
#[derive(Debug, Serialize)]
pub(super) struct ResultView {
    /// The URL as entered.
    asked: String,
    /// The page's final URL, if a redirect led elsewhere.
    page: Option<String>,
    total: usize,
    domain_count: usize,
    domains: Vec<DomainView>,
    more_domains: Vec<DomainView>,
    /// The domains in neither list.
    rest: HiddenDomains,
    scopes: Vec<Choice>,
    /// The selected domain, with the address that clears it.
    filter: Option<Choice>,
    filtered: bool,
    /// The address of all links.
    all: String,
    /// Selected links on all pages.
    matched: usize,
    first: usize,
    last: usize,
    rows: Vec<LinkRow>,
    pages: Pagination,
    downloads: Vec<Choice>,
    age: Option<String>,
}

#[derive(Debug, Serialize)]
struct DomainView {
    #[serde(flatten)]
    choice: Choice,
    /// The count in percent of the largest one.
    percent: usize,
}

#[derive(Debug, Default, Serialize)]
struct HiddenDomains {
    domains: usize,
    links: usize,
}

/// A link of this page to another selection.
#[derive(Debug, Serialize)]
struct Choice {
    label: String,
    count: usize,
    address: String,
    current: bool,
}

impl Choice {
    fn new(label: &str, count: usize, address: String, current: bool) -> Self {
        Self { label: cut(label), count, address, current }
    }
}

#[derive(Debug, Serialize)]
struct LinkRow {
    number: usize,
    text: String,
    href: String,
    /// The URL to link to, if it is safe to click.
    target: Option<String>,
}

#[derive(Debug, Serialize)]
struct Pagination {
    number: usize,
    count: usize,
    previous: Option<String>,
    next: Option<String>,
}

impl ResultView {
    /// The view of the selected `links`, at most `page_size` of them. CPU work: linear in `links`.
    pub(super) fn new(links: &[Link], query: &PageQuery, response: &ApiResponse, page_size: usize) -> Self {
        let (url, selection) = (query.url.as_str(), &query.selection);
        let summary = Summary::new(links, &response.page, selection);
        let matched = summary.selected.len();
        let count = matched.div_ceil(page_size).max(1);
        let number = selection.page.clamp(1, count);
        let start = (number - 1) * page_size;
        let shown = summary.selected.iter().skip(start).take(page_size);
        let rows: Vec<_> = shown.map(|&position| row(position, &links[position])).collect();
        let page_address = |page| Selection { page, ..selection.clone() }.address(url);
        let most = summary.domains.first().map_or(1, |(_, count)| *count);
        let mut domains = summary.domains.iter();
        let mut show =
            |limit| domains.by_ref().take(limit).map(|entry| domain(entry, most, url, selection)).collect();
        let (first_domains, more_domains) = (show(DOMAINS), show(MORE_DOMAINS));
        let rest = HiddenDomains { domains: domains.len(), links: domains.map(|(_, count)| count).sum() };
        Self {
            asked: url.to_owned(),
            page: (response.page.without_fragment() != query.url.url().without_fragment())
                .then(|| response.page.to_string()),
            total: links.len(),
            domain_count: summary.domains.len(),
            domains: first_domains,
            more_domains,
            rest,
            scopes: scopes(&summary, links.len(), url, selection),
            filter: selection.domain.as_ref().map(|label| {
                let all_domains = Selection { domain: None, page: 1, ..selection.clone() };
                Choice::new(label, matched, all_domains.address(url), true)
            }),
            filtered: selection.domain.is_some() || selection.scope.is_some(),
            all: Selection::all().address(url),
            matched,
            first: start + 1,
            last: start + rows.len(),
            rows,
            pages: Pagination {
                number,
                count,
                previous: (number > 1).then(|| page_address(number - 1)),
                next: (number < count).then(|| page_address(number + 1)),
            },
            downloads: FORMATS
                .map(|(_, name, label)| Choice::new(label, matched, selection.download(url, name), false))
                .into(),
            age: response.age.map(ago),
        }
    }
}

fn row(position: usize, link: &Link) -> LinkRow {
    let target = clickable(&link.href).map(|url| url.to_string());
    LinkRow { number: position + 1, text: cut(&link.text), href: cut(&link.href), target }
}

fn domain((label, count): &(String, usize), most: usize, url: &str, selection: &Selection) -> DomainView {
    let current = selection.domain.as_ref() == Some(label);
    let address = Selection { domain: Some(label.clone()), ..Selection::all() }.address(url);
    DomainView { choice: Choice::new(label, *count, address, current), percent: (count * 100 / most).max(1) }
}

fn scopes(summary: &Summary, total: usize, url: &str, selection: &Selection) -> Vec<Choice> {
    let choice = |label, scope, count| {
        let address = Selection { scope, ..Selection::all() }.address(url);
        Choice::new(label, count, address, selection.domain.is_none() && selection.scope == scope)
    };
    vec![
        choice("All", None, total),
        choice("Internal", Some(LinkScope::Internal), summary.internal),
        choice("External", Some(LinkScope::External), summary.external),
    ]
}

/// The first [`SHOWN`] characters of `value`.
fn cut(value: &str) -> String {
    let mut characters = value.chars();
    let mut shown: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// An age in words, rounded down.
fn ago(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..5 => return "just now".to_owned(),
        5..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut(&"ü".repeat(SHOWN)), "ü".repeat(SHOWN));
        assert_eq!(cut(&"ü".repeat(SHOWN + 1)), format!("{}…", "ü".repeat(SHOWN)));
    }

    #[test]
    fn ages_are_rounded_down() {
        for (seconds, text) in [
            (0, "just now"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (7199, "1 hour ago"),
            (7200, "2 hours ago"),
        ] {
            assert_eq!(ago(seconds), text);
        }
    }
}
