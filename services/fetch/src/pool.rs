//! Idle connections, kept for the next request.

use crate::connect::{OriginConnection, Sender};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long after it was made a connection is reused.
pub(crate) const REUSED_FOR: Duration = Duration::from_secs(30);
/// The most idle connections.
pub(crate) const MAX_IDLE: usize = 256;
/// How often those that can no longer be used are removed, unless there are too many.
const SWEPT_EVERY: Duration = Duration::from_secs(1);

/// An origin (RFC 6454): scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) https: bool,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
}

/// Idle connections by origin, reused only if the peer is among the addresses that were checked for the request.
/// Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<Mutex<IdleConnections>>);

#[derive(Debug, Default)]
struct IdleConnections {
    of_origins: HashMap<Origin, Vec<OriginConnection>>,
    swept: Option<Instant>,
}

impl Pool {
    /// A connection to `origin` at one of `addresses`, if there is one.
    pub(crate) fn take(&self, origin: &Origin, addresses: &[IpAddr]) -> Option<OriginConnection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (connections, now) = (idle.of_origins.get_mut(origin)?, Instant::now());
        // The last one first: it is the least likely to have been closed meanwhile.
        let index = connections.iter().rposition(|idle| {
            idle.sender.is_ready() && addresses.contains(&idle.peer) && idle.is_reusable(now)
        })?;
        Some(connections[index].share().unwrap_or_else(|| connections.swap_remove(index)))
    }

    /// The number of connections, those included that have expired and not been removed yet.
    pub(crate) fn idle(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Keeps a connection for the next request, unless there are too many.
    pub(crate) fn keep(&self, origin: Origin, connection: OriginConnection) {
        let now = Instant::now();
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = idle.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEPT_EVERY);
        if is_due || idle.len() >= MAX_IDLE {
            idle.sweep(now);
        }
        if idle.len() < MAX_IDLE && connection.is_reusable(now) {
            idle.of_origins.entry(origin).or_default().push(connection);
        }
    }
}

impl IdleConnections {
    fn len(&self) -> usize {
        self.of_origins.values().map(Vec::len).sum()
    }

    fn sweep(&mut self, now: Instant) {
        self.of_origins.retain(|_, connections| {
            connections.retain(|connection| connection.is_reusable(now));
            !connections.is_empty()
        });
        self.swept = Some(now);
    }
}

impl OriginConnection {
    pub(crate) fn is_h2(&self) -> bool {
        matches!(self.sender, Sender::H2(_))
    }

    fn is_reusable(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < REUSED_FOR
            && !self.sender.is_closed()
            && self.meter.fault().is_none()
    }

    /// Resolves once the connection may take the next request, or is closed. For a response without a body: its end has
    /// been received, but HTTP/1 connections say so a moment later.
    pub(crate) async fn ready(&mut self) {
        if let Sender::H1(sender) = &mut self.sender {
            let _ = sender.ready().await;
        }
    }

    /// A second handle, if the connection takes several requests at once.
    pub(crate) fn share(&self) -> Option<Self> {
        let Sender::H2(sender) = &self.sender else { return None };
        let (sender, meter) = (Sender::H2(sender.clone()), Arc::clone(&self.meter));
        Some(Self { sender, meter, peer: self.peer, since: self.since })
    }
}

impl Sender {
    fn is_ready(&self) -> bool {
        match self {
            Self::H1(sender) => sender.is_ready(),
            Self::H2(sender) => sender.is_ready(),
        }
    }

    fn is_closed(&self) -> bool {
        match self {
            Self::H1(sender) => sender.is_closed(),
            Self::H2(sender) => sender.is_closed(),
        }
    }
}
