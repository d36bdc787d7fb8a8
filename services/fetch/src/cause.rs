//! The causes of failures in words that people know: for operators, and for a client that acts for its own user. A
//! server's clients never learn them.

mod kind;

pub use kind::CauseKind;

use crate::{listed_certificates, user_proxy::ProxyFailure};
use hickory_resolver::{
    net::{DnsError, NetError},
    proto::op::ResponseCode,
};
use rustix::io::Errno;
use std::{error::Error, fmt, io, iter::successors, time::Duration, time::SystemTime};

/// The cause of [`TooLarge`](crate::FetchError::TooLarge) if no larger limit of bytes would help.
pub const DECODING_TIME: &str = "its decompression takes more processor time than a page of its size may";

/// The cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its kind.
    pub kind: CauseKind,
    /// The same in a few words, with details: `certificate expired on 2011-01-01`.
    pub text: String,
}

impl Cause {
    /// A cause of this kind.
    pub fn new(kind: CauseKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// The job has waited until its deadline for what other jobs used.
    pub fn busy() -> Self {
        Self::new(CauseKind::Busy, "memory or threads were in use by other jobs")
    }

    /// The look-up found a name without addresses.
    pub(crate) fn no_address() -> Self {
        Self::new(CauseKind::NoAddress, "the name has no address")
    }

    /// No name server has answered anything.
    pub(crate) fn no_name_server() -> Self {
        Self::new(CauseKind::NameServer, "no name server answers")
    }

    /// The cause in `error` or in what it wraps; `None` if it says no more than the `FetchError`.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        successors(Some(error), |error: &&(dyn Error + 'static)| (*error).source()).find_map(described)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A cause in words that people know; `None` if it says no more than the `FetchError`.
fn described(error: &(dyn Error + 'static)) -> Option<Cause> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // An error within an `io::Error` is no source of it.
        let inner = || error.get_ref().and_then(|inner| inner.downcast_ref()).and_then(tls);
        return io_error(error).or_else(inner);
    }
    if let Some(error) = error.downcast_ref::<NetError>() {
        return look_up(error);
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
        return Some(Cause::new(CauseKind::NotHttp, "the answer is not HTTP"));
    }
    if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
        return Some(Cause::new(CauseKind::Closed, "the connection was closed without an answer"));
    }
    if let Some(failure) = error.downcast_ref::<ProxyFailure>() {
        return Some(Cause::new(failure.kind(), failure.to_string()));
    }
    error.downcast_ref().and_then(tls)
}

fn io_error(error: &io::Error) -> Option<Cause> {
    let (kind, text) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (CauseKind::Refused, "connection refused"),
        io::ErrorKind::ConnectionReset => (CauseKind::Reset, "connection reset by peer"),
        io::ErrorKind::HostUnreachable => (CauseKind::Unreachable, "the host is unreachable"),
        io::ErrorKind::NetworkUnreachable => (CauseKind::Unreachable, "the network is unreachable"),
        io::ErrorKind::AddrNotAvailable => (CauseKind::System, "no local address or port is left"),
        io::ErrorKind::PermissionDenied => (CauseKind::System, "the system does not permit the connection"),
        _ => match Errno::from_io_error(error)? {
            Errno::MFILE | Errno::NFILE => (CauseKind::System, "too many open files"),
            _ => return None,
        },
    };
    Some(Cause::new(kind, text))
}

/// Why a name could not be looked up.
fn look_up(error: &NetError) -> Option<Cause> {
    let code = match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.response_code,
        NetError::Dns(DnsError::ResponseCode(code)) => *code,
        NetError::Io(error) => {
            let text = io_error(error).map_or_else(|| "it cannot be reached".to_owned(), |cause| cause.text);
            return Some(Cause::new(CauseKind::NameServer, format!("name server: {text}")));
        }
        NetError::NoConnections => return Some(Cause::no_name_server()),
        _ => return None,
    };
    Some(match code {
        ResponseCode::NXDomain => Cause::new(CauseKind::NoSuchName, "NXDOMAIN"),
        ResponseCode::NoError => Cause::no_address(),
        ResponseCode::ServFail => Cause::new(CauseKind::DnsError, "SERVFAIL"),
        code => Cause::new(CauseKind::DnsError, format!("the name server answers: {code}")),
    })
}

/// What is wrong with a certificate or with the handshake.
fn tls(error: &rustls::Error) -> Option<Cause> {
    use rustls::{CertificateError as Certificate, Error};
    let on = |time: rustls::pki_types::UnixTime| {
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))?;
        humantime::format_rfc3339_seconds(time).to_string().split_once('T').map(|(date, _)| date.to_owned())
    };
    let (kind, text) = match error {
        Error::InvalidCertificate(Certificate::ExpiredContext { not_after, .. }) => {
            (CauseKind::CertificateExpired, format!("certificate expired on {}", on(*not_after)?))
        }
        Error::InvalidCertificate(Certificate::NotValidYetContext { not_before, .. }) => {
            let text = format!("certificate is not valid before {}", on(*not_before)?);
            (CauseKind::CertificateNotYetValid, text)
        }
        Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => (CauseKind::CertificateName, "the certificate is for another name".to_owned()),
        Error::InvalidCertificate(problem)
            if *problem == Certificate::UnknownIssuer || listed_certificates::is_of_authority(problem) =>
        {
            (CauseKind::CertificateIssuer, "the certificate's issuer is not trusted".to_owned())
        }
        Error::InvalidCertificate(_) => {
            (CauseKind::CertificateInvalid, "the certificate is invalid".to_owned())
        }
        Error::InvalidMessage(_) => (CauseKind::NotTls, "the answer is not TLS".to_owned()),
        Error::AlertReceived(alert) => (CauseKind::TlsAlert, format!("TLS alert {alert:?}")),
        _ => return None,
    };
    Some(Cause::new(kind, text))
}
