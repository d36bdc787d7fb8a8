//! When to stop.

/// Resolves at the first SIGTERM or SIGINT; a second one ends the process at once.
pub async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
