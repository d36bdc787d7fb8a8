//! The log event of a fetch: which page, which hop, which address, which phase, how long, and why it failed.

use crate::error::ApiError;
use fetch::{JobRecord, PageUrl, Phase};
use kit::{RequestId, Trace, redacted};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, time::Duration};

/// The fetches that have an event in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoggedFetches {
    /// Those that failed.
    #[default]
    Failures,
    /// All.
    All,
    /// None.
    None,
}

impl LoggedFetches {
    /// Logs a fetch of `page` that the request with `id` began, in its `trace`, if it is one of these. `error` is why it
    /// failed.
    pub(crate) fn log(
        self,
        page: &PageUrl,
        record: &JobRecord,
        error: Option<&ApiError>,
        id: &RequestId,
        trace: &Trace,
    ) {
        let is_logged = match self {
            Self::Failures => error.is_some(),
            Self::All => true,
            Self::None => false,
        };
        if !is_logged || !tracing::enabled!(target: "fetch", tracing::Level::INFO) {
            return;
        }
        let hop = record.last_hop();
        let time = |phase| record.time_in(phase).map(milliseconds);
        tracing::info!(
            target: "fetch",
            service = "linkextractor-api",
            request_id = id.as_str(),
            trace_id = trace.id(),
            page = redacted(page.as_url().as_str()),
            url = hop.map(|hop| redacted(hop.url.as_str())),
            code = error.map_or("ok", ApiError::code),
            phase = error.map(|_| record.phase().name()),
            cause = record.cause.as_ref().map(|cause| &*cause.text),
            hops = record.hops.len(),
            upstream_status = hop.and_then(|hop| hop.status),
            address = hop.and_then(|hop| addresses(&hop.dialled)),
            proxy = hop.and_then(|hop| hop.proxy.as_deref()),
            protocol = hop.and_then(|hop| hop.protocol),
            reused = hop.filter(|hop| hop.protocol.is_some()).map(|hop| hop.is_reused),
            wire_bytes = record.wire_bytes,
            decoded_bytes = record.decoded_bytes,
            codings = (!record.codings.is_empty()).then(|| record.codings.join(", ")),
            duration_ms = milliseconds(record.duration()),
            queue_ms = time(Phase::Queue),
            dns_ms = time(Phase::Dns),
            connect_ms = time(Phase::Connect),
            tls_ms = time(Phase::Tls),
            first_byte_ms = time(Phase::FirstByte),
            body_ms = time(Phase::Body),
            extraction_ms = time(Phase::Extraction),
            "fetch"
        );
    }
}

fn addresses(dialled: &[SocketAddr]) -> Option<String> {
    let texts: Vec<String> = dialled.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
