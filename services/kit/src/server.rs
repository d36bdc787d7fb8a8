//! Binding, serving, draining.

use crate::{Response, ServerSettings, Service};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// The sockets of a service, bound before anything else is started.
#[derive(Debug)]
pub struct Listeners {
    service: TcpListener,
    admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds what `settings` says; port 0 takes a free one.
    pub async fn bind(settings: &ServerSettings) -> io::Result<Self> {
        let service = TcpListener::bind(settings.listen).await?;
        let admin = match settings.admin.listen {
            Some(address) => Some(TcpListener::bind(address).await?),
            None => None,
        };
        Ok(Self { service, admin })
    }

    /// Where the service can be reached.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.service.local_addr()
    }
}

/// Serves until `shutdown` resolves, then drains: returns when the last request in flight is answered or the
/// grace is over.
pub async fn serve<S: Service>(
    service: S,
    listeners: Listeners,
    settings: ServerSettings,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let service = Arc::new(service);
    let _ = (&settings, &listeners.admin);
    tokio::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listeners.service.accept() => accepted?.0,
            () = &mut shutdown => return Ok(()),
        };
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            let answer = service_fn(move |request: hyper::Request<Incoming>| {
                let service = Arc::clone(&service);
                async move {
                    let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
                    Ok::<Response, Infallible>(service.handle(request).await)
                }
            });
            let _ =
                auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}
