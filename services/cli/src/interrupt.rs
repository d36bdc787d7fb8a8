//! Ctrl-C: the first ends the run in order, a second one at once.

use crate::exit::Exit;
use std::{process, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How long what is in progress may take after the first Ctrl-C.
pub const GRACE: Duration = Duration::from_secs(5);
/// How much longer the program lives if it cannot end, as when its output is not read.
const LATE: Duration = Duration::from_millis(500);

/// Becomes `true` at the first Ctrl-C. If not `graceful`, the first one ends the program at once.
pub fn watch(graceful: bool) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    // Without a handler, Ctrl-C ends the program as it always did.
    if let Ok(mut interrupts) = signal(SignalKind::interrupt()) {
        tokio::spawn(async move {
            interrupts.recv().await;
            if graceful {
                sender.send_replace(true);
                let _ = tokio::time::timeout(GRACE + LATE, interrupts.recv()).await;
            }
            process::exit(Exit::Interrupted as i32);
        });
    }
    receiver
}
