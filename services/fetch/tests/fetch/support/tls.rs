//! A certificate authority for the tests, and servers with its certificates.

use super::origin::{self, Origin};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{WantsServerCert, WebPkiClientVerifier},
};
use std::{path::PathBuf, sync::Arc};
use tempfile::NamedTempFile;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A certificate authority, with its root in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    root: NamedTempFile,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Validity {
    Now,
    LongAgo,
    FarAhead,
}

impl Validity {
    fn set_in(self, params: &mut CertificateParams) {
        let (from, to) = match self {
            Self::Now => (2020, 2099),
            Self::LongAgo => (2010, 2011),
            Self::FarAhead => (2090, 2099),
        };
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, IsCa::Ca(BasicConstraints::Unconstrained), Validity::Now)
    }

    /// An issuer whose own certificate has these properties.
    pub(crate) fn with(name: &str, is_ca: IsCa, validity: Validity) -> Self {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = is_ca;
        validity.set_in(&mut params);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let root = NamedTempFile::new().unwrap();
        std::fs::write(root.path(), issuer.pem()).unwrap();
        Self { issuer, root }
    }

    /// The file with the root.
    pub(crate) fn root(&self) -> PathBuf {
        self.root.path().to_owned()
    }

    /// A server's configuration with a certificate for `name`.
    pub(crate) fn server(&self, name: &str, validity: Validity, protocols: &[&str]) -> Arc<ServerConfig> {
        let mut config = serving(builder().with_no_client_auth(), &self.certificate(name, validity));
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// The configuration of a server that asks its clients for a certificate of this authority.
    pub(crate) fn server_for_its_own(&self, name: &str) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        let builder = builder().with_client_cert_verifier(clients);
        Arc::new(serving(builder, &self.certificate(name, Validity::Now)))
    }

    fn certificate(&self, name: &str, validity: Validity) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        validity.set_in(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// The configuration of a server with a self-signed certificate.
pub(crate) fn self_signed(name: &str, is_authority: bool) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Arc::new(serving(builder().with_no_client_auth(), &(certificate, key)))
}

fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

fn serving(
    builder: ConfigBuilder<ServerConfig, WantsServerCert>,
    (certificate, key): &(Certificate, KeyPair),
) -> ServerConfig {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
}

/// An origin that gives every connection to `serve` after the TLS handshake.
pub(crate) async fn raw<F: Future<Output = ()> + Send + 'static>(
    address: &str,
    config: Arc<ServerConfig>,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + Sync + 'static,
) -> Origin {
    let acceptor = TlsAcceptor::from(config);
    origin::raw(address, move |stream| {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream).await;
            }
        }
    })
    .await
}
