//! Sockets that a service manager opened for us (`sd_listen_fds(3)`).

use listenfd::ListenFd;
use std::{
    io,
    net::TcpListener,
    sync::{Mutex, OnceLock, PoisonError},
};

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Service,
    Admin,
}

/// The sockets not yet taken, with their names.
type Sockets = Vec<(String, io::Result<TcpListener>)>;

static INHERITED: OnceLock<Mutex<Sockets>> = OnceLock::new();

/// Reads what was inherited and takes it from the environment: to be called while there is one thread.
pub(crate) fn read() {
    let _ = sockets();
}

/// The next socket for `role` of `service`.
pub(super) fn take(role: Role, service: &str) -> io::Result<Option<TcpListener>> {
    let mut sockets = sockets().lock().unwrap_or_else(PoisonError::into_inner);
    let names: Vec<&str> = sockets.iter().map(|(name, _)| name.as_str()).collect();
    let Some(index) = choose(role, service, &names) else { return Ok(None) };
    let (name, socket) = sockets.remove(index);
    let socket = socket
        .map_err(|error| io::Error::new(error.kind(), format!("inherited socket `{name}`: {error}")))?;
    socket.set_nonblocking(true)?;
    Ok(Some(socket))
}

fn sockets() -> &'static Mutex<Sockets> {
    INHERITED.get_or_init(|| {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut inherited = ListenFd::from_env();
        let mut names = names.split(':');
        let sockets = (0..inherited.len()).filter_map(|index| {
            let name = names.next().unwrap_or_default().to_owned();
            Some((name, inherited.take_tcp_listener(index).transpose()?))
        });
        Mutex::new(sockets.collect())
    })
}

/// The first socket of that name, or else the first that has no name for anything. The service chooses first.
fn choose(role: Role, service: &str, names: &[&str]) -> Option<usize> {
    let roles = || names.iter().map(|name| named(name, service));
    roles().position(|named| named == Some(role)).or_else(|| roles().position(|named| named.is_none()))
}

/// What a socket of that name is for. Units without `FileDescriptorName=` pass the name of the socket unit.
fn named(name: &str, service: &str) -> Option<Role> {
    let name = name.strip_suffix(".socket").unwrap_or(name);
    if name == "service" || name == service {
        Some(Role::Service)
    } else if name == "admin" || name.strip_suffix("-admin") == Some(service) {
        Some(Role::Admin)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, choose};

    #[test]
    fn names_count_and_order_only_without_them() {
        let service = |names: &[&str]| choose(Role::Service, "app", names);
        let admin = |names: &[&str]| choose(Role::Admin, "app", names);
        assert_eq!(service(&["admin", "service"]), Some(1));
        assert_eq!(admin(&["service", "admin"]), Some(1));
        assert_eq!(service(&["app-admin.socket", "app.socket"]), Some(1));
        assert_eq!(service(&["unknown", "unknown"]), Some(0));
        assert_eq!(service(&["admin"]), None);
        assert_eq!(admin(&["unknown"]), Some(0));
        assert_eq!(admin(&[]), None);
    }
}
