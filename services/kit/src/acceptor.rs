//! Accepts connections up to a limit, and continues after the system ran out of descriptors or memory.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// The pause after the system ran out of descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);
/// The minimum time between log lines about it.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// A listener, with a permit for each connection.
pub(crate) struct Acceptor {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    logged: Option<Instant>,
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener, connections: usize) -> Self {
        Self {
            listener,
            permits: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            logged: None,
        }
    }

    /// The next connection and its permit; without a free permit, clients wait in the kernel. Cancel safe.
    pub(crate) async fn next(&mut self) -> (TcpStream, OwnedSemaphorePermit) {
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return (stream, permit),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    self.log(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn log(&mut self, error: &io::Error) {
        if self.logged.is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL) {
            self.logged = Some(Instant::now());
            tracing::warn!(%error, "cannot accept");
        }
    }

    /// Stops listening, and returns the connections that waited in the kernel, as far as there are permits: closing the
    /// socket resets the others. Does not use tokio's readiness, which may be outdated.
    pub(crate) fn finish(self) -> Vec<(TcpStream, OwnedSemaphorePermit)> {
        let Ok(listener) = self.listener.into_std() else { return Vec::new() };
        let next = || {
            let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
            let (stream, _) = listener.accept().ok()?;
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, permit))
        };
        std::iter::from_fn(next).collect()
    }
}

/// Whether the error is that of a single connection, which ended before it was accepted (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
