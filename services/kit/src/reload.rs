//! Reload at SIGHUP: the log level is taken from the configuration. After an error it stays as it was.

use crate::{ConfigError, Configuration, config::SettingValues, logging, systemd};
use tokio::signal::unix::{SignalKind, signal};

/// The only key that a reload applies.
const APPLIED: &str = "log.level";

/// Reloads the configuration with `load` at each SIGHUP, and names the keys whose values differ from the `running` ones.
/// The signal is caught from this call on, not from the first poll; the future ends only if it cannot be caught.
pub(crate) fn on_hangup<C: Configuration>(
    running: SettingValues,
    load: impl Fn() -> Result<(C, SettingValues), ConfigError>,
) -> impl Future<Output = ()> {
    let hangups = signal(SignalKind::hangup());
    async move {
        let Ok(mut hangups) = hangups else { return };
        while hangups.recv().await.is_some() {
            systemd::reloading();
            let reloaded = load().map_err(|error| error.to_string()).and_then(|(settings, values)| {
                let level = settings.server().log.level;
                logging::set_level(&level).map(|()| (level, values.changed(&running)))
            });
            match reloaded {
                Ok((level, mut changed)) => {
                    changed.retain(|key| key != APPLIED);
                    let after_restart = (!changed.is_empty()).then(|| changed.join(", "));
                    tracing::info!(log_level = level, after_restart, "configuration read again");
                }
                Err(error) => tracing::error!(error, "configuration not changed"),
            }
            systemd::ready();
        }
    }
}
