//! SIGHUP: the configuration is read again. What can change while serving is the log level; an error leaves all as it is.

use crate::{ConfigError, ServerSettings, logging, systemd};
use tokio::signal::unix::{SignalKind, signal};

/// Reloads by `load` at each SIGHUP, forever. It listens from this call on.
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
