//! Settings from a TOML file, and secrets from files of their own.

use super::{ConfigError, Configuration};
use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file that was read, its `KEY_file` settings replaced by what those files hold.
pub(super) struct File {
    path: PathBuf,
    dict: Dict,
}

impl Provider for File {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.path.display().to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

/// Reads the TOML file at `path`.
pub(super) fn read<C: Configuration>(path: &Path) -> Result<File, ConfigError> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| ConfigError::new(format!("{name}: {error}")))?;
    let mut dict: Dict = toml::from_str(&text)
        .map_err(|error| ConfigError::new(format!("{name}: {}", describe(&text, &error))))?;
    for secret in C::SECRETS {
        resolve(&mut dict, secret, path)?;
    }
    Ok(File { path: path.to_owned(), dict })
}

/// Where and why `text` is no TOML. The library would quote the line, and that may hold a secret.
fn describe(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message().replace('\n', ", "))
}

/// Replaces `KEY_file` by `KEY`, for the dotted `key`.
fn resolve(mut dict: &mut Dict, key: &str, path: &Path) -> Result<(), ConfigError> {
    let mut parts: Vec<&str> = key.split('.').collect();
    let Some(last) = parts.pop() else { return Ok(()) };
    for part in parts {
        match dict.get_mut(part) {
            Some(Value::Dict(_, inner)) => dict = inner,
            _ => return Ok(()),
        }
    }
    let Some(value) = dict.remove(&format!("{last}_file")) else { return Ok(()) };
    let source = format!("{}: `{key}_file`", path.display());
    if dict.contains_key(last) {
        return Err(ConfigError::new(format!("{source}: `{key}` is given too; expected one of them")));
    }
    let file = value.into_string().ok_or_else(|| ConfigError::new(format!("{source}: expected a path")))?;
    dict.insert(last.to_owned(), Value::from(secret(&source, Path::new(&file))?));
    Ok(())
}

/// The secret in the file at `path`, without the line break that editors add.
pub(super) fn secret(source: &str, path: &Path) -> Result<String, ConfigError> {
    let text = fs::read_to_string(path)
        .map_err(|error| ConfigError::new(format!("{source}: {}: {error}", path.display())))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
