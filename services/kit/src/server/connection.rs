//! One connection, from its first byte to its last.

use super::{
    context::{ConnectionContext, ListenerContext},
    proxy_header::{self, ProxiedClient},
    raw_head::RawHead,
    respond::respond,
    socket::Socket,
    timer::{CLOSE, ConnectionTimer, Expiry},
};
use crate::{BoxError, Client, Service, metrics::CloseReason};
use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::service::service_fn;
use hyper_util::{rt::TokioIo, server::graceful::GracefulConnection};
use std::{
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, atomic::AtomicBool},
};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, time::timeout};

/// Serves `stream` to its end, holding its permit until then.
pub(super) async fn serve<S: Service>(
    listener: Arc<ListenerContext<S>>,
    mut stream: TcpStream,
    _permit: OwnedSemaphorePermit,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let _open = listener.metrics.connection();
    let found = proxy_or_client(&listener, Client::new(peer.ip()), &mut stream).await;
    let (proxy_or_client, is_trusted_proxy) = match found {
        Ok(found) => found,
        Err(reason) => return listener.metrics.closed(reason),
    };
    let client = Arc::new(ConnectionContext {
        peer,
        proxy_or_client,
        is_trusted_proxy,
        permits: listener.permits.of(proxy_or_client.key()),
        service: listener.settings.name,
        route_at: S::route_at,
        timer: Arc::new(ConnectionTimer::new(&listener.settings.limits)),
        raw_head: RawHead::default(),
        body_unread: AtomicBool::new(false),
        send_queue: Arc::clone(&listener.send_queue),
        metrics: Arc::clone(&listener.metrics),
        series: Mutex::new(None),
    });
    listener.metrics.closed(drive(&listener, stream, &client).await);
}

/// The peer of a connection, or the client that it names by the PROXY protocol; and whether that is a proxy that is believed
/// when it reports the client of a request.
async fn proxy_or_client<S>(
    listener: &ListenerContext<S>,
    peer: Client,
    stream: &mut TcpStream,
) -> Result<(Client, bool), CloseReason> {
    let settings = &listener.settings;
    let with_trust = |client| Ok((client, settings.trusted_proxies.contain(client)));
    if !settings.proxy_protocol.contain(peer) {
        return with_trust(peer);
    }
    let header = tokio::select! {
        biased;
        header = timeout(settings.limits.header_timeout, proxy_header::read(stream)) => header,
        () = listener.stop.cancelled() => return Err(CloseReason::Regular),
    };
    match header {
        Ok(Ok(Some(ProxiedClient::At(address)))) => with_trust(Client::new(address)),
        Ok(Ok(Some(ProxiedClient::Proxy))) => with_trust(peer),
        // What it sends is the client's.
        Ok(Ok(Some(ProxiedClient::Unknown))) => Ok((peer, false)),
        Ok(Ok(None)) => Err(CloseReason::Regular),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Err(CloseReason::Malformed),
        Ok(Err(_)) => Err(CloseReason::Broken),
        Err(_) => Err(CloseReason::Slow),
    }
}

/// Runs hyper whenever there is something to read. Idle HTTP/1 connections give hyper and its buffers back: ten thousand
/// of them take 52 MiB; with hyper they take 233 MiB, more than the 200 that are promised.
async fn drive<S: Service>(
    listener: &Arc<ListenerContext<S>>,
    stream: TcpStream,
    client: &Arc<ConnectionContext>,
) -> CloseReason {
    let mut socket = Socket::new(stream, Arc::clone(client));
    loop {
        // Biased: data that has arrived wins over a timeout.
        let may_be_http2 = tokio::select! {
            biased;
            peeked = socket.may_be_http2() => peeked,
            _ = client.timer.expired(&listener.stop) => return close_reason(listener),
        };
        let contexts = Arc::new((Arc::clone(listener), Arc::clone(client)));
        let service = service_fn(move |request| respond(Arc::clone(&contexts), request));
        match may_be_http2 {
            Err(_) => return CloseReason::Broken,
            Ok(None) => return CloseReason::Regular,
            // Boxed, so that idle connections do not keep space for it.
            // After an HTTP/1 request, `PRI` is no preface of HTTP/2.
            Ok(Some(true)) if client.timer.http2.get().is_none() => {
                let connection = Box::pin(listener.http.serve_connection(TokioIo::new(socket), service));
                let run = run(connection, listener, client, std::future::pending());
                return Box::pin(run).await.unwrap_or(CloseReason::Regular);
            }
            Ok(Some(_)) => {
                let mut connection = Box::new(listener.http1.serve_connection(TokioIo::new(socket), service));
                let run = run(Pin::new(&mut *connection), listener, client, client.idle());
                match Box::pin(run).await {
                    Some(reason) => return reason,
                    // hyper has nothing buffered: all that was received belonged to requests that are over.
                    None => socket = connection.into_parts().io.into_inner(),
                }
            }
        }
    }
}

/// Runs `connection` until its client, a timeout or the drain ends it; or until `idle` resolves, with `None`.
///
/// hyper-util's `GracefulShutdown` is not used: it closes idle HTTP/1 connections at once, and a request that is on its
/// way would be lost.
async fn run<S: Service, C: GracefulConnection<Error: Into<BoxError>>>(
    mut connection: Pin<impl std::ops::DerefMut<Target = C>>,
    listener: &ListenerContext<S>,
    client: &ConnectionContext,
    idle: impl Future<Output = ()>,
) -> Option<CloseReason> {
    let idle = pin!(idle);
    let expired = async {
        tokio::select! {
            expiry = client.timer.expired(&listener.stop) => Some(expiry),
            () = idle => None,
        }
    };
    // A set polls the timers only when one of them woke it, not whenever the connection moves a byte.
    let mut expired: FuturesUnordered<_> = [expired].into_iter().collect();
    let expiry = tokio::select! {
        biased;
        ended = connection.as_mut() => return Some(CloseReason::of(ended.map_err(Into::into))),
        expiry = expired.next() => expiry.flatten()?,
    };
    if expiry == Expiry::Drain {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            ended = connection.as_mut() => return Some(CloseReason::of(ended.map_err(Into::into))),
            () = client.timer.timed_out() => {}
        }
    }
    if client.timer.cut_off.token.is_cancelled() {
        return Some(CloseReason::Slow);
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(CLOSE, connection).await;
    Some(close_reason(listener))
}

fn close_reason<S>(listener: &ListenerContext<S>) -> CloseReason {
    if listener.stop.is_cancelled() { CloseReason::Regular } else { CloseReason::Slow }
}
