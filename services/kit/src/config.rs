//! Configuration: defaults < TOML file < environment < flags. Unknown keys are errors that name the key.

use crate::ServerSettings;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Serialize, de::DeserializeOwned};
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

    /// What types cannot say: an error names the key and what was expected.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Settings given as flags: dotted key and value.
pub type Overrides = Vec<(&'static str, String)>;

/// A configuration that cannot be used: which source, which key, what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// Loads and checks a configuration.
pub fn load<C: Configuration>(file: Option<&Path>, overrides: &Overrides) -> Result<C, ConfigError> {
    let mut figment = Figment::from(Serialized::defaults(C::default()));
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    figment = figment.merge(Env::prefixed(C::ENV_PREFIX).split("__"));
    for (key, value) in overrides {
        figment = figment.merge(Serialized::default(key, value));
    }
    let settings: C = figment.extract().map_err(|error| ConfigError(error.to_string()))?;
    settings.check().map_err(ConfigError)?;
    Ok(settings)
}
