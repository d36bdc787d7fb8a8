//! Notifies the service manager, if there is one (`sd_notify(3)`).

use sd_notify::NotifyState;
use std::time::Duration;

/// Ready for requests, at the start or after a reload.
pub(crate) fn ready() {
    notify(&[NotifyState::Ready]);
}

pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "no monotonic clock"),
    }
}

pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Notifies the watchdog, if there is one, twice a period; a runtime that hangs stops doing so.
pub(crate) async fn watchdog() {
    let Some(period) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot notify the service manager");
    }
}
