//! The sockets of a service.

use crate::ServerSettings;
use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// The sockets of a service, bound before anything else is started.
#[derive(Debug)]
pub struct Listeners {
    pub(super) service: TcpListener,
    pub(super) admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds what `settings` says; port 0 takes a free one. An error names the key and the address.
    pub async fn bind(settings: &ServerSettings) -> io::Result<Self> {
        let service = bind("listen", settings.listen).await?;
        let admin = match settings.admin.listen {
            Some(address) => Some(bind("admin.listen", address).await?),
            None => None,
        };
        Ok(Self { service, admin })
    }

    /// Where the service can be reached.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.service.local_addr()
    }

    /// Where its admin routes can be reached, if anywhere.
    pub fn admin_address(&self) -> Option<io::Result<SocketAddr>> {
        self.admin.as_ref().map(TcpListener::local_addr)
    }
}

async fn bind(key: &str, address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| {
        io::Error::new(error.kind(), format!("`{key}`: cannot listen on {address}: {error}"))
    };
    TcpListener::bind(address).await.map_err(named)
}
