//! Content negotiation: the form of an answer that a request prefers (RFC 9110, section 12.5.1).

use crate::link_query::LinkQuery;
use http::{HeaderMap, header};
use kit::CodingPreference;
use links::{HostScope, LinkSelection, format::Format};
use std::fmt::{self, Display};

/// The formats, from the least to the most preferred of those that `Accept` rates equal.
const FORMATS: [Format; 4] = [Format::Csv, Format::Markdown, Format::Text, Format::Json];

/// Which links are sent, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AnswerForm {
    pub(crate) format: Format,
    pub(crate) selection: LinkSelection,
    pub(crate) coding: Option<CodingPreference>,
}

impl AnswerForm {
    /// The form that a request with this `query` and these `headers` prefers.
    pub(crate) fn of(query: &LinkQuery, headers: &HeaderMap) -> Self {
        let &LinkQuery { selection, format, .. } = query;
        let format = format.unwrap_or_else(|| preferred(headers));
        Self { format, selection, coding: CodingPreference::of(headers) }
    }

    /// Whether it is the form in which links are cached, but for the coding: all of them, as JSON.
    pub(crate) fn is_cached(self) -> bool {
        self.format == Format::Json && self.selection == LinkSelection::default()
    }
}

/// A word for the form without its coding, which each has of its own: `csv-internal-unique`.
impl Display for AnswerForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LinkSelection { scope, unique } = self.selection;
        let scope = match scope {
            Some(HostScope::Internal) => "-internal",
            Some(HostScope::External) => "-external",
            None => "",
        };
        write!(f, "{}{scope}{}", self.format.extension(), if unique { "-unique" } else { "" })
    }
}

/// The format that `Accept` in `headers` prefers: by weight, then specificity, then our own preference; JSON
/// if it accepts none.
pub(crate) fn preferred(headers: &HeaderMap) -> Format {
    let ranges: Vec<_> = kit::weighted(headers, header::ACCEPT)
        .map(|(name, weight)| (name.to_ascii_lowercase(), weight))
        .collect();
    if ranges.is_empty() {
        return Format::Json;
    }
    FORMATS.into_iter().max_by_key(|format| fit(*format, &ranges)).unwrap_or(Format::Json)
}

/// The weight in thousandths and the specificity of the most specific range that matches; weight 0: not acceptable.
fn fit(format: Format, ranges: &[(String, u16)]) -> (u16, u8) {
    let (essence, _) = format.media_type().split_once(';').unwrap_or((format.media_type(), ""));
    let specificity = |name: &str| match name.strip_suffix('*') {
        Some("*/") => Some(1),
        Some(kind) if kind.ends_with('/') && essence.starts_with(kind) => Some(2),
        None if name == essence => Some(3),
        _ => None,
    };
    let matching = ranges.iter().filter_map(|(name, weight)| Some((specificity(name)?, *weight)));
    let (specificity, weight) = matching.max().unwrap_or_default();
    if weight == 0 { (0, 0) } else { (weight, specificity) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accept(value: &str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        preferred(&headers)
    }

    #[test]
    fn the_format_with_the_best_fit_is_chosen() {
        for (value, format) in [
            ("*/*", Format::Json),
            ("application/*", Format::Json),
            ("text/csv", Format::Csv),
            ("TEXT/CSV; charset=utf-8", Format::Csv),
            ("text/markdown", Format::Markdown),
            ("text/plain", Format::Text),
            ("text/*", Format::Text),
            ("text/csv, */*", Format::Csv),
            ("text/csv;q=0.5, application/json;q=0.4", Format::Csv),
            ("text/csv;q=0.5, application/json", Format::Json),
            ("text/*;q=0.3, text/markdown;q=0.7, text/csv", Format::Csv),
            ("text/plain;q=0, text/*", Format::Markdown),
            ("application/json;q=0, */*", Format::Text),
            ("text/csv;q=0.001, application/json;q=0", Format::Csv),
            ("text/csv; q=1.000, text/plain; q=0.999", Format::Csv),
        ] {
            assert_eq!(accept(value), format, "{value}");
        }
    }

    #[test]
    fn json_is_chosen_if_no_format_is_acceptable() {
        for value in [
            "",
            "text/html",
            "image/*",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/csv;q=2",
            "text/csv;q=0",
            "text/csv;q=x",
            "application/json;q=0",
            "te*",
            ",;q=,/",
        ] {
            assert_eq!(accept(value), Format::Json, "{value}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Format::Json);
    }

    #[test]
    fn each_form_has_a_word_of_its_own() {
        for (query, word) in [
            ("", "json"),
            ("format=csv", "csv"),
            ("links=internal", "json-internal"),
            ("links=external&unique=1&format=text", "txt-external-unique"),
        ] {
            let query = LinkQuery::parse(Some(query)).unwrap();
            assert_eq!(AnswerForm::of(&query, &HeaderMap::new()).to_string(), word);
        }
    }
}
