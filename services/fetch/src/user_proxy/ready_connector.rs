//! A connection that is open already, for hyper-util's tunnels, which would hide why it could not be opened.

use http::Uri;
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};
use tokio::net::TcpStream;
use tower_service::Service;

/// A connector for one call.
pub(crate) struct ReadyConnector(pub(crate) Option<TokioIo<TcpStream>>);

impl Service<Uri> for ReadyConnector {
    type Response = TokioIo<TcpStream>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(Ok(self.0.take().expect("a tunnel connects once")))
    }
}
