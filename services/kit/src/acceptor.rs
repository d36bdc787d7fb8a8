//! Accepts connections up to a limit, and goes on when the system has run out of descriptors or memory.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// How long to wait when the system has no more descriptors or memory; connections that end give some back.
const PAUSE: Duration = Duration::from_millis(100);
/// How often that is logged at most.
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

    /// The next connection and its permit. Without a free permit nothing is accepted: clients wait in the kernel. Cancel
    /// safe.
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
    /// socket would reset them. Asks the kernel itself, because tokio's readiness may be outdated.
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

/// Whether the error is that of a connection that ended in the queue, which accept(2) reports as its own.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
