//! A proxy between a client and a server that delays, stalls and cuts connections.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// A proxy on a port of its own, in front of a Unix socket. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    control: Arc<Control>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Control {
    target: Mutex<PathBuf>,
    /// Of each direction, in microseconds.
    delay: AtomicU64,
    stalled: watch::Sender<bool>,
    cuts: watch::Sender<usize>,
    connections: AtomicUsize,
}

impl Proxy {
    /// A proxy in front of `target` that adds `round_trip` to the time of each answer.
    pub async fn start(target: PathBuf, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let delay = u64::try_from(round_trip.as_micros() / 2).expect("less than centuries");
        let control = Arc::new(Control {
            target: Mutex::new(target),
            delay: AtomicU64::new(delay),
            stalled: watch::Sender::new(false),
            cuts: watch::Sender::new(0),
            connections: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&control)));
        Self { address, control, task }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connections it has accepted.
    pub fn connections(&self) -> usize {
        self.control.connections.load(Ordering::Relaxed)
    }

    /// New connections lead to `target`; those that are open stay where they are.
    pub fn lead_to(&self, target: PathBuf) {
        *self.control.target.lock().expect("no panic") = target;
    }

    /// Passes nothing on, in either direction, until [`resume`](Self::resume).
    pub fn stall(&self) {
        self.control.stalled.send_replace(true);
    }

    /// Ends [`stall`](Self::stall).
    pub fn resume(&self) {
        self.control.stalled.send_replace(false);
    }

    /// Closes all connections.
    pub fn cut(&self) {
        self.control.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, control: Arc<Control>) {
    while let Ok((client, _)) = listener.accept().await {
        control.connections.fetch_add(1, Ordering::Relaxed);
        let _ = client.set_nodelay(true);
        let control = Arc::clone(&control);
        tokio::spawn(async move {
            let target = control.target.lock().expect("no panic").clone();
            let Ok(server) = UnixStream::connect(target).await else { return };
            let mut cuts = control.cuts.subscribe();
            let (client_read, client_write) = client.into_split();
            let (server_read, server_write) = server.into_split();
            tokio::select! {
                () = forward(client_read, server_write, &control) => {}
                () = forward(server_read, client_write, &control) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

/// Passes bytes on, each after the delay, in order.
async fn forward(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, control: &Control) {
    let (sender, mut chunks) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let due = Instant::now() + Duration::from_micros(control.delay.load(Ordering::Relaxed));
            if sender.send((due, buffer[..length].to_vec())).is_err() {
                break;
            }
        }
        drop(sender);
    };
    let mut stalled = control.stalled.subscribe();
    let write = async {
        while let Some((due, chunk)) = chunks.recv().await {
            sleep_until(due).await;
            if stalled.wait_for(|stalled| !stalled).await.is_err() || to.write_all(&chunk).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(read, write);
}
