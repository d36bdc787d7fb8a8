//! Whom TLS trusts, and why it did not.

use crate::{FetchSettings, TlsProblem};
use rustls::{CertificateError, ClientConfig, Error};
use std::{io, sync::Arc};

/// TLS 1.2 and up; the system's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured) and the operator's;
/// HTTP/2 and HTTP/1.1 by ALPN. There is no way to turn verification off.
pub(crate) fn client_config(settings: &FetchSettings) -> Result<Arc<ClientConfig>, String> {
    let roots = kit::tls::root_certificates(&settings.extra_roots)
        .map_err(|error| format!("fetch.extra_roots: {error}"))?;
    if roots.is_empty() {
        tracing::warn!("no root certificates: no https page can be fetched");
    }
    let mut config = kit::tls::client_config(roots)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The error of TLS inside of another, if there is one.
pub(crate) fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|cause| cause.downcast_ref())
}

/// What a failed handshake says to a person.
pub(crate) fn problem(error: &io::Error) -> TlsProblem {
    use CertificateError as Certificate;
    let Some(Error::InvalidCertificate(cause)) = cause(error) else { return TlsProblem::Handshake };
    match cause {
        Certificate::Expired
        | Certificate::ExpiredContext { .. }
        | Certificate::NotValidYet
        | Certificate::NotValidYetContext { .. } => TlsProblem::Expired,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => TlsProblem::WrongName,
        Certificate::UnknownIssuer => TlsProblem::UnknownIssuer,
        // What most tools make when asked for a self-signed certificate; rustls tells it by its words alone.
        Certificate::Other(cause) if cause.to_string().contains("CaUsedAsEndEntity") => {
            TlsProblem::UnknownIssuer
        }
        _ => TlsProblem::Handshake,
    }
}
