//! A server on this machine, in threads of its own.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, io, net::Ipv4Addr, sync::Arc};
use tokio::{net::TcpListener, runtime::Runtime};

/// Ends when it is dropped.
pub struct Origin {
    pub port: u16,
    _runtime: Runtime,
}

impl Origin {
    /// Answers every path that ends in a number with one of `bodies`, in order.
    pub fn start(bodies: Vec<Vec<u8>>) -> io::Result<Self> {
        let runtime = Runtime::new()?;
        // On every address, so that a list can have many hosts: all of 127.0.0.0/8 is this machine.
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)))?;
        let port = listener.local_addr()?.port();
        let bodies: Arc<[Bytes]> = bodies.into_iter().map(Bytes::from).collect();
        runtime.spawn(accept(listener, bodies));
        Ok(Self { port, _runtime: runtime })
    }
}

async fn accept(listener: TcpListener, bodies: Arc<[Bytes]>) {
    while let Ok((stream, _)) = listener.accept().await {
        let bodies = Arc::clone(&bodies);
        let answer = move |request: Request<Incoming>| {
            let number: usize = request.uri().path()[1..].parse().unwrap_or_default();
            let body = Full::new(bodies[number % bodies.len()].clone());
            let response = Response::builder().header("content-type", "text/html; charset=utf-8").body(body);
            async { Ok::<_, Infallible>(response.expect("a literal header")) }
        };
        tokio::spawn(async move {
            // The client may leave at any time: that is what is measured.
            let connection = http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}
