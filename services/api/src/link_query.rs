//! The parameters of `/api`: the page's URL, which of its links are wanted, and in which format.

use crate::request_target::{self, RequestTargetError};
use links::{HostScope, LinkSelection, format::Format};

/// The query of a request for a page's links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkQuery {
    pub(crate) url: Option<String>,
    pub(crate) selection: LinkSelection,
    /// Stands over `Accept`.
    pub(crate) format: Option<Format>,
}

impl LinkQuery {
    /// The parameters in `query`, decoded as `application/x-www-form-urlencoded` (`+` is a space). Unknown ones are
    /// ignored; known ones may not stand twice, or have a value without a meaning.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, RequestTargetError> {
        let (mut parsed, mut seen) = (Self::default(), [false; NAMES.len()]);
        let pairs = query.unwrap_or_default().split('&');
        for (name, value) in pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            let Some(at) = NAMES.iter().position(|known| *known == name) else { continue };
            if std::mem::replace(&mut seen[at], true) {
                return Err(RequestTargetError::Repeated(NAMES[at]));
            }
            match (NAMES[at], value) {
                ("url", _) => parsed.url = Some(request_target::decode_form(value)?),
                ("links", "internal") => parsed.selection.scope = Some(HostScope::Internal),
                ("links", "external") => parsed.selection.scope = Some(HostScope::External),
                ("links", _) => return Err(RequestTargetError::Links),
                ("unique", "1") => parsed.selection.unique = true,
                ("unique", _) => return Err(RequestTargetError::Unique),
                (_, value) => parsed.format = Some(format(value).ok_or(RequestTargetError::Format)?),
            }
        }
        Ok(parsed)
    }
}

const NAMES: [&str; 4] = ["url", "links", "unique", "format"];

fn format(name: &str) -> Option<Format> {
    match name {
        "json" => Some(Format::Json),
        "csv" => Some(Format::Csv),
        "markdown" => Some(Format::Markdown),
        "text" => Some(Format::Text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_any_order_and_unknown_ones_ignored() {
        let query = "format=csv&x=%zz&unique=1&url=http%3A%2F%2Fe%2F%3Fq%3Da+b&links=external";
        let selection = LinkSelection { scope: Some(HostScope::External), unique: true };
        let url = Some("http://e/?q=a b".to_owned());
        assert_eq!(
            LinkQuery::parse(Some(query)),
            Ok(LinkQuery { url, selection, format: Some(Format::Csv) })
        );
        assert_eq!(LinkQuery::parse(None), Ok(LinkQuery::default()));
        assert_eq!(LinkQuery::parse(Some("url[]=1&URL=2&")), Ok(LinkQuery::default()));
        assert_eq!(LinkQuery::parse(Some("url=")).unwrap().url.as_deref(), Some(""));
    }

    #[test]
    fn values_without_a_meaning_and_repeated_parameters_are_errors() {
        for (query, error) in [
            ("url=a&url=b", RequestTargetError::Repeated("url")),
            ("unique=1&unique=1", RequestTargetError::Repeated("unique")),
            ("url=%f", RequestTargetError::Percent),
            ("url=%ff", RequestTargetError::Utf8),
            ("links=all", RequestTargetError::Links),
            ("links", RequestTargetError::Links),
            ("unique=0", RequestTargetError::Unique),
            ("unique=", RequestTargetError::Unique),
            ("format=JSON", RequestTargetError::Format),
            ("format=xml", RequestTargetError::Format),
        ] {
            assert_eq!(LinkQuery::parse(Some(query)), Err(error), "{query}");
        }
    }
}
