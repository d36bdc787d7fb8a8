//! Settings from environment variables.

use super::{ConfigError, file, source::SettingSource};
use crate::Configuration;
use std::{ffi::OsString, path::Path};

/// The settings in `environment`: aliases first, so that variables with the prefix override them.
///
/// An empty variable counts as unset, as `REDIS_URL=` in compose and unit files means.
pub(super) fn read<C: Configuration>(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<SettingSource>, ConfigError> {
    let (mut aliases, mut prefixed) = (Vec::new(), Vec::new());
    for (name, value) in environment {
        let Some(variable) = name.to_str().filter(|_| !value.is_empty()) else { continue };
        let (sources, key) = match (alias::<C>(variable), prefixed_key::<C>(variable)) {
            (Some(key), _) => (&mut aliases, key),
            (None, Some(key)) => (&mut prefixed, key),
            (None, None) => continue,
        };
        let name = format!("environment variable {variable}");
        match value.into_string() {
            Ok(value) => sources.push(SettingSource { name, key, value, text: false }),
            Err(_) => return Err(ConfigError::new(format!("{name}: expected UTF-8"))),
        }
    }
    resolve_secrets::<C>(&mut aliases)?;
    resolve_secrets::<C>(&mut prefixed)?;
    aliases.append(&mut prefixed);
    Ok(aliases)
}

/// The key that the variable `name` sets as an alias.
fn alias<C: Configuration>(name: &str) -> Option<String> {
    let file = |alias, key| C::SECRETS.contains(key) && name.strip_suffix("_FILE") == Some(alias);
    C::ENV_ALIASES.iter().find_map(|(alias, key)| match name {
        _ if name == *alias => Some((*key).to_owned()),
        _ => file(*alias, key).then(|| format!("{key}_file")),
    })
}

/// The key that the variable `name` sets by its prefix.
///
/// Kubernetes sets variables for each Service of the namespace; a Service with our name would set unknown keys
/// (`PREFIX_SERVICE_HOST`, `PREFIX_PORT_5000_TCP_ADDR` and the like), which are ignored.
fn prefixed_key<C: Configuration>(name: &str) -> Option<String> {
    let key = name.strip_prefix(C::ENV_PREFIX)?;
    let port = key.strip_prefix("PORT_").unwrap_or_default();
    let of_kubernetes = matches!(key, "SERVICE_HOST" | "SERVICE_PORT" | "PORT")
        || key.starts_with("SERVICE_PORT_")
        || port.starts_with(|c: char| c.is_ascii_digit());
    (!of_kubernetes).then(|| key.to_lowercase().replace("__", "."))
}

/// Reads the files that `KEY_file` settings name, and marks secrets as text.
fn resolve_secrets<C: Configuration>(sources: &mut [SettingSource]) -> Result<(), ConfigError> {
    let given: Vec<String> = sources.iter().map(|source| source.key.clone()).collect();
    for source in sources {
        let key = source.key.strip_suffix("_file").unwrap_or(&source.key).to_owned();
        if !C::SECRETS.contains(&key.as_str()) {
            continue;
        }
        source.text = true;
        if key != source.key {
            if given.contains(&key) {
                return Err(file::given_twice(&source.name, &key));
            }
            source.value = file::secret(&source.name, Path::new(&source.value))?;
            source.key = key;
        }
    }
    Ok(())
}
