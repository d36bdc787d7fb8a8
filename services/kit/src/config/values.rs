//! The values of all settings, to find those that differ between two configurations.

use super::source::SettingSource;
use crate::Configuration;
use figment::Figment;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// The values of all settings by their dotted keys. `Debug` is not derived: it has the secrets.
pub(crate) struct SettingValues(BTreeMap<String, Value>);

impl SettingValues {
    /// The values of `settings`, which `base` and `sources` gave. Those of secrets are taken from there: the settings hide
    /// them.
    pub(super) fn of<C: Configuration>(settings: &C, base: &Figment, sources: &[SettingSource]) -> Self {
        let mut values = BTreeMap::new();
        // Settings can be written as TOML, or they could not be printed either.
        flatten(Table::try_from(settings).unwrap_or_default(), &mut values);
        for key in C::SECRETS {
            let source = sources.iter().rfind(|source| source.key == *key);
            let of_base = || base.find_value(key).ok().and_then(figment::value::Value::into_string);
            if let Some(secret) = source.map(|source| source.value.clone()).or_else(of_base) {
                values.insert((*key).to_owned(), Value::String(secret));
            }
        }
        Self(values)
    }

    /// The keys of the settings that differ, in alphabetical order.
    pub(crate) fn changed(&self, other: &Self) -> Vec<String> {
        let keys: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        keys.into_iter().filter(|key| self.0.get(*key) != other.0.get(*key)).cloned().collect()
    }
}

/// Adds the values of `table` and of its sections.
fn flatten(table: Table, values: &mut BTreeMap<String, Value>) {
    let mut sections = vec![(String::new(), table)];
    while let Some((section, table)) = sections.pop() {
        for (name, value) in table {
            let key = if section.is_empty() { name } else { format!("{section}.{name}") };
            match value {
                Value::Table(table) => sections.push((key, table)),
                value => drop(values.insert(key, value)),
            }
        }
    }
}
