//! A raw connection, for requests that no client library would send.

use crate::{Answer, within};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::{
    fmt::Debug,
    net::{IpAddr, SocketAddr},
    path::Path,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream, UnixStream},
};

/// The greatest number of header fields in a response.
const FIELDS: usize = 64;

/// A connection to a server, with the bytes received but not yet read.
#[derive(Debug)]
pub struct Wire {
    stream: Box<dyn Stream>,
    received: BytesMut,
}

trait Stream: AsyncRead + AsyncWrite + Debug + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Stream for T {}

impl Wire {
    /// A connection to `address`.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = within("a connection", TcpStream::connect(address)).await.expect("it listens");
        Self::on(stream)
    }

    /// A connection to `address` from the address `from` of this machine.
    pub async fn connect_from(from: impl Into<IpAddr>, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(from.into(), 0)).expect("an address of this machine");
        Self::on(within("a connection", socket.connect(address)).await.expect("it listens"))
    }

    /// A connection to the Unix socket at `path`.
    pub async fn connect_unix(path: &Path) -> Self {
        Self::on(within("a connection", UnixStream::connect(path)).await.expect("it listens"))
    }

    fn on(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), received: BytesMut::new() }
    }

    /// Sends `bytes`. The server may answer and close before it has read all of them, so errors are ignored.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("the server to take a request", self.stream.write_all(bytes.as_ref())).await;
    }

    /// Closes the sending side.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The next response to a request other than HEAD; `None` if the server has closed the connection.
    pub async fn answer(&mut self) -> Option<Answer> {
        within("an answer", self.read(false)).await
    }

    /// The next response to a HEAD request.
    pub async fn answer_to_head(&mut self) -> Option<Answer> {
        within("an answer", self.read(true)).await
    }

    /// Waits until the server closes the connection; panics if it sends another response first.
    pub async fn closed(&mut self) {
        if let Some(answer) = self.answer().await {
            panic!("one answer too many: {answer:?}");
        }
    }

    async fn read(&mut self, head: bool) -> Option<Answer> {
        let (status, headers) = loop {
            if let Some(parsed) = self.head() {
                break parsed;
            }
            if !self.receive().await {
                assert!(self.received.is_empty(), "the answer broke off: {:?}", self.received);
                return None;
            }
        };
        let none = head || status.is_informational() || matches!(status.as_u16(), 204 | 304);
        let length = headers.get("content-length").map(|length| {
            length.to_str().ok().and_then(|length| length.parse().ok()).expect("a length is a number")
        });
        let body = match length {
            _ if none => Bytes::new(),
            Some(length) => self.take(length).await,
            None if headers.contains_key("transfer-encoding") => self.chunks().await,
            None => {
                while self.receive().await {}
                self.received.split().freeze()
            }
        };
        Some(Answer { status, headers, body })
    }

    /// The head of the next response, once it is complete.
    fn head(&mut self) -> Option<(StatusCode, HeaderMap)> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut parsed = httparse::Response::new(&mut fields);
        let length = match parsed.parse(&self.received).expect("a server writes HTTP") {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => return None,
        };
        let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).expect("a status");
        let field = |field: &httparse::Header<'_>| {
            let name = HeaderName::from_bytes(field.name.as_bytes()).expect("a name");
            (name, HeaderValue::from_bytes(field.value).expect("a value"))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in parsed.headers.iter().map(field) {
            headers.append(name, value);
        }
        self.received.advance(length);
        Some((status, headers))
    }

    async fn chunks(&mut self) -> Bytes {
        let mut body = BytesMut::new();
        loop {
            let parsed = httparse::parse_chunk_size(&self.received).expect("a server writes chunks");
            let httparse::Status::Complete((head, length)) = parsed else {
                assert!(self.receive().await, "a chunk broke off");
                continue;
            };
            self.received.advance(head);
            let length = usize::try_from(length).expect("it fits in memory");
            body.extend_from_slice(&self.take(length).await);
            assert_eq!(&self.take(2).await[..], b"\r\n", "a chunk's end");
            if length == 0 {
                return body.freeze();
            }
        }
    }

    async fn take(&mut self, length: usize) -> Bytes {
        while self.received.len() < length {
            assert!(self.receive().await, "a body broke off after {:?}", self.received);
        }
        self.received.split_to(length).freeze()
    }

    /// Receives more; false at the end of the stream.
    async fn receive(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.received).await, Ok(1..))
    }
}
