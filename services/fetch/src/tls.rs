//! The client's TLS configuration, and the reasons why a handshake failed.

use crate::{FetchSettings, TlsProblem, listed_certificates, unverified};
use rustls::{CertificateError, ClientConfig, Error};
use std::{
    io,
    sync::{Arc, OnceLock},
};

/// The client's configuration, made at once or when it is needed.
pub(crate) struct TlsClient {
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
    settings: FetchSettings,
}

impl TlsClient {
    /// An error names the setting that cannot be used.
    pub(crate) fn new(settings: &FetchSettings) -> Result<Self, String> {
        let client = Self { config: OnceLock::new(), settings: settings.clone() };
        if !settings.client.certificates_when_needed || !settings.client.certificates.is_empty() {
            client.config()?;
        }
        Ok(client)
    }

    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        self.config.get_or_init(|| client_config(&self.settings)).clone()
    }
}

/// A configuration that trusts the system's root certificates and those of `extra_roots`. An error names the setting that
/// cannot be used.
fn client_config(settings: &FetchSettings) -> Result<Arc<ClientConfig>, String> {
    let roots = kit::tls::root_certificates(&settings.extra_roots)
        .map_err(|error| format!("fetch.extra_roots: {error}"))?;
    let listed = listed_certificates::read(&settings.client.certificates)
        .map_err(|error| format!("client.certificates: {error}"))?;
    if roots.is_empty() && listed.is_empty() {
        tracing::warn!("no root certificates: no https page can be fetched");
    }
    let mut config = kit::tls::client_config(roots.clone())?;
    if !listed.is_empty() {
        listed_certificates::trust(&mut config, roots, listed);
    }
    if settings.client.insecure {
        unverified::accept_any_certificate(&mut config);
    }
    Ok(Arc::new(config))
}

/// Why TLS failed, if that is why the connection did.
pub(crate) fn problem(error: &io::Error) -> Option<TlsProblem> {
    use CertificateError as Certificate;
    let Error::InvalidCertificate(cause) = error.get_ref()?.downcast_ref()? else {
        return Some(TlsProblem::Handshake);
    };
    Some(match cause {
        Certificate::Expired
        | Certificate::ExpiredContext { .. }
        | Certificate::NotValidYet
        | Certificate::NotValidYetContext { .. } => TlsProblem::Expired,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => TlsProblem::WrongName,
        Certificate::UnknownIssuer => TlsProblem::UnknownIssuer,
        // Most tools make such self-signed certificates.
        other if listed_certificates::is_of_authority(other) => TlsProblem::UnknownIssuer,
        _ => TlsProblem::Handshake,
    })
}
