//! The causes of failures, for a client that acts for its own user. A server's clients never learn them.

use std::{cell::RefCell, error::Error, io, iter::successors, time::Duration, time::SystemTime};

tokio::task_local! {
    static CAUSE: RefCell<Option<String>>;
}

/// Runs a fetch, and returns the last cause of failure that was recorded meanwhile.
pub(crate) async fn recorded<T>(fetch: impl Future<Output = T>) -> (T, Option<String>) {
    let fetch = async {
        let result = fetch.await;
        (result, CAUSE.with(RefCell::take))
    };
    CAUSE.scope(RefCell::default(), fetch).await
}

/// Records why a connection failed. Does nothing unless the fetch is [`recorded`].
pub(crate) fn record(error: &(dyn Error + 'static)) {
    // The error is an `Err` only outside of a recorded fetch.
    let _ = CAUSE.try_with(|cause| {
        if let Some(found) =
            successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source()).find_map(described)
        {
            cause.replace(Some(found));
        }
    });
}

/// A cause in words that people know; `None` if it says no more than the `FetchError`.
fn described(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        let known = match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused",
            io::ErrorKind::ConnectionReset => "the connection was reset",
            io::ErrorKind::HostUnreachable => "the host is unreachable",
            io::ErrorKind::NetworkUnreachable => "the network is unreachable",
            // An error within an `io::Error` is no source of it.
            _ => return error.get_ref().and_then(|inner| inner.downcast_ref()).and_then(certificate),
        };
        return Some(known.to_owned());
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
        return Some("the answer is not HTTP".to_owned());
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
        return Some("the connection was closed without an answer".to_owned());
    }
    error.downcast_ref().and_then(certificate)
}

/// The date on which a certificate expired or will be valid.
fn certificate(error: &rustls::Error) -> Option<String> {
    use rustls::{CertificateError as Certificate, Error::InvalidCertificate};
    let date = |time: rustls::pki_types::UnixTime| {
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))?;
        humantime::format_rfc3339_seconds(time).to_string().split_once('T').map(|(date, _)| date.to_owned())
    };
    match error {
        InvalidCertificate(Certificate::ExpiredContext { not_after, .. }) => {
            Some(format!("certificate expired on {}", date(*not_after)?))
        }
        InvalidCertificate(Certificate::NotValidYetContext { not_before, .. }) => {
            Some(format!("certificate is not valid before {}", date(*not_before)?))
        }
        _ => None,
    }
}
