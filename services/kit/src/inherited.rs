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

/// Takes the inherited sockets from the environment; to be called before other threads start.
pub(crate) fn read() {
    let _ = sockets();
}

/// The next socket for `role` of `service`; one without a name only if `wanted`.
pub(crate) fn take(role: Role, service: &str, wanted: bool) -> io::Result<Option<TcpListener>> {
    let mut sockets = sockets().lock().unwrap_or_else(PoisonError::into_inner);
    let names: Vec<&str> = sockets.iter().map(|(name, _)| name.as_str()).collect();
    let Some(index) = choose(role, service, wanted, &names) else { return Ok(None) };
    let (name, socket) = sockets.remove(index);
    let socket = socket
        .map_err(|error| io::Error::new(error.kind(), format!("inherited socket `{name}`: {error}")))?;
    socket.set_nonblocking(true)?;
    Ok(Some(socket))
}

/// Checks that every socket was taken, once all services of the process have theirs: clients of the others would wait
/// forever. The error names one.
pub(crate) fn check_all_taken() -> io::Result<()> {
    let sockets = sockets().lock().unwrap_or_else(PoisonError::into_inner);
    let Some((name, _)) = sockets.first() else { return Ok(()) };
    let expected = "expected `service`, `admin`, or the service's name, alone or with `-admin`, each once";
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("inherited socket `{name}`: nothing here listens on it; {expected}"),
    ))
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

/// The index of the first socket for the role by its name, or else of the first without a name.
fn choose(role: Role, service: &str, wanted: bool, names: &[&str]) -> Option<usize> {
    let fits = names.iter().position(|name| named(name, service) == Some(role));
    fits.or_else(|| names.iter().position(|name| wanted && matches!(*name, "" | "unknown")))
}

/// The role of a socket by its name. Units without `FileDescriptorName=` pass the name of the socket unit.
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
    fn sockets_are_chosen_by_name_and_in_order_only_without_names() {
        let service = |names: &[&str]| choose(Role::Service, "app", true, names);
        let admin = |names: &[&str]| choose(Role::Admin, "app", true, names);
        assert_eq!(service(&["admin", "service"]), Some(1));
        assert_eq!(admin(&["service", "admin"]), Some(1));
        assert_eq!(service(&["app-admin.socket", "app.socket"]), Some(1));
        assert_eq!(service(&["unknown", "unknown"]), Some(0));
        assert_eq!(service(&["admin"]), None);
        assert_eq!(admin(&["unknown"]), Some(0));
        assert_eq!(admin(&[""]), Some(0));
        assert_eq!(admin(&[]), None);
    }

    #[test]
    fn a_socket_with_an_unknown_name_is_not_taken() {
        for role in [Role::Service, Role::Admin] {
            assert_eq!(choose(role, "app", true, &["app2", "web", "app-admin2", "adm"]), None);
        }
    }

    #[test]
    fn no_public_socket_becomes_the_admin_listener() {
        assert_eq!(choose(Role::Admin, "app", false, &["unknown", ""]), None);
        assert_eq!(choose(Role::Admin, "app", true, &["web.socket"]), None);
        assert_eq!(choose(Role::Admin, "app", false, &["web.socket", "app-admin.socket"]), Some(1));
    }

    #[test]
    fn two_services_of_a_process_each_get_theirs() {
        let names = ["web", "web-admin.socket", "api-admin", "api.socket"];
        let chosen = |role, service| choose(role, service, false, &names);
        assert_eq!(chosen(Role::Service, "api"), Some(3));
        assert_eq!(chosen(Role::Admin, "api"), Some(2));
        assert_eq!(chosen(Role::Service, "web"), Some(0));
        assert_eq!(chosen(Role::Admin, "web"), Some(1));
    }
}
