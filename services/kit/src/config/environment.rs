//! Settings from environment variables.

use super::{ConfigError, file, source::SettingSource};
use crate::Configuration;
use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

/// The settings in `environment`: aliases first, so that variables with the prefix override them.
///
/// An empty variable counts as unset, as `REDIS_URL=` in compose and unit files means.
pub(super) fn read<C: Configuration>(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<SettingSource>, ConfigError> {
    let (mut aliases, mut prefixed) = (Vec::new(), Vec::new());
    for (name, value) in environment {
        let Some(variable) = name.to_str().filter(|_| !value.is_empty()) else { continue };
        if is_of_kubernetes::<C>(variable, &value) {
            continue;
        }
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
fn prefixed_key<C: Configuration>(name: &str) -> Option<String> {
    name.strip_prefix(C::ENV_PREFIX).map(|key| key.to_lowercase().replace("__", "."))
}

/// The names of the variables in `environment` that have our prefix and set nothing, because Kubernetes has made them.
pub(super) fn ignored<C: Configuration>(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<String> {
    let is_ignored = |(name, value): (OsString, OsString)| {
        name.into_string().ok().filter(|name| is_of_kubernetes::<C>(name, &value))
    };
    environment.into_iter().filter_map(is_ignored).collect()
}

/// Whether the variable has the form of those that Kubernetes makes for each Service of the namespace
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>): those of a Service whose
/// name begins as ours have our prefix.
fn is_of_kubernetes<C: Configuration>(name: &str, value: &OsStr) -> bool {
    if !name.starts_with(C::ENV_PREFIX) {
        return false;
    }
    let of_service = name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT");
    let of_named_port = name.split_once("_SERVICE_PORT_").is_some_and(|(_, port)| !port.is_empty());
    let protocol = ["_ADDR", "_PORT", "_PROTO"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let port = protocol.strip_suffix("_TCP").or_else(|| protocol.strip_suffix("_UDP"));
    let number = port.and_then(|port| Some(port.rsplit_once("_PORT_")?.1)).unwrap_or_default();
    let of_port = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_url = |value: &str| value.starts_with("tcp://") || value.starts_with("udp://");
    of_service || of_named_port || of_port || name.ends_with("_PORT") && value.to_str().is_some_and(is_url)
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
