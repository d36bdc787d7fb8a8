//! Why a command has no result, and what an error says about its connection.

use redis::{ErrorKind, RedisError};

/// Why a command has no result.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no connection, or it has ended.
    Unreachable,
    /// There was no answer in time.
    Late,
    /// Another node of the Cluster has the key: `MOVED` or `ASK`.
    Elsewhere(RedisError),
    /// Redis answered with an error: out of memory, read-only, loading, a wrong type …
    Refused(RedisError),
}

/// Whether `error` is Redis's answer, or about one, so that the connection works.
pub(super) fn is_answer(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType | ErrorKind::Client
    )
}

/// What went wrong, for people.
pub(super) fn reason(error: &RedisError) -> String {
    match error.code() {
        Some(code) => format!("{code} {}", error.detail().unwrap_or_default()).trim_end().to_owned(),
        None => error.to_string(),
    }
}
