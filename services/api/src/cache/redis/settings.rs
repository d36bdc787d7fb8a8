//! The settings of the connection to Redis.

use redis::{Client, ClientTlsConfig, TlsCertificates};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Without it a PEM file has no certificate.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The `redis` section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisSettings {
    /// A PEM file with the authorities that are trusted with `rediss://`, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with our own certificate, for a Redis that asks for one, and one with its key.
    pub cert_file: Option<PathBuf>,
    /// The key of `cert_file`.
    pub key_file: Option<PathBuf>,
    /// How long a request waits for Redis, all its commands together, before it goes on without.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// How long writing a result may take; the request is answered meanwhile.
    #[serde(with = "humantime_serde")]
    pub write_timeout: Duration,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_millis(50),
            write_timeout: Duration::from_secs(1),
        }
    }
}

impl RedisSettings {
    /// Checks the values; an error names the key.
    pub(super) fn check(&self) -> Result<(), String> {
        let durations =
            [("redis.timeout", self.timeout, "50ms"), ("redis.write_timeout", self.write_timeout, "1s")];
        for (key, value, example) in durations {
            if value.is_zero() {
                return Err(format!("{key}: found 0s; expected a duration such as {example}"));
            }
        }
        Ok(())
    }

    /// The certificates in the files; `None` without files. An error names the key.
    pub(super) fn certificates(&self) -> Result<Option<TlsCertificates>, String> {
        let read = |key: &str, file: &Path| {
            fs::read(file).map_err(|error| format!("redis.{key}: found `{}`: {error}", file.display()))
        };
        let read =
            |key: &str, file: &Option<PathBuf>| file.as_deref().map(|file| read(key, file)).transpose();
        let root_cert = read("ca_file", &self.ca_file)?;
        let own = (read("cert_file", &self.cert_file)?, read("key_file", &self.key_file)?);
        let client_tls = match own {
            (Some(client_cert), Some(client_key)) => Some(ClientTlsConfig { client_cert, client_key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err("redis.key_file: found none; expected the key of cert_file".to_owned());
            }
            (None, Some(_)) => {
                return Err("redis.cert_file: found none; expected that of key_file".to_owned());
            }
        };
        if root_cert.is_none() && client_tls.is_none() {
            return Ok(None);
        }
        let usable = |root_cert: Option<Vec<u8>>, client_tls: Option<ClientTlsConfig>| {
            Client::build_with_tls("rediss://localhost", TlsCertificates { client_tls, root_cert }).map(drop)
        };
        let pem = root_cert.as_deref().is_none_or(|pem| String::from_utf8_lossy(pem).contains(BEGIN));
        if !pem || usable(root_cert.clone(), None).is_err() {
            return Err("redis.ca_file: found no certificate; expected a PEM file".to_owned());
        }
        usable(None, client_tls.clone())
            .map_err(|error| format!("redis.cert_file or redis.key_file: {error}; expected PEM files"))?;
        Ok(Some(TlsCertificates { client_tls, root_cert }))
    }
}
