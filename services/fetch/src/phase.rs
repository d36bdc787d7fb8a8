//! The phases of a job.

use serde::{Deserialize, Serialize};

/// A phase of a job. The text says what was under way at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Waiting for other jobs: for a permit, for memory or for a thread.
    #[error("while waiting for other jobs")]
    Queue,
    /// Resolving the host name.
    #[error("while resolving the host name")]
    Dns,
    /// Connecting, through a proxy if there is one.
    #[error("while connecting")]
    Connect,
    /// The TLS handshake.
    #[error("while securing the connection")]
    Tls,
    /// From sending the request to the complete header of the response.
    #[error("while waiting for the answer")]
    FirstByte,
    /// Receiving and decoding the body.
    #[error("while reading the page")]
    Body,
    /// Extracting the links, which the caller of the fetcher does.
    #[error("while extracting the links")]
    Extraction,
}

impl Phase {
    /// All phases, in the order in which a job meets them.
    pub const ALL: [Self; 7] =
        [Self::Queue, Self::Dns, Self::Connect, Self::Tls, Self::FirstByte, Self::Body, Self::Extraction];

    /// Its stable name, in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::FirstByte => "first_byte",
            Self::Body => "body",
            Self::Extraction => "extraction",
        }
    }
}
