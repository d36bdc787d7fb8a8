//! The rows of the tables of domains.

use super::{
    text::{cut, grouped, percent},
    variables::variables,
};
use crate::{
    link_table::{LinkDomain, LinkTable},
    readable_domain::readable_domain,
    selection::{Addresses, Selection, VALUE},
    templates::escape,
};
use minijinja::Value;
use percent_encoding::utf8_percent_encode;

/// Domains that are visible at once; more are in a closed list.
const DOMAINS: usize = 12;
/// Domains in that list at most; more are only counted.
const MORE_DOMAINS: usize = 1000;
/// Bytes of that list's addresses, about: all of them hold the URL of the page.
const MORE_ADDRESSES: usize = 256 << 10;

variables! {
    /// A domain; `width` is its count in percent of the largest one.
    DomainView { name, readable, kind, count, percent, width, address, current }
}

/// The domains of a page.
pub(super) struct DomainList<'a> {
    /// The most frequent ones, visible at once.
    visible: Vec<&'a LinkDomain<'a>>,
    /// The next ones.
    closed: Vec<&'a LinkDomain<'a>>,
    /// How many are in neither list, and the links to them.
    pub(super) rest: usize,
    pub(super) rest_links: usize,
    /// All links of the page, and those to the most frequent domain.
    total: usize,
    most: usize,
    /// The domain that is selected.
    current: Option<&'a str>,
    addresses: DomainAddresses,
}

/// The addresses that show the links to one domain, as HTML; what else is selected stays so.
struct DomainAddresses {
    /// What comes before and after the domain's name.
    start: String,
    end: String,
    /// The address that shows all domains.
    all: String,
}

impl<'a> DomainList<'a> {
    pub(super) fn new(table: &'a LinkTable, addresses: &Addresses, selection: &'a Selection) -> Self {
        let mut visible: Vec<_> = table.domains.iter().collect();
        visible.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        let mut closed = visible.split_off(DOMAINS.min(visible.len()));
        let addresses = DomainAddresses::new(addresses, selection);
        let most_closed = (MORE_ADDRESSES / addresses.length()).min(MORE_DOMAINS);
        let rest = closed.split_off(most_closed.min(closed.len()));
        Self {
            rest: rest.len(),
            rest_links: rest.iter().map(|domain| domain.count).sum(),
            total: table.links.len(),
            most: visible.first().map_or(1, |domain| domain.count),
            current: selection.domain.as_deref(),
            visible,
            closed,
            addresses,
        }
    }

    /// How many are not visible at once.
    pub(super) fn hidden(&self) -> usize {
        self.closed.len() + self.rest
    }

    /// The rows of the visible domains, and those of the closed list. A template takes ten times as long for them.
    pub(super) fn html(&self) -> [String; 2] {
        [&self.visible, &self.closed].map(|domains| {
            let mut html = String::with_capacity(512 * domains.len());
            for domain in domains {
                self.add(&mut html, domain);
            }
            html
        })
    }

    /// The same as variables, for templates that make the rows from these.
    pub(super) fn variables(&self) -> [Value; 2] {
        let view = |domain: &&LinkDomain| DomainView {
            name: cut(&domain.name).into(),
            readable: readable_domain(&domain.name).into(),
            kind: domain.kind.name().into(),
            count: domain.count.into(),
            percent: percent(domain.count, self.total).into(),
            width: self.width(domain).into(),
            address: Value::from_safe_string(self.addresses.of(&domain.name, self.is_current(domain))),
            current: self.is_current(domain).into(),
        };
        [&self.visible, &self.closed].map(|domains| domains.iter().map(view).collect())
    }

    fn add(&self, html: &mut String, domain: &LinkDomain) {
        let (kind, is_current) = (domain.kind.name(), self.is_current(domain));
        html.extend(["<tr class=\"", kind, "\">\n<th scope=\"row\"><a href=\""]);
        self.addresses.add(html, &domain.name, is_current);
        html.push_str(if is_current { "#links\" aria-current=\"true\"><bdi>" } else { "#links\"><bdi>" });
        html.extend([&escape(&cut(&domain.name)), "</bdi></a>"]);
        if let Some(readable) = readable_domain(&domain.name) {
            html.extend([" <bdi class=\"readable\">", &escape(&readable), "</bdi>"]);
        }
        if kind == "internal" {
            html.push_str(" <span class=\"own\">this site</span>");
        }
        let percent = percent(domain.count, self.total);
        html.extend(["</th>\n<td class=\"count\">", &grouped(domain.count), "</td>\n<td class=\"percent\">"]);
        html.extend([
            &escape(&percent),
            "<svg class=\"bar\" width=\"100%\" height=\"4\" aria-hidden=\"true\">",
        ]);
        html.extend(["<rect class=\"value\" width=\"", &self.width(domain).to_string()]);
        html.push_str("%\" height=\"4\" rx=\"2\"/></svg></td>\n</tr>\n");
    }

    fn is_current(&self, domain: &LinkDomain) -> bool {
        self.current == Some(&*domain.name)
    }

    fn width(&self, domain: &LinkDomain) -> usize {
        (domain.count * 100 / self.most).max(1)
    }
}

impl DomainAddresses {
    fn new(addresses: &Addresses, selection: &Selection) -> Self {
        let other = Selection { domain: None, page: 1, ..selection.clone() };
        let all = addresses.of(&other);
        let (start, end) = all.split_at(addresses.start().len());
        Self { start: format!("{start}&amp;domain="), end: end.to_owned(), all }
    }

    fn length(&self) -> usize {
        self.start.len() + self.end.len()
    }

    fn of(&self, name: &str, is_current: bool) -> String {
        let mut address = String::new();
        self.add(&mut address, name, is_current);
        address
    }

    /// Adds the address for the domain `name`; a second click, when it `is_current`, shows all domains again.
    fn add(&self, text: &mut String, name: &str, is_current: bool) {
        if is_current {
            text.push_str(&self.all);
        } else {
            text.push_str(&self.start);
            text.extend(utf8_percent_encode(name, VALUE));
            text.push_str(&self.end);
        }
    }
}
