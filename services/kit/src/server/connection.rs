//! One connection, from its first byte to its last.

use super::{
    activity::{Activity, Patience},
    answer::answer,
    client::Client,
    shared::Shared,
    socket::{Protocol, Socket},
    wire::Wire,
};
use crate::{Service, metrics::End};
use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::{server::conn, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit};
use tokio_util::sync::CancellationToken;

/// Bytes of a request's header, its first line included; more is 431.
const HEADER_LIMIT: u16 = 16 * 1024;
/// Bytes that hyper may hold of a connection's requests, and of its answers.
const BUFFER: usize = 64 * 1024;
/// HTTP/2 streams at once on a connection.
const STREAMS: u32 = 100;
/// When draining, how long an idle connection may still bring a request that is on its way.
const LINGER: Duration = Duration::from_millis(500);
/// How long a client may take to close its side after ours.
const GOODBYE: Duration = Duration::from_secs(1);

/// Serves `stream` to its end, holding `place` until then.
pub(super) async fn serve<S: Service>(
    shared: Arc<Shared<S>>,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let counted = shared.figures.as_ref().map(|figures| figures.connection());
    let (activity, wire) = (Arc::new(Activity::new()), Arc::new(Wire::default()));
    let (limits, stop) = (&shared.settings.limits, &shared.stop);
    let patience = Patience { header: limits.header_timeout, stall: limits.stall_timeout, close: GOODBYE };
    // Biased: what a client has sent counts, however late this machine comes to look at it.
    let opened = tokio::select! {
        biased;
        opened = Socket::open(stream, Arc::clone(&activity), Arc::clone(&wire)) => opened,
        _ = overdue(Protocol::Http1, &activity, patience, stop) => Err(io::ErrorKind::TimedOut.into()),
    };
    let (socket, protocol) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            if let Some(figures) = &shared.figures {
                figures.ended(match error.kind() {
                    io::ErrorKind::TimedOut if stop.is_cancelled() => End::Regular,
                    io::ErrorKind::TimedOut => End::Slow,
                    _ => End::Broken,
                });
            }
            return;
        }
    };
    let figures = shared.figures.clone();
    let client =
        Arc::new(Client { peer, activity: Arc::clone(&activity), wire, figures, series: Mutex::new(None) });
    let answer = {
        let shared = Arc::clone(&shared);
        service_fn(move |request| answer(Arc::clone(&shared), &client, request))
    };
    let socket = TokioIo::new(socket);
    // Boxed, so that a client that has not yet said anything costs little.
    let end = match protocol {
        // The header's deadline is ours: hyper's begins anew with each connection's and request's first byte, and it
        // has none for HTTP/2 and for answers.
        Protocol::Http1 => {
            let connection = conn::http1::Builder::new()
                .header_read_timeout(None)
                .half_close(true)
                .max_buf_size(BUFFER)
                .max_header_size(HEADER_LIMIT.into())
                .serve_connection(socket, answer);
            Box::pin(drive(connection, protocol, &activity, patience, stop)).await
        }
        Protocol::Http2 => {
            let connection = conn::http2::Builder::new(TokioExecutor::new())
                .initial_connection_window_size(128 * 1024)
                .initial_stream_window_size(64 * 1024)
                .keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(10))
                .max_concurrent_streams(STREAMS)
                .max_header_list_size(HEADER_LIMIT.into())
                .max_send_buf_size(BUFFER)
                .timer(TokioTimer::new())
                .serve_connection(socket, answer);
            Box::pin(drive(connection, protocol, &activity, patience, stop)).await
        }
    };
    if let Some(figures) = &shared.figures {
        figures.ended(end);
    }
    drop((counted, place));
}

/// Runs `connection` until it ends, its client lets its turn pass, or the drain closes it.
async fn drive<C: GracefulConnection<Error = hyper::Error>>(
    connection: C,
    protocol: Protocol,
    activity: &Activity,
    patience: Patience,
    stop: &CancellationToken,
) -> End {
    let mut connection = pin!(connection);
    // In a set, because that polls it when it was woken, not at each byte that moves.
    let mut watch: FuturesUnordered<_> = [overdue(protocol, activity, patience, stop)].into_iter().collect();
    let turn = tokio::select! {
        biased;
        ended = connection.as_mut() => return End::of(ended),
        turn = watch.next() => turn,
    };
    if turn == Some(Turn::Ours) {
        // HTTP/2 has a word for it, GOAWAY, which loses nothing.
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            ended = connection.as_mut() => return End::of(ended),
            () = activity.overdue(patience) => {}
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(GOODBYE, connection).await;
    if stop.is_cancelled() { End::Regular } else { End::Slow }
}

/// Whose turn it is when a watch is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The client's, and it let it pass.
    Theirs,
    /// Ours, to say goodbye.
    Ours,
}

/// Resolves when a connection's time is over. When draining that is at once for HTTP/2; an HTTP/1 client, which can
/// be told only in an answer, may still bring a request that was on its way.
async fn overdue(
    protocol: Protocol,
    activity: &Activity,
    patience: Patience,
    stop: &CancellationToken,
) -> Turn {
    tokio::select! {
        () = activity.overdue(patience) => return Turn::Theirs,
        () = stop.cancelled() => {}
    }
    if protocol == Protocol::Http2 {
        return Turn::Ours;
    }
    activity.touch(Instant::now());
    activity.overdue(Patience { header: LINGER.min(patience.header), ..patience }).await;
    Turn::Theirs
}
