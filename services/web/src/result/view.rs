//! The variables of `result.html`.

use super::{
    domains::DomainList,
    pagination::Pagination,
    rows::{self, RowsHtml},
    strip::LinkStrip,
    text::{ago, cut, percent},
    variables::variables,
};
use crate::{
    api::ApiResponse,
    link_table::LinkTable,
    page_query::PageQuery,
    public_api::PublicApi,
    readable_domain::readable_domain,
    selection::{Addresses, LinkKind, Selection, SortOrder},
    state::WebState,
};
use links::Link;
use minijinja::Value;

/// Sizes of pages of the list that can be chosen, besides the default.
const SIZES: [usize; 4] = [50, 100, 500, 1000];

/// Bytes of a page besides its tables and the addresses to copy, about.
const BESIDES: usize = 8 << 10;

variables! {
    /// One page of the list of links, with what surrounds it.
    ResultView {
        /// The URL as entered.
        asked,
        /// The page's final URL, if a redirect led elsewhere.
        page,
        /// The URL to link to: the final one, as it was parsed.
        target,
        title,
        /// The page's host, and how it reads if it is an internationalized domain name.
        host, readable,
        age, total, addresses, unresolved, approximate, strip,
        /// The links of all kinds that fit what else is selected, and their address; those of each kind.
        found, all_kinds, internal, external, other,
        domain_count,
        /// The rows of the most frequent domains and those of the closed list as HTML, and both as variables for templates
        /// that are read from a folder.
        domain_table, more_domain_table, domains, more_domains,
        /// The domains that are not among the most frequent ones; those in neither list, and the links to them.
        hidden_domains, rest_domains, rest_links,
        /// The parameters of the selection, for "Fetch again".
        parameters,
        search, unique, domain, kind,
        /// The order of the list; the addresses of its other orders.
        sort, by_position, by_text, by_address,
        /// Links per page of the list, and what can be chosen.
        size, sizes,
        /// What narrows the list, with the addresses that drop it.
        filters,
        /// The address of all links.
        all,
        /// Selected links on all pages.
        matched,
        /// The first and the last of those on this page, and how many there are.
        first, last, shown,
        /// Their rows as HTML, and as variables for templates that are read from a folder.
        table, rows,
        pages,
        /// The address of a download, but for the name of its format.
        download,
        /// The addresses of the rows as HTML, one a line, and how many are too long for that.
        copy, not_copied,
        /// The API's call, and whether it selects less than the page.
        call, partial,
    }
}

variables! {
    /// The links of a kind: how many of them fit what else is selected, in percent of all kinds, and their address.
    KindView { count, percent, address }
}

variables! {
    /// What narrows the list, with the address that drops it.
    FilterView { name, label, address }
}

impl ResultView {
    /// The view of the selected `links`. CPU work: linear in `links`.
    pub(super) fn new(links: &[Link], query: &PageQuery, response: &ApiResponse, state: &WebState) -> Self {
        let (url, selection, page) = (query.url.as_str(), &query.selection, &response.page);
        let addresses = Addresses::new(url);
        let table = LinkTable::new(links, page);
        let (mut selected, counts) = table.select(selection);
        let strip = LinkStrip::new(&table, &selected);
        let matched = selected.len();
        let largest = state.page_size.max(SIZES[SIZES.len() - 1]);
        let size = selection.size.unwrap_or(state.page_size).min(largest);
        let pages = Pagination::new(selection.page, matched, size);
        let window = pages.window();
        table.sort(&mut selected, selection.sort, window.clone());
        let shown = &selected[window.start.min(matched)..window.end.min(matched)];
        let html = RowsHtml::new(shown, &table);
        let rows = state.templates.are_replaceable().then(|| rows::variables(shown, &table));
        let list = DomainList::new(&table, &addresses, selection);
        let [domain_table, more_domain_table] = list.html().map(Value::from_safe_string);
        let [domains, more_domains] =
            if state.templates.are_replaceable() { list.variables() } else { Default::default() };
        let address = |selection: Selection| Value::from_safe_string(addresses.of(&selection));
        let sorted = |sort| address(Selection { sort, page: 1, ..selection.clone() });
        let [internal, external, other] = kinds(counts, &addresses, selection);
        let redirected = page.without_fragment() != query.url.url().without_fragment();
        Self {
            asked: url.into(),
            page: redirected.then(|| page.as_str()).into(),
            target: page.as_str().into(),
            title: response.title.as_deref().into(),
            host: page.host_str().unwrap_or_default().into(),
            readable: page.host_str().and_then(readable_domain).into(),
            age: response.age.map(ago).into(),
            total: links.len().into(),
            addresses: table.addresses.into(),
            unresolved: response.unresolved.into(),
            approximate: response.approximate.into(),
            strip: strip.into(),
            found: counts.iter().sum::<usize>().into(),
            all_kinds: address(Selection { kind: None, page: 1, ..selection.clone() }),
            internal,
            external,
            other,
            domain_count: table.domains.len().into(),
            domain_table,
            more_domain_table,
            domains,
            more_domains,
            hidden_domains: list.hidden().into(),
            rest_domains: list.rest.into(),
            rest_links: list.rest_links.into(),
            parameters: selection
                .parameters()
                .map(|(name, value)| Value::from(vec![name.into(), Value::from(value)]))
                .collect(),
            search: selection.search.as_str().into(),
            unique: selection.unique.into(),
            domain: selection.domain.as_deref().into(),
            kind: selection.kind.map(LinkKind::name).into(),
            sort: selection.sort.name().into(),
            by_position: sorted(SortOrder::Position),
            by_text: sorted(SortOrder::Text),
            by_address: sorted(SortOrder::Address),
            size: size.into(),
            sizes: sizes(size, state.page_size),
            filters: filters(&addresses, selection),
            all: address(Selection::all()),
            matched: matched.into(),
            first: (window.start + 1).into(),
            last: (window.start + shown.len()).into(),
            shown: shown.len().into(),
            table: Value::from_safe_string(html.table),
            rows: rows.into(),
            pages: pages.view(&addresses, selection).into(),
            download: Value::from_safe_string(addresses.download(selection)),
            copy: Value::from_safe_string(html.copy),
            not_copied: html.not_copied.into(),
            call: state.public_api.as_ref().map(|api| api.call(url, selection)).into(),
            partial: PublicApi::is_partial(selection).into(),
        }
    }

    /// About how many bytes of HTML the page has.
    pub(super) fn length(&self) -> usize {
        let long = [&self.table, &self.domain_table, &self.more_domain_table, &self.copy];
        BESIDES + long.into_iter().filter_map(|html| Some(html.as_str()?.len())).sum::<usize>()
    }
}

/// The links of each kind, in the order of [`LinkKind::ALL`].
fn kinds(counts: [usize; 3], addresses: &Addresses, selection: &Selection) -> [Value; 3] {
    LinkKind::ALL.map(|kind| {
        let (kind, count) = (Some(kind), counts[kind as usize]);
        let address = addresses.of(&Selection { kind, page: 1, ..selection.clone() });
        let percent = percent(count, counts.iter().sum());
        let (count, address) = (count.into(), Value::from_safe_string(address));
        KindView { count, percent: percent.into(), address }.into()
    })
}

fn sizes(chosen: usize, default: usize) -> Value {
    let mut sizes = Vec::from(SIZES);
    sizes.extend([chosen, default]);
    sizes.sort_unstable();
    sizes.dedup();
    sizes.into_iter().map(Value::from).collect()
}

fn filters(addresses: &Addresses, selection: &Selection) -> Value {
    let base = || Selection { page: 1, ..selection.clone() };
    let filter = |name: &str, label: &str, without: Selection| FilterView {
        name: name.into(),
        label: cut(label).into(),
        address: Value::from_safe_string(addresses.of(&without)),
    };
    [
        selection
            .domain
            .as_ref()
            .map(|domain| filter("domain", domain, Selection { domain: None, ..base() })),
        selection.kind.map(|kind| filter("kind", kind.name(), Selection { kind: None, ..base() })),
        (!selection.search.is_empty())
            .then(|| filter("search", &selection.search, Selection { search: String::new(), ..base() })),
        selection.unique.then(|| filter("unique", "", Selection { unique: false, ..base() })),
    ]
    .into_iter()
    .flatten()
    .collect()
}
