//! File descriptors: as many as the system gives, and not all of them to clients.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one: the soft one is low for the sake of `select`, which is not used here.
pub(crate) fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
}

/// `connections`, or fewer if the limit of open files is too low: three quarters of it are for connections, in equal
/// parts for each of the process's `services`.
pub(crate) fn affordable(connections: usize, services: usize) -> usize {
    let Some(limit) = limit() else { return connections };
    let affordable = (usize::try_from(limit / 4 * 3).unwrap_or(usize::MAX) / services.max(1)).max(1);
    if affordable < connections {
        tracing::warn!(wanted = connections, connections = affordable, "the limit of open files is too low");
    }
    affordable.min(connections)
}

/// The limit of open files, if there is one.
pub(crate) fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}
