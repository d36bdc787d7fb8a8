//! Why a connection ended: the one trace of requests that could not be read.

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// Why a connection ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum End {
    /// Either side had enough.
    Regular,
    /// The client let its turn pass.
    Slow,
    /// A request header was too large: 431.
    TooLarge,
    /// A request could not be read: 400.
    Malformed,
    /// Reset, or ended in the middle.
    Broken,
}

impl End {
    pub(crate) fn of(result: Result<(), hyper::Error>) -> Self {
        match result {
            Ok(()) => Self::Regular,
            Err(error) if error.is_parse_too_large() => Self::TooLarge,
            Err(error) if error.is_parse() => Self::Malformed,
            Err(_) => Self::Broken,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Slow => "slow",
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::Broken => "broken",
        }
    }
}

impl EncodeLabelSet for End {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        ("why", self.name()).encode(encoder.encode_label())
    }
}
