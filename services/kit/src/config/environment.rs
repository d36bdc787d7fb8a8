//! Settings from environment variables.

use super::{ConfigError, Configuration, file, source::Source};
use std::{ffi::OsString, path::Path};

/// The settings that `environment` gives: aliases first, so that a variable with the prefix wins over them.
///
/// An empty variable counts as unset: that is what `REDIS_URL=` means in compose and unit files.
pub(super) fn read<C: Configuration>(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Source>, ConfigError> {
    let (mut aliases, mut prefixed) = (Vec::new(), Vec::new());
    for (name, value) in environment {
        let Some((name, alias, key)) = name.into_string().ok().and_then(named::<C>) else { continue };
        if value.is_empty() {
            continue;
        }
        let value = value
            .into_string()
            .map_err(|_| ConfigError::new(format!("environment variable {name}: expected UTF-8")))?;
        let sources = if alias { &mut aliases } else { &mut prefixed };
        sources.push(Source { name: format!("environment variable {name}"), key, value, text: false });
    }
    for sources in [&mut aliases, &mut prefixed] {
        secrets::<C>(sources)?;
    }
    aliases.append(&mut prefixed);
    Ok(aliases)
}

/// The key that variable `name` sets, and whether it does so as an alias.
fn named<C: Configuration>(name: String) -> Option<(String, bool, String)> {
    for (alias, key) in C::ENV_ALIASES {
        if name == *alias {
            return Some((name, true, (*key).to_owned()));
        }
        if C::SECRETS.contains(key) && name.strip_suffix("_FILE") == Some(alias) {
            return Some((name, true, format!("{key}_file")));
        }
    }
    let key = name.strip_prefix(C::ENV_PREFIX)?;
    (!service_link(key)).then(|| (name.clone(), false, key.to_lowercase().replace("__", ".")))
}

/// Whether Kubernetes set the variable, because a Service in the namespace has our name (`PREFIX_SERVICE_HOST`,
/// `PREFIX_PORT_5000_TCP_ADDR` …): that is no setting, and must not be an unknown key.
fn service_link(key: &str) -> bool {
    let port = |key: &str| {
        key.strip_prefix("PORT_").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    key == "SERVICE_HOST"
        || key == "SERVICE_PORT"
        || key.starts_with("SERVICE_PORT_")
        || key == "PORT"
        || port(key)
}

/// Reads the files that `KEY_file` settings name; marks secrets as text, whatever they look like.
fn secrets<C: Configuration>(sources: &mut [Source]) -> Result<(), ConfigError> {
    let given: Vec<String> = sources.iter().map(|source| source.key.clone()).collect();
    for source in sources {
        let stem = source.key.strip_suffix("_file").unwrap_or(&source.key).to_owned();
        if !C::SECRETS.contains(&stem.as_str()) {
            continue;
        }
        source.text = true;
        if stem != source.key {
            if given.contains(&stem) {
                return Err(ConfigError::new(format!(
                    "{}: `{stem}` is given too; expected one of them",
                    source.name
                )));
            }
            source.value = file::secret(&source.name, Path::new(&source.value))?;
            source.key = stem;
        }
    }
    Ok(())
}
