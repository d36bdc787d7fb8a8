//! One connection, from its first byte to its last.

use super::{
    context::{Client, Listener},
    raw_head::RawHead,
    respond::respond,
    socket::Socket,
    timer::{CLOSE, ConnectionTimer, Expiry, Timeouts},
};
use crate::{Service, metrics::CloseReason};
use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::{
    pin::pin,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, time::timeout};

/// Serves `stream` to its end, holding `permit` until then.
pub(super) async fn serve<S: Service>(
    listener: Arc<Listener<S>>,
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let metrics = listener.metrics.clone();
    let open = metrics.as_ref().map(|metrics| metrics.connection());
    let client = Arc::new(Client {
        peer,
        timer: Arc::new(ConnectionTimer::new()),
        raw_head: Arc::new(RawHead::default()),
        send_queue: Arc::clone(&listener.send_queue),
        metrics: metrics.clone(),
        series: Mutex::new(None),
    });
    let reason = drive(listener, stream, &client).await;
    if let Some(metrics) = metrics {
        metrics.closed(reason);
    }
    drop((open, permit));
}

/// Runs the connection until the client closes it, a timeout expires, or the drain ends it.
///
/// hyper-util's `GracefulShutdown` is not used: it closes idle HTTP/1 connections at once, and a request that is on its
/// way would be lost.
async fn drive<S: Service>(
    listener: Arc<Listener<S>>,
    stream: TcpStream,
    client: &Arc<Client>,
) -> CloseReason {
    let limits = &listener.settings.limits;
    let timeouts = Timeouts { idle: limits.header_timeout, stall: limits.stall_timeout };
    let timer = &client.timer;
    let socket = Socket::new(stream, Arc::clone(timer), Arc::clone(&client.raw_head));
    let service = {
        let (listener, client) = (Arc::clone(&listener), Arc::clone(client));
        service_fn(move |request| respond(Arc::clone(&listener), &client, request))
    };
    let mut connection = pin!(listener.http.serve_connection(TokioIo::new(socket), service));
    // A set polls the timer only when the timer woke it, not whenever the connection moves a byte.
    let mut expired: FuturesUnordered<_> = [timer.expired(timeouts, &listener.stop)].into_iter().collect();
    // Biased: what the client has sent counts, however late this task comes to look at it.
    let expiry = tokio::select! {
        biased;
        ended = connection.as_mut() => return CloseReason::of(ended),
        expiry = expired.next() => expiry,
    };
    if expiry == Some(Expiry::Drain) {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            ended = connection.as_mut() => return CloseReason::of(ended),
            () = timer.timed_out(timeouts) => {}
        }
    }
    if timer.is_cut_off() {
        return CloseReason::Slow;
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(CLOSE, connection).await;
    if listener.stop.is_cancelled() { CloseReason::Regular } else { CloseReason::Slow }
}
