//! The signals that stop the process.

use tokio::signal::unix::{Signal, SignalKind, signal as listen};

/// Resolves at the first SIGTERM or SIGINT; a second one ends the process at once.
///
/// Signals are caught from this call on, not from the first poll.
///
/// # Panics
///
/// There is no tokio runtime.
pub fn signal() -> impl Future<Output = ()> + Send {
    let signals = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
            // Without handlers the signals end the process.
            return std::future::pending().await;
        };
        let name = either(&mut terminate, &mut interrupt).await.1;
        tracing::info!(signal = name, "stopping");
        tokio::spawn(async move {
            let (number, name) = either(&mut terminate, &mut interrupt).await;
            eprintln!("second signal ({name}): ending at once");
            std::process::exit(128 + number);
        });
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> (i32, &'static str) {
    tokio::select! {
        _ = terminate.recv() => (15, "SIGTERM"),
        _ = interrupt.recv() => (2, "SIGINT"),
    }
}
