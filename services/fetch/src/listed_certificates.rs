//! Certificates that the user lists: each is trusted as an issuer, and as a server's own, as by `curl --cacert`.

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{
        CertificateDer, ServerName, UnixTime,
        pem::{Error as PemError, PemObject},
    },
    server::ParsedCertificate,
};
use std::{path::PathBuf, sync::Arc};

/// Verifies as usual, but also takes a server's certificate that is listed: webpki takes no certificate of an authority
/// for a server's, which most self-signed ones are, nor one whose issuer is not trusted.
#[derive(Debug)]
struct ListedCertificates {
    usual: Arc<WebPkiServerVerifier>,
    listed: Vec<CertificateDer<'static>>,
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
            listed.push(certificate.map_err(wrong)?);
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
) -> Result<(), String> {
    // Those that cannot be issuers may still be a server's.
    roots.add_parsable_certificates(listed.iter().cloned());
    let provider = Arc::clone(config.crypto_provider());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let usual = usual.build().map_err(|error| error.to_string())?;
    config.dangerous().set_certificate_verifier(Arc::new(ListedCertificates { usual, listed }));
    Ok(())
}

/// Whether a server's certificate is refused because it is one of an authority: only the text of rustls' error says it.
pub(crate) fn is_of_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(cause) if cause.to_string().contains("CaUsedAsEndEntity"))
}

impl ServerCertVerifier for ListedCertificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(certificate, intermediates, name, ocsp, now);
        let lacks_issuer = |error: &CertificateError| match error {
            CertificateError::UnknownIssuer => true,
            other => is_of_authority(other),
        };
        match usual {
            // When webpki finds one of these, it has checked the validity, but not the name.
            Err(Error::InvalidCertificate(error))
                if lacks_issuer(&error) && self.listed.contains(certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            usual => usual,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
