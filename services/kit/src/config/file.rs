//! Settings from a TOML file, and secrets from files of their own.

use super::{ConfigError, source::NamedDict};
use crate::Configuration;
use figment::value::{Dict, Value};
use std::{fs, path::Path};

/// Reads the TOML file at `path`, and the files that its `KEY_file` settings name.
pub(super) fn read<C: Configuration>(path: &Path) -> Result<NamedDict, ConfigError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| ConfigError::new(format!("{name}: {error}")))?;
    let mut dict: Dict = toml::from_str(&text)
        .map_err(|error| ConfigError::new(format!("{name}: {}", describe(&text, &error))))?;
    for secret in C::SECRETS {
        resolve(&mut dict, secret, &name)?;
    }
    Ok(NamedDict { name, dict })
}

/// The position and the reason of a syntax error. The library's own message quotes the line, which may hold a secret.
fn describe(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message().replace('\n', ", "))
}

/// Replaces `KEY_file` by `KEY`, for the dotted `key`.
fn resolve(mut dict: &mut Dict, key: &str, file_name: &str) -> Result<(), ConfigError> {
    let (sections, last) = key.rsplit_once('.').unwrap_or(("", key));
    for section in sections.split_terminator('.') {
        match dict.get_mut(section) {
            Some(Value::Dict(_, inner)) => dict = inner,
            _ => return Ok(()),
        }
    }
    let Some(value) = dict.remove(&format!("{last}_file")) else { return Ok(()) };
    let source = format!("{file_name}: `{key}_file`");
    if dict.contains_key(last) {
        return Err(given_twice(&source, key));
    }
    let file = value.into_string().ok_or_else(|| ConfigError::new(format!("{source}: expected a path")))?;
    dict.insert(last.to_owned(), Value::from(secret(&source, Path::new(&file))?));
    Ok(())
}

/// The error for a secret that is given both as a value and as a file.
pub(super) fn given_twice(source: &str, key: &str) -> ConfigError {
    ConfigError::new(format!("{source}: `{key}` is given too; expected one of them"))
}

/// The secret in the file at `path`, without the line break that editors add.
pub(super) fn secret(source: &str, path: &Path) -> Result<String, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|error| ConfigError::new(format!("{source}: {}: {error}", path.display())))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
