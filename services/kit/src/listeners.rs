//! The sockets of a service: inherited from a service manager, or bound.

use crate::{
    ServerSettings,
    inherited::{self, Role},
};
use std::{io, net::SocketAddr};
use tokio::net::TcpListener;

/// The length of the kernel's queue of connections that are not yet accepted.
const BACKLOG: i32 = 4096;

/// The sockets of a service, bound before anything else is started.
pub struct Listeners {
    pub(crate) service: TcpListener,
    pub(crate) admin: Option<TcpListener>,
}

impl Listeners {
    /// Takes the sockets that a service manager passed (`LISTEN_FDS`) by their names: `service` and `admin`, or the
    /// service's name, alone or with `-admin`; sockets without a name in that order. Binds the missing ones by `settings`;
    /// port 0 takes a free one. An error names the key and the address.
    #[expect(clippy::unused_async, reason = "it registers sockets with the runtime, so there must be one")]
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

    /// The address of the service.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.service.local_addr()
    }

    /// The address of its admin listener, if there is one.
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
    socket.set_reuse_address(true)?; // otherwise a restart fails while old connections are in TIME_WAIT
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
