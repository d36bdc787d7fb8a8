//! Serving: accept, respond, drain.
//!
//! The acceptor hands each connection to [`connection`], which runs hyper on a [`socket`] under a [`timer`]. Each request
//! goes through [`respond`], with its bodies ([`request_body`], [`response_body`]) and its log record ([`request_log`]).

mod connection;
mod context;
mod frame_rest;
mod proxy_header;
mod raw_head;
mod request_body;
mod request_log;
mod respond;
mod response_body;
mod socket;
mod timer;

use crate::{
    Listeners, ServerSettings, Service,
    acceptor::Acceptor,
    admin::AdminService,
    descriptors, inherited,
    ready::Readiness,
    systemd,
    trace::{SpanPipeline, TraceExporter},
};
use context::ListenerContext;
use std::{io, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};

/// How long the last requests of the admin listener may take.
const ADMIN_GRACE: Duration = Duration::from_millis(100);

/// Serves HTTP/1.0, 1.1 and 2 without TLS until `shutdown` resolves, then drains: returns when the last request in flight
/// is answered or the grace is over. In the drain `/ready` answers 503, and the socket is closed after `limits.delay`.
///
/// # Errors
///
/// A socket was inherited that no service of the process took, or the collector of traces cannot be used; the error says
/// which.
pub async fn serve<S: Service>(
    service: S,
    listeners: Listeners,
    mut settings: ServerSettings,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    inherited::check_all_taken()?;
    descriptors::raise();
    settings.limits.connections = descriptors::affordable(settings.limits.connections, settings.services);
    let pipeline = match settings.spans.take() {
        Some(pipeline) => Some(pipeline),
        None => SpanPipeline::new(&[settings.name], &settings.tracing).map_err(io::Error::other)?,
    };
    let traces = TraceExporter::new(settings.name, settings.tracing.ratio, pipeline);
    let Listeners { service: socket, admin } = listeners;
    let service = Arc::new(service);
    let readiness = Arc::new(Readiness::new(Arc::clone(&service)));
    let listener = ListenerContext::new(service, settings.clone(), traces);

    let admin = admin.map(|socket| {
        announce(settings.name, "admin", &socket);
        let admin = AdminService::new(Arc::clone(&readiness), Arc::clone(&listener.metrics));
        // Its requests are counted in metrics of its own, which are not shown.
        let listener = ListenerContext::new(Arc::new(admin), settings.for_admin(), TraceExporter::off());
        (Arc::clone(&listener), tokio::spawn(run(listener, socket, ADMIN_GRACE)))
    });
    announce(settings.name, "service", &socket);
    systemd::ready();

    let serving = run(Arc::clone(&listener), socket, settings.limits.grace);
    let stopping = async {
        shutdown.await;
        readiness.stop();
        systemd::stopping();
        if !settings.limits.delay.is_zero() {
            tokio::time::sleep(settings.limits.delay).await;
        }
        listener.drain();
    };
    let left = tokio::select! {
        (left, ()) = async { tokio::join!(serving, stopping) } => left,
        () = systemd::watchdog() => 0,
    };
    if left > 0 {
        let service = settings.name;
        tracing::warn!(service, connections = left, "the grace is over: cut what was in flight");
    }
    if let Some((listener, admin)) = admin {
        listener.drain();
        let _ = admin.await;
    }
    listener.traces.finish().await;
    tracing::info!(service = settings.name, "stopped");
    Ok(())
}

fn announce(service: &'static str, name: &'static str, socket: &TcpListener) {
    let address = socket.local_addr().map_or_else(|error| error.to_string(), |address| address.to_string());
    tracing::info!(service, listener = name, address, "listening");
}

/// Accepts and serves connections, then drains them for `grace`; returns how many it had to cut off.
async fn run<S: Service>(listener: Arc<ListenerContext<S>>, socket: TcpListener, grace: Duration) -> usize {
    let mut acceptor = Acceptor::new(socket, listener.settings.limits.connections);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = acceptor.next() => accepted,
            Some(_) = connections.join_next() => continue,
            () = listener.stop.cancelled() => break,
        };
        connections.spawn(connection::serve(Arc::clone(&listener), accepted.0, accepted.1));
    }
    for (stream, permit) in acceptor.finish() {
        connections.spawn(connection::serve(Arc::clone(&listener), stream, permit));
    }
    let mut drained = async || while connections.join_next().await.is_some() {};
    // The last tenth, a second at most, is for 503 to requests that will not be ready.
    let last_answers = (grace / 10).min(Duration::from_secs(1));
    if tokio::time::timeout(grace.saturating_sub(last_answers), drained()).await.is_err() {
        listener.give_up.cancel();
        let _ = tokio::time::timeout(last_answers, drained()).await;
    }
    connections.len()
}
