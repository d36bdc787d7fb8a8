//! Whom TLS trusts, and why it did not.

use crate::{Settings, TlsProblem};
use rustls::{
    CertificateError, ClientConfig, Error, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{io, sync::Arc};

/// TLS 1.2 and up; the system's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured) and the operator's;
/// HTTP/2 and HTTP/1.1 by ALPN. There is no way to turn verification off.
pub(crate) fn client_config(settings: &Settings) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "the system's root certificates");
    }
    roots.add_parsable_certificates(system.certs);
    for path in &settings.extra_roots {
        let wrong = |error: String| format!("fetch.extra_roots: {}: {error}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
    }
    if roots.is_empty() {
        tracing::warn!("no root certificates: no https page can be fetched");
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
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
