//! The rows of the table of links.

use super::{text::cut, variables::variables};
use crate::{
    link_table::{LinkTable, clickable},
    readable_domain::readable_domain,
    templates::escape,
};
use minijinja::Value;
use std::borrow::Cow;
use weburl::WebUrl;

/// Bytes of an address in the box to copy; longer ones are only in the files.
const COPIED: usize = 4096;

variables! {
    /// A link. `target` is the URL to link to, if it is safe to click; `readable` is how its host reads, if it is an
    /// internationalized domain name.
    LinkRow { number, kind, text, href, target, readable, occurrences }
}

/// A link of the table.
struct ShownLink<'a> {
    number: usize,
    kind: &'static str,
    text: Cow<'a, str>,
    /// The whole address.
    href: &'a str,
    target: Option<Cow<'a, str>>,
    readable: Option<String>,
    occurrences: u32,
}

/// Rows as HTML, and what is made from the same links.
pub(super) struct RowsHtml {
    /// The rows. They are most of the page, and a template takes ten times as long for them.
    pub(super) table: String,
    /// The addresses to copy, one a line.
    pub(super) copy: String,
    /// How many addresses are too long for that.
    pub(super) not_copied: usize,
}

impl<'a> ShownLink<'a> {
    fn new(position: u32, table: &LinkTable<'a>) -> Self {
        let (link, facts) = (&table.links[position as usize], table.facts(position as usize));
        let readable = || readable_domain(WebUrl::parse(&link.href).ok()?.host_str()?);
        Self {
            number: position as usize + 1,
            kind: facts.kind.name(),
            text: cut(&link.text),
            href: &link.href,
            target: clickable(&link.href),
            readable: link.href.contains("xn--").then(readable).flatten(),
            occurrences: facts.occurrences,
        }
    }
}

/// The rows of the links at these positions as variables, for templates that make them from these.
pub(super) fn variables(shown: &[u32], table: &LinkTable) -> Value {
    let row = |position: &u32| {
        let link = ShownLink::new(*position, table);
        LinkRow {
            number: link.number.into(),
            kind: link.kind.into(),
            text: link.text.into(),
            href: cut(link.href).into(),
            target: link.target.into(),
            readable: link.readable.into(),
            occurrences: link.occurrences.into(),
        }
    };
    shown.iter().map(row).collect()
}

impl RowsHtml {
    /// The rows of the links at these positions.
    pub(super) fn new(shown: &[u32], table: &LinkTable) -> Self {
        // Longer addresses are rare.
        let length = |position: &u32| table.links[*position as usize].href.len().min(256);
        let addresses = shown.iter().map(length).sum::<usize>() + shown.len();
        let mut html = Self {
            table: String::with_capacity(256 * shown.len() + 2 * addresses),
            copy: String::with_capacity(addresses),
            not_copied: 0,
        };
        for position in shown {
            html.add(&ShownLink::new(*position, table));
        }
        html
    }

    fn add(&mut self, link: &ShownLink) {
        let (table, text, address) = (&mut self.table, escape(&link.text), escape(link.href));
        let number = link.number.to_string();
        table.extend([
            "<tr class=\"",
            link.kind,
            "\">\n<td class=\"number\">",
            &number,
            "</td>\n<td class=\"text\">",
        ]);
        match link.target.as_deref() {
            None => table.extend(["<bdi>", &text, "</bdi>"]),
            Some(target) => {
                let target = if target == link.href { Cow::Borrowed(&*address) } else { escape(target) };
                let rel = "\" rel=\"noopener noreferrer nofollow ugc\"><bdi>";
                table.extend(["<a href=\"", &target, rel, &text, "</bdi></a>"]);
            }
        }
        if link.occurrences > 1 {
            table.extend([" <span class=\"times\">×", &link.occurrences.to_string(), "</span>"]);
        }
        let shown = cut(link.href);
        let shown = if shown == link.href { Cow::Borrowed(&*address) } else { escape(&shown) };
        table.extend(["</td>\n<td class=\"address\"><bdi>", &shown, "</bdi>"]);
        if let Some(readable) = &link.readable {
            table.extend([" <bdi class=\"readable\">", &escape(readable), "</bdi>"]);
        }
        table.push_str("</td>\n</tr>\n");
        if link.href.len() <= COPIED {
            self.copy.extend([&*address, "\n"]);
        } else {
            self.not_copied += 1;
        }
    }
}
