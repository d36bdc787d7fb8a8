//! What `result.html` gets.

use crate::{
    api::Answer,
    asked::Asked,
    download::FORMATS,
    selection::{Scope, Selection},
    summary::{self, Summary},
};
use links::Link;
use serde::Serialize;
use url::{Position, Url};

/// How many domains are shown at once; the rest is folded away.
const DOMAINS: usize = 12;
/// How many are folded away at most; the rest is only counted.
const MORE_DOMAINS: usize = 1000;
/// Characters of a value that are shown.
const SHOWN: usize = 240;

/// A page's links, as far as they are shown.
#[derive(Debug, Serialize)]
pub(super) struct View {
    /// As asked for.
    asked: String,
    /// The page's own URL, where a redirect led elsewhere.
    page: Option<String>,
    total: usize,
    domain_count: usize,
    domains: Vec<Domain>,
    more_domains: Vec<Domain>,
    /// Domains and links that neither list shows.
    rest: Rest,
    scopes: Vec<Choice>,
    /// The chosen domain and the address without it.
    filter: Option<Choice>,
    filtered: bool,
    all: String,
    /// Links that are selected.
    matched: usize,
    first: usize,
    last: usize,
    rows: Vec<Row>,
    pages: Pages,
    downloads: Vec<Choice>,
    age: Option<String>,
}

#[derive(Debug, Serialize)]
struct Domain {
    #[serde(flatten)]
    choice: Choice,
    /// Of the most frequent domain.
    percent: usize,
}

#[derive(Debug, Default, Serialize)]
struct Rest {
    domains: usize,
    links: usize,
}

/// Something to click that shows another part.
#[derive(Debug, Serialize)]
struct Choice {
    label: String,
    count: usize,
    address: String,
    current: bool,
}

/// One link.
#[derive(Debug, Serialize)]
struct Row {
    number: usize,
    text: String,
    href: String,
    /// Where a click leads; none where it must not lead anywhere.
    target: Option<String>,
}

#[derive(Debug, Serialize)]
struct Pages {
    number: usize,
    count: usize,
    previous: Option<String>,
    next: Option<String>,
}

impl View {
    /// A view of the selected part of `links`, `page_size` rows at most. CPU work: linear in `links`.
    pub(super) fn new(links: &[Link], asked: &Asked, answer: &Answer, page_size: usize) -> Self {
        let url = asked.page.as_str();
        let page = summary::page_of(asked, answer);
        let chosen = &asked.selection;
        let summary = Summary::new(links, page, chosen);
        let matched = summary.selected.len();
        let count = matched.div_ceil(page_size).max(1);
        let number = chosen.page.clamp(1, count);
        let start = (number - 1) * page_size;
        let shown = summary.selected.iter().skip(start).take(page_size);
        let rows: Vec<Row> = shown.map(|&position| row(position, &links[position])).collect();
        let turn = |page| Selection { page, ..chosen.clone() }.address(url);
        let mut domains = summary.domains.iter();
        let most = summary.domains.first().map_or(1, |(_, count)| *count);
        let mut show =
            |limit| domains.by_ref().take(limit).map(|entry| domain(entry, most, url, chosen)).collect();
        let (first_domains, more_domains) = (show(DOMAINS), show(MORE_DOMAINS));
        let rest = domains.fold(Rest::default(), |rest, (_, count)| Rest {
            domains: rest.domains + 1,
            links: rest.links + count,
        });
        Self {
            asked: url.to_owned(),
            page: (whole(page) != whole(asked.page.url())).then(|| page.to_string()),
            total: links.len(),
            domain_count: summary.domains.len(),
            domains: first_domains,
            more_domains,
            rest,
            scopes: scopes(&summary, links.len(), url, chosen),
            filter: chosen.domain.as_ref().map(|label| Choice {
                label: cut(label),
                count: matched,
                address: Selection { domain: None, page: 1, ..chosen.clone() }.address(url),
                current: true,
            }),
            filtered: chosen.domain.is_some() || chosen.scope.is_some(),
            all: Selection::all().address(url),
            matched,
            first: start + 1,
            last: start + rows.len(),
            rows,
            pages: Pages {
                number,
                count,
                previous: (number > 1).then(|| turn(number - 1)),
                next: (number < count).then(|| turn(number + 1)),
            },
            downloads: FORMATS.map(|(_, name, label)| download(name, label, matched, url, chosen)).into(),
            age: answer.age.map(ago),
        }
    }
}

/// A URL without its fragment: a redirect is not what the fragment alone tells apart.
fn whole(url: &Url) -> &str {
    &url[..Position::AfterQuery]
}

fn row(position: usize, link: &Link) -> Row {
    let target = summary::followable(&link.href).map(String::from);
    Row { number: position + 1, text: cut(&link.text), href: cut(&link.href), target }
}

fn domain((label, count): &(String, usize), most: usize, url: &str, chosen: &Selection) -> Domain {
    let current = chosen.domain.as_ref() == Some(label);
    let address = Selection { domain: Some(label.clone()), ..Selection::all() }.address(url);
    let percent = (count * 100 / most).max(1);
    Domain { choice: Choice { label: cut(label), count: *count, address, current }, percent }
}

fn scopes(summary: &Summary, total: usize, url: &str, chosen: &Selection) -> Vec<Choice> {
    let choice = |label: &str, scope, count| Choice {
        label: label.to_owned(),
        count,
        address: Selection { scope, ..Selection::all() }.address(url),
        current: chosen.domain.is_none() && chosen.scope == scope,
    };
    vec![
        choice("All", None, total),
        choice("Internal", Some(Scope::Internal), summary.internal),
        choice("External", Some(Scope::External), summary.external),
    ]
}

fn download(name: &str, label: &str, count: usize, url: &str, chosen: &Selection) -> Choice {
    let address = chosen.download(url, name);
    Choice { label: label.to_owned(), count, address, current: false }
}

/// `value`, not longer than a reader reads.
fn cut(value: &str) -> String {
    let mut characters = value.chars();
    let mut shown: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// How long ago something was, `seconds` being exact.
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
    fn values_are_cut_between_characters() {
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
