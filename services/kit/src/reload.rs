//! Reload at SIGHUP: the log level is taken from the configuration. After an error it stays as it was.

use crate::{ConfigError, ServerSettings, logging, systemd};
use tokio::signal::unix::{SignalKind, signal};

/// Reloads the configuration with `load` at each SIGHUP. The signal is caught from this call on, not from the first poll; the
/// future ends only if it cannot be caught.
pub(crate) fn on_hangup(load: impl Fn() -> Result<ServerSettings, ConfigError>) -> impl Future<Output = ()> {
    let hangups = signal(SignalKind::hangup());
    async move {
        let Ok(mut hangups) = hangups else { return };
        while hangups.recv().await.is_some() {
            systemd::reloading();
            let reloaded = load()
                .map_err(|error| error.to_string())
                .and_then(|settings| logging::set_level(&settings.log.level).map(|()| settings.log.level));
            match reloaded {
                Ok(level) => tracing::info!(log_level = level, "configuration read again"),
                Err(error) => tracing::error!(error, "configuration not changed"),
            }
            systemd::ready();
        }
    }
}
