//! The sockets of a service: inherited from a service manager, or bound.

use crate::{
    ServerSettings,
    inherited::{self, Role},
};
use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// Connections that may wait in the kernel to be accepted.
const BACKLOG: i32 = 4096;

/// The sockets of a service, bound before anything else is started.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) service: TcpListener,
    pub(crate) admin: Option<TcpListener>,
}

impl Listeners {
    /// Takes the sockets that a service manager passed (`LISTEN_FDS`), by name: `service` and `admin`, or the
    /// service's name and that with `-admin`; those without a name in that order, as far as `settings` want them. Binds
    /// what is missing as `settings` say; port 0 takes a free one. An error names the key and the address.
    #[expect(clippy::unused_async, reason = "sockets are registered with the runtime: there must be one")]
    pub async fn bind(settings: &ServerSettings) -> io::Result<Self> {
        let service = match inherited::take(Role::Service, settings.name, true)? {
            Some(socket) => TcpListener::from_std(socket)?,
            None => bind("listen", settings.listen)?,
        };
        let wanted = settings.admin.listen.is_some();
        let admin = match (inherited::take(Role::Admin, settings.name, wanted)?, settings.admin.listen) {
            (Some(socket), _) => Some(TcpListener::from_std(socket)?),
            (None, Some(address)) => Some(bind("admin.listen", address)?),
            (None, None) => None,
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

fn bind(key: &str, address: SocketAddr) -> io::Result<TcpListener> {
    listen(address).map_err(|error| {
        io::Error::new(error.kind(), format!("`{key}`: cannot listen on {address}: {error}"))
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?; // else a restart waits for the last connections' TIME_WAIT
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
