//! Serving: accept, answer, drain.

mod acceptor;
mod activity;
mod answer;
mod body;
mod client;
mod connection;
mod exchange;
mod framing;
mod inbound;
mod panics;
mod place;
mod shared;
mod socket;
mod target;
mod unsent;
mod wire;

use crate::{
    Listeners, ServerSettings, Service, admin::AdminService, descriptors, inherited, metrics::Figures,
    ready::Readiness, systemd,
};
use acceptor::Acceptor;
use shared::Shared;
use std::{io, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};

/// How long the admin listener has for its last answers.
const ADMIN_GRACE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` resolves, then drains: returns when the last request in flight is answered or the
/// grace is over.
///
/// HTTP/1.1, HTTP/1.0 and HTTP/2 without TLS. What a client can do is bounded: its connections, the time to a whole
/// request header and for each further move, the size of header and target, HTTP/2 streams. What cannot be read, or in
/// two ways, is refused before the service sees it. Each answer carries its request's id; a panic is a 500.
///
/// In the drain `/ready` says no, the socket is closed after `limits.delay`, who was already connected is served, and
/// each connection is told to close.
///
/// # Errors
///
/// A socket was inherited that no service of the process took; the error names it. Sockets are bound before.
pub async fn serve<S: Service>(
    service: S,
    listeners: Listeners,
    settings: ServerSettings,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    inherited::check_all_taken()?;
    descriptors::raise();
    let Listeners { service: listener, admin } = listeners;
    let figures = Figures::new(|metrics| service.register(metrics));
    let service = Arc::new(service);
    let readiness = Arc::new(Readiness::new(Arc::clone(&service)));

    let admin = admin.map(|socket| {
        announce(settings.name, "admin", &socket);
        let admin = AdminService::new(Arc::clone(&readiness), Arc::clone(&figures));
        let shared = Shared::admin(admin, &settings);
        (Arc::clone(&shared), tokio::spawn(run(shared, socket, ADMIN_GRACE)))
    });
    announce(settings.name, "service", &listener);
    systemd::ready();

    let shared = Shared::service(service, figures, &settings);
    let serving = run(Arc::clone(&shared), listener, settings.limits.grace);
    let stopping = async {
        shutdown.await;
        readiness.stop();
        systemd::stopping();
        if !settings.limits.delay.is_zero() {
            tokio::time::sleep(settings.limits.delay).await;
        }
        shared.drain();
    };
    let left = tokio::select! {
        (left, ()) = async { tokio::join!(serving, stopping) } => left,
        () = systemd::watchdog() => 0,
    };
    if left > 0 {
        tracing::warn!(
            service = settings.name,
            connections = left,
            "the grace is over: cut what was in flight"
        );
    }
    if let Some((shared, admin)) = admin {
        shared.drain();
        let _ = admin.await;
    }
    tracing::info!(service = settings.name, "stopped");
    Ok(())
}

fn announce(service: &'static str, name: &'static str, socket: &TcpListener) {
    let address = socket.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string());
    tracing::info!(service, listener = name, address, "listening");
}

/// Accepts and serves connections, then drains them for `grace`; gives how many it had to cut.
async fn run<S: Service>(shared: Arc<Shared<S>>, listener: TcpListener, grace: Duration) -> usize {
    let mut acceptor = Acceptor::new(listener, shared.connections);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = acceptor.next() => accepted,
            Some(_) = connections.join_next() => continue,
            () = shared.stop.cancelled() => break,
        };
        connections.spawn(connection::serve(Arc::clone(&shared), accepted.0, accepted.1));
    }
    for (stream, place) in acceptor.finish() {
        connections.spawn(connection::serve(Arc::clone(&shared), stream, place));
    }
    let mut drained = async || while connections.join_next().await.is_some() {};
    // The last tenth, a second at most, is for telling those whose answer will not be ready.
    let last_words = (grace / 10).min(Duration::from_secs(1));
    if tokio::time::timeout(grace.saturating_sub(last_words), drained()).await.is_err() {
        shared.give_up.cancel();
        let _ = tokio::time::timeout(last_words, drained()).await;
    }
    connections.len()
}
