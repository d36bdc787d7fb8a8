//! Sources of settings: an environment variable, a flag, or a file.

use figment::{
    Metadata, Profile, Provider,
    util::nest,
    value::{Dict, Map, Value},
};

/// Settings with the name of their source, which errors show.
pub(super) struct NamedDict {
    pub(super) name: String,
    pub(super) dict: Dict,
}

impl Provider for NamedDict {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

/// One setting from an environment variable or a flag.
pub(crate) struct SettingSource {
    /// The source as errors show it: `environment variable REDIS_URL`.
    pub(super) name: String,
    /// The dotted key.
    pub(super) key: String,
    pub(super) value: String,
    /// Whether the value is text even if it looks like a number or a boolean.
    pub(super) text: bool,
}

impl SettingSource {
    /// The flag of its own for `key`.
    pub(crate) fn flag(key: &str, value: &str) -> Self {
        let name = format!("flag --{}", key.replace(['.', '_'], "-"));
        Self { name, key: key.to_owned(), value: value.to_owned(), text: false }
    }

    /// `--set key=value`.
    pub(crate) fn set(key: &str, value: &str) -> Self {
        Self { name: format!("flag --set {key}"), ..Self::flag(key, value) }
    }

    pub(super) fn dict(&self) -> NamedDict {
        let value = if self.text {
            Value::from(self.value.as_str())
        } else {
            self.value.parse().expect("any text is a figment value: the error type is Infallible")
        };
        let dict = nest(&self.key, value).into_dict().unwrap_or_default();
        NamedDict { name: self.name.clone(), dict }
    }
}
