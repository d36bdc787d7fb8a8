//! The causes of failures in words that people know: for operators, and for a client that acts for its own user. A
//! server's clients never learn them.

use crate::user_proxy::ProxyFailure;
use hickory_resolver::{
    net::{DnsError, NetError},
    proto::op::ResponseCode,
};
use std::{error::Error, io, iter::successors, time::Duration, time::SystemTime};

/// The cause of a look-up that found a name without addresses.
pub(crate) const NO_ADDRESS: &str = "the name has no address";

/// The cause of [`TooLarge`](crate::FetchError::TooLarge) if no larger limit of bytes would help.
pub const DECODING_TIME: &str = "its decompression takes more processor time than a page of its size may";

/// The cause in `error` or in what it wraps; `None` if it says no more than the `FetchError`.
pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<String> {
    successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source()).find_map(described)
}

/// A cause in words that people know; `None` if it says no more than the `FetchError`.
fn described(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // An error within an `io::Error` is no source of it.
        let inner = || error.get_ref().and_then(|inner| inner.downcast_ref()).and_then(tls);
        return io_error(error.kind()).map(str::to_owned).or_else(inner);
    }
    if let Some(error) = error.downcast_ref::<NetError>() {
        return look_up(error);
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
        return Some("the answer is not HTTP".to_owned());
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
        return Some("the connection was closed without an answer".to_owned());
    }
    if let Some(failure) = error.downcast_ref::<ProxyFailure>() {
        return Some(failure.to_string());
    }
    error.downcast_ref().and_then(tls)
}

fn io_error(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset by peer",
        io::ErrorKind::HostUnreachable => "the host is unreachable",
        io::ErrorKind::NetworkUnreachable => "the network is unreachable",
        _ => return None,
    })
}

/// Why a name could not be looked up.
fn look_up(error: &NetError) -> Option<String> {
    let code = match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.response_code,
        NetError::Dns(DnsError::ResponseCode(code)) => *code,
        NetError::Io(error) => {
            return io_error(error.kind()).map(|cause| format!("name server: {cause}"));
        }
        NetError::NoConnections => return Some("no name server answers".to_owned()),
        _ => return None,
    };
    Some(match code {
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NoError => NO_ADDRESS.to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        code => format!("the name server answers: {code}"),
    })
}

/// What is wrong with a certificate or with the handshake.
fn tls(error: &rustls::Error) -> Option<String> {
    use rustls::{CertificateError as Certificate, Error};
    let date = |time: rustls::pki_types::UnixTime| {
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))?;
        humantime::format_rfc3339_seconds(time).to_string().split_once('T').map(|(date, _)| date.to_owned())
    };
    Some(match error {
        Error::InvalidCertificate(Certificate::ExpiredContext { not_after, .. }) => {
            format!("certificate expired on {}", date(*not_after)?)
        }
        Error::InvalidCertificate(Certificate::NotValidYetContext { not_before, .. }) => {
            format!("certificate is not valid before {}", date(*not_before)?)
        }
        Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => "the certificate is for another name".to_owned(),
        Error::InvalidCertificate(Certificate::UnknownIssuer) => {
            "the certificate's issuer is not trusted".to_owned()
        }
        Error::InvalidMessage(_) => "the answer is not TLS".to_owned(),
        Error::AlertReceived(alert) => format!("TLS alert {alert:?}"),
        _ => return None,
    })
}
