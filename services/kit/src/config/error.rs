//! Configuration errors, with the source, the key and the expected value.

use super::source::SettingSource;
use figment::{Figment, Metadata, Source, error::Kind};

/// An error in a configuration: its source, its key, the expected value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(super) fn from_figment(error: &figment::Error, sources: &[SettingSource]) -> Self {
        let mut key = error.path.join(".");
        let what = match &error.kind {
            Kind::UnknownField(name, known) => {
                if error.path.last() != Some(name) {
                    key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                }
                format!("unknown key; expected {}", one_of(known))
            }
            Kind::UnknownVariant(found, known) => format!("found `{found}`; expected {}", one_of(known)),
            Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
                format!("found {found}; expected {}", plain(expected))
            }
            // The message of the standard library for any invalid address.
            Kind::Message(what) if what == "invalid socket address syntax" => {
                "found no address; expected one with a port, such as 127.0.0.1:5000".to_owned()
            }
            other => other.to_string(),
        };
        Self::at(&key, &what, error.metadata.as_ref(), sources)
    }

    /// From an error of [`Configuration::check`](crate::Configuration::check); `base` has the settings of the file.
    pub(super) fn from_check(error: &str, base: &Figment, sources: &[SettingSource]) -> Self {
        match error.split_once(": ") {
            Some((key, what)) if is_key(key) => Self::at(key, what, base.find_metadata(key), sources),
            _ => Self::new(error),
        }
    }

    /// The error `what` in `key`, whose source is the last of `sources` that sets it, or else `base`.
    fn at(key: &str, what: &str, base: Option<&Metadata>, sources: &[SettingSource]) -> Self {
        let below = |source: &&SettingSource| source.key == key || source.key.starts_with(&format!("{key}."));
        let source = match (sources.iter().rfind(below), base) {
            (Some(source), _) => format!("{}: ", source.name),
            // A default has the name of a Rust type.
            (None, Some(metadata)) if !matches!(metadata.source, Some(Source::Code(_))) => {
                format!("{}: ", metadata.name)
            }
            (None, _) => String::new(),
        };
        Self(format!("{source}`{key}`: {}", without_userinfo(what)))
    }
}

/// The text with the user information of its URLs hidden. An invalid URL may have any characters there, so all up to the
/// last `@` of a word counts.
fn without_userinfo(text: &str) -> String {
    let hidden = |word: &str| {
        let (scheme, rest) = word.split_once("://")?;
        let (_, rest) = rest.rsplit_once('@')?;
        Some(format!("{scheme}://***@{rest}"))
    };
    let words = text.split_inclusive([' ', '"', '`']);
    words.map(|word| hidden(word).unwrap_or_else(|| word.to_owned())).collect()
}

/// A plain name for what serde calls by its Rust type.
fn plain(expected: &str) -> &str {
    match expected {
        "usize" | "u16" | "u32" | "u64" => "a whole number",
        expected if expected.starts_with("struct ") => "a section",
        expected => expected,
    }
}

fn is_key(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.'))
}

fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing here".to_owned(),
        [only] => format!("`{only}`"),
        names => format!("one of `{}`", names.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::without_userinfo;

    #[test]
    fn user_names_and_passwords_of_urls_are_hidden() {
        for (text, shown) in [
            ("found \"http://TOKEN@host:1/\"; expected", "found \"http://***@host:1/\"; expected"),
            ("found `http://me:a/b@c@host:99999`", "found `http://***@host:99999`"),
            ("found `http://host/` or me@host", "found `http://host/` or me@host"),
        ] {
            assert_eq!(without_userinfo(text), shown);
        }
    }
}
