//! The reasons for closing a connection, which also count requests that hyper could not parse.

use crate::BoxError;
use prometheus_client::{
    encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder},
    metrics::{counter::Counter, family::Family},
};
use std::io;

/// Why a connection was closed.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// By either side, between requests.
    Regular,
    /// A timeout expired, or it was cut off as a slow reader.
    Slow,
    /// A request header was too large: 431.
    TooLarge,
    /// A request could not be parsed: 400.
    Malformed,
    /// Reset, or ended within a request or response.
    Broken,
}

impl CloseReason {
    /// A counter for each reason, at zero.
    pub(super) fn counters() -> Family<Self, Counter> {
        let counters = Family::default();
        for reason in [Self::Regular, Self::Slow, Self::TooLarge, Self::Malformed, Self::Broken] {
            drop(counters.get_or_create(&reason));
        }
        counters
    }

    pub(crate) fn of(result: Result<(), BoxError>) -> Self {
        let Err(error) = result else { return Self::Regular };
        match error.downcast_ref::<hyper::Error>() {
            Some(error) if error.is_parse_too_large() => Self::TooLarge,
            Some(error) if error.is_parse() => Self::Malformed,
            Some(_) => Self::Broken,
            // hyper-util was stopped before it knew the HTTP version.
            None => match error.downcast_ref::<io::Error>().map(io::Error::kind) {
                Some(io::ErrorKind::Interrupted) => Self::Regular,
                _ => Self::Broken,
            },
        }
    }
}

impl EncodeLabelSet for CloseReason {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Regular => "regular",
            Self::Slow => "slow",
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::Broken => "broken",
        };
        ("reason", name).encode(encoder.encode_label())
    }
}
