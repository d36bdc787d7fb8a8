//! The `Link` field with which the API describes a result (RFC 8288; the relation is from RFC 6892).

use percent_encoding::percent_decode_str;
use weburl::WebUrl;

/// Characters of a title that are shown.
const MAX_TITLE: usize = 200;

/// The page that a result describes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DescribedPage {
    pub(super) url: WebUrl,
    pub(super) title: Option<String>,
}

impl DescribedPage {
    /// The target of the `describes` relation in a `Link` field, with its title. Mostly it is the page that was `requested`.
    pub(super) fn find(mut field: &str, requested: &WebUrl) -> Option<Self> {
        while let Some((_, rest)) = field.split_once('<') {
            let (target, rest) = rest.split_once('>')?;
            let (parameters, rest) = rest.split_once(',').unwrap_or((rest, ""));
            let parameter = |wanted: &str| {
                let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
                let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
                Some(value.trim())
            };
            let relations = parameter("rel").unwrap_or_default().trim_matches('"');
            if relations.split(' ').any(|name| name == "describes") {
                let url = match target {
                    _ if target == requested.as_str() => requested.clone(),
                    _ => WebUrl::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?,
                };
                return Some(Self { url, title: parameter("title*").and_then(title) });
            }
            field = rest;
        }
        None
    }
}

/// The title in an extended value (RFC 8187, section 3.2), cut and with only visible characters.
fn title(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words = decoded.split_whitespace().map(|word| word.replace(hidden, ""));
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    let title: String = words.join(" ").chars().take(MAX_TITLE).collect();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(field: &str) -> Option<DescribedPage> {
        DescribedPage::find(field, &WebUrl::parse("https://a.example/?a,b;c").unwrap())
    }

    #[test]
    fn the_described_page_is_found_among_other_relations() {
        for (field, page) in [
            (r#"<https://a.example/>; rel="describes""#, Some("https://a.example/")),
            (r"<https://a.example/?a,b;c>; rel=describes", Some("https://a.example/?a,b;c")),
            (
                r#"</o.json>; rel="service-desc", <https://a.example/>;rel="describes""#,
                Some("https://a.example/"),
            ),
            (r#"<https://a.example/>; title="x"; rel="self describes""#, Some("https://a.example/")),
            (r#"<https://a.example/>; rel="describedby""#, None),
            (r#"</relative>; rel="describes""#, None),
            (r#"<javascript:alert(1)>; rel="describes""#, None),
            ("<https://a.example/", None),
            ("", None),
        ] {
            let found = find(field);
            assert_eq!(found.as_ref().map(|found| found.url.as_str()), page, "{field}");
            assert_eq!(found.and_then(|found| found.title), None, "{field}");
        }
    }

    #[test]
    fn titles_are_decoded_and_broken_ones_ignored() {
        for (value, title) in [
            ("UTF-8''Gr%C3%B6%C3%9Fe%2C%20%22x%22", Some("Größe, \"x\"")),
            ("utf-8'de'a", Some("a")),
            ("UTF-8''%20%0Aa%09%09b%00%20%E2%80%AE%20c%E2%80%8F", Some("a b c")),
            ("UTF-8''", None),
            ("UTF-8''%E2%80%AE", None),
            ("UTF-8''%FF", None),
            ("ISO-8859-1''%FC", None),
            ("\"plain\"", None),
            ("x", None),
        ] {
            for field in [
                format!("<https://a.example/>; rel=\"describes\"; title*={value}"),
                format!("<https://a.example/>; Title* = {value} ; rel=describes"),
            ] {
                let found = find(&field).unwrap();
                assert_eq!(found.title.as_deref(), title, "{field}");
            }
        }
        let long = format!("<https://a.example/>; rel=describes; title*=UTF-8''{}", "%C3%BC".repeat(300));
        assert_eq!(find(&long).unwrap().title, Some("ü".repeat(MAX_TITLE)));
    }
}
