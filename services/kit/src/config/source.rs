//! One setting from an environment variable or a flag.

use figment::{
    Metadata, Profile, Provider,
    util::nest,
    value::{Dict, Map, Value},
};

/// A key, its value as written, and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// As shown in errors: `environment variable REDIS_URL`.
    pub(crate) name: String,
    /// Dotted.
    pub(crate) key: String,
    /// As written.
    pub(crate) value: String,
    /// Take the value as a string; do not guess numbers or booleans.
    pub(crate) text: bool,
}

impl Source {
    /// The flag for `key`.
    pub(crate) fn flag(key: &str, value: &str) -> Self {
        let name = format!("flag --{}", key.replace(['.', '_'], "-"));
        Self { name, key: key.to_owned(), value: value.to_owned(), text: false }
    }

    /// `--set key=value`.
    pub(crate) fn set(key: &str, value: &str) -> Self {
        Self { name: format!("flag --set {key}"), ..Self::flag(key, value) }
    }
}

impl Provider for &Source {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let value = if self.text {
            Value::from(self.value.as_str())
        } else {
            self.value.parse().expect("any text is a figment value: the error type is Infallible")
        };
        let dict = nest(&self.key, value).into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(dict))
    }
}
