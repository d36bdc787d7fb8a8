//! Configuration: defaults < TOML file < environment < flags. Unknown keys are errors that name the key.
//!
//! Defaults are the settings' own: their structs carry `#[serde(default, deny_unknown_fields)]`.

mod environment;
mod error;
mod file;
mod source;
#[cfg(test)]
mod tests;

pub use error::ConfigError;

use crate::{ServerSettings, logging};
use figment::{Figment, providers::Serialized};
use serde::{Serialize, de::DeserializeOwned};
pub(crate) use source::Source;
use std::path::Path;

/// A service's settings, and how they are named outside.
pub trait Configuration: Default + Serialize + DeserializeOwned + Send + 'static {
    /// The program's name: `linkextractor-api`.
    const NAME: &'static str;
    /// One line about the program, for `--help`.
    const ABOUT: &'static str;
    /// The environment's prefix: `LINKEXTRACTOR_API_`; nesting is `__`.
    const ENV_PREFIX: &'static str;
    /// Variables without the prefix, and the keys they set.
    const ENV_ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// Keys whose value may also stand in a file, named by `KEY_file`; dotted where nested.
    const SECRETS: &'static [&'static str] = &[];

    /// The part that the server needs.
    fn server(&self) -> ServerSettings;

    /// What types cannot say. An error is `KEY: found …; expected …`, the key dotted; where it was set is added to it.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// What `check-config` should say besides, though the settings can be used; each as an error of `check`.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Settings given as flags: dotted key and value.
pub type Overrides = Vec<(&'static str, String)>;

/// Loads and checks a configuration from `file`, this process's environment and `overrides`.
pub fn load<C: Configuration>(file: Option<&Path>, overrides: &Overrides) -> Result<C, ConfigError> {
    load_with(&Overrides::new(), file, overrides)
}

/// As [`load`], for a program whose `defaults` differ from the settings' own.
pub fn load_with<C: Configuration>(
    defaults: &Overrides,
    file: Option<&Path>,
    overrides: &Overrides,
) -> Result<C, ConfigError> {
    let defaults = defaults
        .iter()
        .fold(Figment::new(), |base, (key, value)| base.merge(Serialized::default(key, value)));
    let flags = overrides.iter().map(|(key, value)| Source::flag(key, value)).collect();
    load_from(defaults, file, std::env::vars_os(), flags)
}

/// Loads and checks a configuration from sources that are all named by the caller.
pub(crate) fn load_from<C: Configuration>(
    defaults: Figment,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    flags: Vec<Source>,
) -> Result<C, ConfigError> {
    // So that a source may set `admin.hosts` alone: the section's other key has a default of the service's own.
    let admin = Serialized::default("admin", C::default().server().admin);
    let mut base = Figment::from(admin).merge(defaults);
    if let Some(file) = file {
        base = base.merge(file::read::<C>(file)?);
    }
    let mut sources = environment::read::<C>(environment)?;
    sources.extend(flags);
    let settings: C = extract(&base, &mut sources)?;
    let server = settings.server();
    let checked = (server.limits.check())
        .and_then(|()| server.admin.check())
        .and_then(|()| logging::check(&server.log))
        .and_then(|()| settings.check());
    match checked {
        Ok(()) => Ok(settings),
        Err(error) => Err(ConfigError::from_check(&error, &base, &sources)),
    }
}

/// A value such as `12345` or `0700` looks like a number: where a number is refused, it is taken as the text that it was.
fn extract<C: Configuration>(base: &Figment, sources: &mut [Source]) -> Result<C, ConfigError> {
    loop {
        let figment = sources.iter().fold(base.clone(), |figment, source| figment.merge(source));
        let error = match figment.extract::<C>() {
            Ok(settings) => return Ok(settings),
            Err(error) => error,
        };
        let refused = matches!(error.kind, figment::error::Kind::InvalidType(..));
        match sources.iter_mut().find(|source| refused && !source.text && source.key == error.path.join("."))
        {
            Some(source) => source.text = true,
            None => return Err(ConfigError::from_figment(&error, sources)),
        }
    }
}

/// What `check-config` says of settings that can be used.
pub fn warnings<C: Configuration>(settings: &C) -> impl Iterator<Item = ConfigError> {
    settings.warnings().into_iter().map(|warning| ConfigError::from_check(&warning, &Figment::new(), &[]))
}

/// The settings as a TOML file would say them, secrets hidden.
pub fn print<C: Configuration>(settings: &C) -> Result<String, ConfigError> {
    toml::to_string(settings).map_err(|error| ConfigError::new(error.to_string()))
}
