//! The limit of open file descriptors, and the part of it that connections may use.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one: the soft one is low for programs that use `select`.
pub(crate) fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
}

/// `connections`, reduced to three quarters of the limit of open files, in equal parts for each of the `services`.
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

#[cfg(test)]
mod tests {
    use super::{affordable, limit};

    #[test]
    fn services_of_one_process_share_the_limit_of_open_files() {
        let connections = usize::try_from(limit().expect("open files are limited here") / 4 * 3).unwrap();
        assert_eq!(affordable(usize::MAX, 1), connections);
        assert_eq!(affordable(usize::MAX, 2), connections / 2);
        assert_eq!(affordable(10, 2), 10);
    }
}
