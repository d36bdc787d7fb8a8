//! Accepting: as many clients as there are places, also when the system has run out of what a client needs.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// How long to wait when the system has no more descriptors or memory: connections that end give some back.
const PAUSE: Duration = Duration::from_millis(100);
/// How often to say so.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// A listener and its places.
pub(super) struct Acceptor {
    listener: TcpListener,
    places: Arc<Semaphore>,
    said: Option<Instant>,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, places: usize) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(places)), said: None }
    }

    /// A client and its place. Without a place nobody is accepted: clients wait in the kernel, not in memory. May be
    /// dropped and called again.
    pub(super) async fn next(&mut self) -> (TcpStream, OwnedSemaphorePermit) {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return (stream, place),
                Err(error) if of_the_client(&error) => {}
                Err(error) => {
                    self.say(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn say(&mut self, error: &io::Error) {
        if self.said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
            self.said = Some(Instant::now());
            tracing::warn!(%error, "cannot accept");
        }
    }

    /// Stops listening, and gives the clients that waited in the kernel, as far as there are places: closing the
    /// socket would reset them. It asks the kernel, because tokio's idea of what waits may be old.
    pub(super) fn finish(self) -> Vec<(TcpStream, OwnedSemaphorePermit)> {
        let Ok(listener) = self.listener.into_std() else { return Vec::new() };
        let next = || {
            let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
            let (stream, _) = listener.accept().ok()?;
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, place))
        };
        std::iter::from_fn(next).collect()
    }
}

/// Errors of a connection that died in the queue; accept(2) reports them as its own.
fn of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
