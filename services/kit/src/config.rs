//! Configuration: defaults < TOML file < environment < flags. Unknown keys are errors that name the key.
//!
//! The defaults are those of the settings' structs, which have `#[serde(default, deny_unknown_fields)]`.

mod environment;
mod error;
mod file;
mod source;
#[cfg(test)]
mod tests;
mod values;

pub use error::ConfigError;

use crate::{Configuration, logging};
use figment::{Figment, providers::Serialized};
pub(crate) use source::SettingSource;
use std::{ffi::OsString, path::Path};
pub(crate) use values::SettingValues;

/// Dotted keys and their values.
pub type Overrides = Vec<(&'static str, String)>;

/// Loads and checks a configuration from `file`, the environment and `overrides`, which win in this order.
pub fn load<C: Configuration>(file: Option<&Path>, overrides: &Overrides) -> Result<C, ConfigError> {
    load_with(&Overrides::new(), file, overrides)
}

/// Like [`load`], with `defaults` that override those of the settings' structs.
pub fn load_with<C: Configuration>(
    defaults: &Overrides,
    file: Option<&Path>,
    overrides: &Overrides,
) -> Result<C, ConfigError> {
    let defaults = defaults
        .iter()
        .fold(Figment::new(), |base, (key, value)| base.merge(Serialized::default(key, value)));
    let flags = overrides.iter().map(|(key, value)| SettingSource::flag(key, value)).collect();
    load_from(defaults, file, std::env::vars_os(), flags).map(|(settings, _)| settings)
}

/// Logs one line that names the environment variables with the prefix of `C` that are ignored, if there are any.
pub fn log_ignored_variables<C: Configuration>() {
    let ignored = environment::ignored::<C>(std::env::vars_os());
    if !ignored.is_empty() {
        let variables = ignored.join(", ");
        tracing::info!(service = C::NAME, variables, "ignored the variables of Kubernetes Services");
    }
}

/// Loads and checks a configuration; each source overrides those before it. Also returns the values of all settings.
pub(crate) fn load_from<C: Configuration>(
    defaults: Figment,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    flags: Vec<SettingSource>,
) -> Result<(C, SettingValues), ConfigError> {
    // A source may set one key of a section whose other defaults depend on the service.
    let server = C::default().server();
    let admin = Serialized::default("admin", server.admin);
    let limits = Serialized::default("limits", server.limits.within_cgroup());
    let mut base = Figment::from(admin).merge(limits).merge(defaults);
    if let Some(file) = file {
        base = base.merge(file::read::<C>(file)?);
    }
    let mut sources = environment::read::<C>(environment)?;
    sources.extend(flags);
    let settings: C = extract(&base, &mut sources)?;
    let shares = settings.memory_shares();
    let base =
        (shares.into_iter()).fold(base, |base, (key, bytes)| base.join(Serialized::default(key, bytes)));
    let settings: C = extract(&base, &mut sources)?;
    let server = settings.server();
    let checked = (server.limits.check())
        .and_then(|()| server.admin.check())
        .and_then(|()| server.tracing.check())
        .and_then(|()| logging::check(&server.log))
        .and_then(|()| settings.check());
    match checked {
        Ok(()) => {
            let values = SettingValues::of(&settings, &base, &sources);
            Ok((settings, values))
        }
        Err(error) => Err(ConfigError::from_check(&error, &base, &sources)),
    }
}

/// Builds the settings. A value such as `12345` or `0700` is read as a number first, and as text where a number does not
/// fit.
fn extract<C: Configuration>(base: &Figment, sources: &mut [SettingSource]) -> Result<C, ConfigError> {
    loop {
        let figment = sources.iter().fold(base.clone(), |figment, source| figment.merge(source.dict()));
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

/// The warnings of `check-config` about valid settings.
pub fn warnings<C: Configuration>(settings: &C) -> impl Iterator<Item = ConfigError> {
    settings.warnings().into_iter().map(|warning| ConfigError::from_check(&warning, &Figment::new(), &[]))
}

/// The settings as TOML, with secrets hidden.
pub fn print<C: Configuration>(settings: &C) -> Result<String, ConfigError> {
    toml::to_string(settings).map_err(|error| ConfigError::new(error.to_string()))
}
