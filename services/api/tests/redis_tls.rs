//! TLS to Redis: a private authority, and a certificate of our own.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Origin, Page, RedisServer, within};
use kit::{Admin, Secret};
use linkextractor_api::RedisSettings;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::{net::SocketAddr, path::PathBuf};
use support::{Service, cache_status, settings};
use tempfile::TempDir;

struct Stage {
    folder: TempDir,
    redis: RedisServer,
    origin: Origin,
}

impl Stage {
    /// A Redis with a certificate of an authority of its own, which it wants from its clients, too, with `clients` `yes`.
    async fn set(clients: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut authority = CertificateParams::default();
        // OpenSSL takes a certificate with the name of its issuer for one that signed itself.
        authority.distinguished_name.push(DnType::CommonName, "authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        for name in ["server", "client"] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &authority).unwrap();
            std::fs::write(folder.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
            std::fs::write(folder.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (ca, certificate, key) = (file("ca.pem"), file("server.pem"), file("server.key"));
        let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
        let redis =
            RedisServer::start_on_port(&[&files[..], &["--tls-auth-clients", clients]].concat()).await;
        Self { folder, redis, origin: Origin::start().await }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn service(&self, redis: RedisSettings) -> Service {
        let mut settings = settings();
        settings.admin = Admin::at(Some(SocketAddr::from(([127, 0, 0, 1], 0))));
        settings.redis_url = Some(Secret::from(format!("rediss://127.0.0.1:{}", self.redis.port())));
        settings.redis = redis;
        Service::with(settings).await
    }

    async fn assert_stores(&self, api: &Service) {
        let page = self.origin.page("/", Page::html("<a href=x>x</a>"));
        let ask = async || api.get_with(&page, "cache-control", "no-cache").await;
        within("the page to be stored", async {
            while cache_status(&ask().await) != "fwd=request; stored" {}
        })
        .await;
    }

    async fn assert_answers_without(&self, api: &Service) {
        let page = self.origin.page("/", Page::html("<a href=x>x</a>"));
        assert_eq!(cache_status(&api.get(&page).await), "fwd=miss");
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_it_is_named() {
    let stage = Stage::set("no").await;
    let api = stage.service(RedisSettings::default()).await;
    stage.assert_answers_without(&api).await;
    let ready = api.admin("/ready").await;
    assert!(ready.contains("UnknownIssuer"), "{ready}");
    let redis = RedisSettings { ca_file: Some(stage.file("ca.pem")), ..RedisSettings::default() };
    stage.assert_stores(&stage.service(redis).await).await;
}

#[tokio::test]
async fn a_redis_that_asks_for_a_certificate_gets_ours() {
    let stage = Stage::set("yes").await;
    let mut redis = RedisSettings { ca_file: Some(stage.file("ca.pem")), ..RedisSettings::default() };
    stage.assert_answers_without(&stage.service(redis.clone()).await).await;
    redis.cert_file = Some(stage.file("client.pem"));
    redis.key_file = Some(stage.file("client.key"));
    stage.assert_stores(&stage.service(redis).await).await;
}
