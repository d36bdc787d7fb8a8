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
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    time::Duration,
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
    let (activity, wire, figures) =
        (Arc::new(Activity::new()), Arc::new(Wire::default()), shared.figures.clone());
    let unsent = Arc::clone(&shared.unsent);
    let client = Arc::new(Client { peer, activity, wire, unsent, figures, series: Mutex::new(None) });
    let end = converse(&shared, stream, &client).await;
    if let Some(figures) = &shared.figures {
        figures.ended(end);
    }
    drop((counted, place));
}

/// Waits for the client to speak, and answers, until one of the two has enough.
///
/// Only who speaks has hyper's buffers: of many connections most say nothing most of the time.
async fn converse<S: Service>(shared: &Arc<Shared<S>>, stream: TcpStream, client: &Arc<Client>) -> End {
    let (limits, stop) = (&shared.settings.limits, &shared.stop);
    let patience = Patience { header: limits.header_timeout, stall: limits.stall_timeout, close: GOODBYE };
    let mut socket = Socket::new(stream, Arc::clone(&client.activity), Arc::clone(&client.wire));
    loop {
        // Biased: what a client has sent counts, however late this machine comes to look at it.
        let heard = tokio::select! {
            biased;
            heard = socket.listen() => heard,
            _ = overdue(Protocol::Http1, &client.activity, patience, stop) => Err(io::ErrorKind::TimedOut.into()),
        };
        match heard {
            Ok(Some(Protocol::Http1)) => match Box::pin(http1(shared, socket, client, patience)).await {
                Pause::Rest(rested) => socket = rested,
                Pause::End(end) => return end,
            },
            Ok(Some(Protocol::Http2)) => return Box::pin(http2(shared, socket, client, patience)).await,
            Ok(None) => return End::Regular,
            Err(error) if error.kind() != io::ErrorKind::TimedOut => return End::Broken,
            Err(_) if stop.is_cancelled() => return End::Regular,
            Err(_) => return End::Slow,
        }
    }
}

/// Why HTTP/1 is no longer spoken.
enum Pause {
    /// Nobody has said anything for a while.
    Rest(Socket),
    End(End),
}

// The header's deadline is ours: hyper's begins anew with each connection's and request's first byte, and it has none
// for HTTP/2 and for answers.
async fn http1<S: Service>(
    shared: &Arc<Shared<S>>,
    socket: Socket,
    client: &Arc<Client>,
    patience: Patience,
) -> Pause {
    let mut connection = conn::http1::Builder::new()
        .header_read_timeout(None)
        .half_close(true)
        .max_buf_size(BUFFER)
        .max_header_size(HEADER_LIMIT.into())
        .serve_connection(
            TokioIo::new(socket),
            service_fn(|request| answer(Arc::clone(shared), client, request)),
        );
    let end =
        drive(Pin::new(&mut connection), Protocol::Http1, &client.activity, patience, &shared.stop).await;
    end.map_or_else(
        || {
            let parts = connection.into_parts();
            Pause::Rest(parts.io.into_inner().rest(&parts.read_buf))
        },
        Pause::End,
    )
}

async fn http2<S: Service>(
    shared: &Arc<Shared<S>>,
    socket: Socket,
    client: &Arc<Client>,
    patience: Patience,
) -> End {
    let answer = {
        let (shared, client) = (Arc::clone(shared), Arc::clone(client));
        service_fn(move |request| answer(Arc::clone(&shared), &client, request))
    };
    let connection = conn::http2::Builder::new(TokioExecutor::new())
        .initial_connection_window_size(128 * 1024)
        .initial_stream_window_size(64 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_LIMIT.into())
        .max_send_buf_size(BUFFER)
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), answer);
    let end = drive(pin!(connection), Protocol::Http2, &client.activity, patience, &shared.stop).await;
    end.unwrap_or(End::Regular)
}

/// Runs `connection` until it ends, its client lets its turn pass, or the drain closes it; or, nothing returned, until
/// it rests.
async fn drive<C: GracefulConnection<Error = hyper::Error>>(
    mut connection: Pin<&mut C>,
    protocol: Protocol,
    activity: &Activity,
    patience: Patience,
    stop: &CancellationToken,
) -> Option<End> {
    // In a set, because that polls it when it was woken, not at each byte that moves.
    let watch = async {
        tokio::select! {
            turn = overdue(protocol, activity, patience, stop) => turn,
            () = activity.rests(), if protocol == Protocol::Http1 => Turn::Nobodys,
        }
    };
    let mut watch: FuturesUnordered<_> = [watch].into_iter().collect();
    let turn = tokio::select! {
        biased;
        ended = connection.as_mut() => return Some(End::of(ended)),
        turn = watch.next() => turn,
    };
    match turn {
        Some(Turn::Nobodys) => return None,
        Some(Turn::Ours) => {
            // HTTP/2 has a word for it, GOAWAY, which loses nothing.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                ended = connection.as_mut() => return Some(End::of(ended)),
                () = activity.overdue(patience) => {}
            }
        }
        Some(Turn::Theirs) | None => {}
    }
    if activity.is_cut_off() {
        return Some(End::Slow);
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(GOODBYE, connection).await;
    Some(if stop.is_cancelled() { End::Regular } else { End::Slow })
}

/// Whose turn it is when a watch is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The client's, and it let it pass.
    Theirs,
    /// Ours, to say goodbye.
    Ours,
    /// Nobody's: all is said, and the next request is not in sight.
    Nobodys,
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
    activity.leave();
    activity.overdue(Patience { header: LINGER.min(patience.header), ..patience }).await;
    Turn::Theirs
}
