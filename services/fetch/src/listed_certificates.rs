//! Certificates that the user lists: each is trusted as a server's own, and as an issuer if it is one of an authority
//! that is valid now.

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        CertificateDer, ServerName, UnixTime,
        pem::{Error as PemError, PemObject},
    },
    server::ParsedCertificate,
};
use std::{path::PathBuf, sync::Arc};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Verifies as rustls does, but also takes a server's certificate that is listed: webpki takes no certificate of an
/// authority for a server's, which most self-signed ones are, nor one whose issuer is not trusted.
#[derive(Debug)]
struct ListedCertificates {
    /// The issuers; there may be none.
    roots: RootCertStore,
    listed: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

/// The certificates in the PEM files; an error names the file.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut listed = Vec::new();
    for file in files {
        let wrong = |error: PemError| {
            let text = if let PemError::Io(error) = &error { error.to_string() } else { error.to_string() };
            // Without the system's number, which says nothing to people.
            let text = text.split(" (os error ").next().unwrap_or_default().to_lowercase();
            format!("{}: {text}", file.display())
        };
        let before = listed.len();
        for certificate in CertificateDer::pem_file_iter(file).map_err(wrong)? {
            let certificate = certificate.map_err(wrong)?;
            // What a trust anchor may be includes all that a server's certificate may be.
            anchor_from_trusted_cert(&certificate)
                .map_err(|_| format!("{}: a block of it is no X.509 certificate", file.display()))?;
            listed.push(certificate);
        }
        if listed.len() == before {
            return Err(format!("{}: no certificate in PEM form", file.display()));
        }
    }
    Ok(listed)
}

/// Makes `config` trust `roots` and the `listed` certificates.
pub(crate) fn trust(
    config: &mut ClientConfig,
    mut roots: RootCertStore,
    listed: Vec<CertificateDer<'static>>,
) {
    let now = UnixTime::now();
    // webpki checks nothing of a trust anchor: the key of a listed server would sign for every host.
    roots.add_parsable_certificates(listed.iter().filter(|listed| may_issue(listed, now)).cloned());
    let provider = Arc::clone(config.crypto_provider());
    let verifier = ListedCertificates { roots, listed, provider };
    config.dangerous().set_certificate_verifier(Arc::new(verifier));
}

/// Whether a certificate is one of an authority (`cA`, RFC 5280, section 4.2.1.9) that is valid `now`. webpki tells it only
/// as the reason why it is no server's, after it has checked the time and before it looks for an issuer.
fn may_issue(certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
    EndEntityCert::try_from(certificate).is_ok_and(|certificate| {
        let verified = certificate.verify_for_usage(&[], &[], &[], now, KeyUsage::server_auth(), None, None);
        matches!(verified, Err(webpki::Error::CaUsedAsEndEntity))
    })
}

/// Whether a server's certificate is refused because it is one of an authority, for which rustls has no error of its own.
pub(crate) fn is_of_authority(error: &CertificateError) -> bool {
    let CertificateError::Other(cause) = error else { return false };
    matches!(cause.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

impl ServerCertVerifier for ListedCertificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let verified =
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms);
        let lacks_issuer = |error: &CertificateError| match error {
            CertificateError::UnknownIssuer => true,
            other => is_of_authority(other),
        };
        match verified {
            // When webpki finds one of these, it has checked the validity.
            Err(Error::InvalidCertificate(error))
                if lacks_issuer(&error) && self.listed.contains(certificate) => {}
            verified => verified?,
        }
        verify_server_name(&parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
