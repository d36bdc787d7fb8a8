//! Origins: servers of pages, well-behaved and hostile.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server on a port of its own.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Origin {
    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Gives every connection to `serve`.
pub(crate) async fn raw<F: Future<Output = ()> + Send + 'static>(
    address: &str,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> Origin {
    let listener = TcpListener::bind(address).await.unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let origin = Origin { address: listener.local_addr().unwrap(), connections: Arc::clone(&connections) };
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    origin
}

/// Answers every request with `answer` of its head. Keeps the connection if the response has a length or is a 304.
pub(crate) async fn answering(
    address: &str,
    answer: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> Origin {
    raw(address, move |mut stream| {
        let answer = answer.clone();
        async move {
            while let Some(head) = head(&mut stream).await {
                let answer = answer(&head);
                let sent = stream.write_all(&answer).await;
                let lengthy =
                    answer.windows(15).any(|window| window.eq_ignore_ascii_case(b"content-length:"));
                let ends = lengthy || answer.starts_with(b"HTTP/1.1 304");
                if sent.is_err() || !ends {
                    break;
                }
            }
        }
    })
    .await
}

/// Answers everything on a port of 127.0.0.1 with the same bytes.
pub(crate) async fn fixed(answer: impl AsRef<[u8]>) -> Origin {
    let answer = answer.as_ref().to_vec();
    answering("127.0.0.1:0", move |_| answer.clone()).await
}

/// An HTML page with a length.
pub(crate) fn html(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A redirect.
pub(crate) fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// The head of the next request, or none if the connection has ended.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
