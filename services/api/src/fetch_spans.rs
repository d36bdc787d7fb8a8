//! The spans of a fetch, made from its record when it is over: the fetch, its requests, and its phases.

use crate::error::ApiError;
use fetch::{HopRecord, JobRecord, Phase, PhaseSpan};
use kit::{Trace, redacted};
use std::time::SystemTime;

/// Records the spans of a fetch below `trace`. `error` is why it failed.
pub(crate) fn export(trace: &Trace, record: &JobRecord, error: Option<&ApiError>) {
    if !trace.is_recorded() {
        return;
    }
    let start = SystemTime::now() - record.start.elapsed();
    let fetch = trace.child_at("fetch", start);
    if let Some(error) = error {
        fetch.fail(error.code());
    }
    let exported = |parent: &Trace, phases: &[&PhaseSpan]| {
        for phase in phases {
            parent.child_at(phase.phase.name(), start + phase.start).end_at(start + phase.end);
        }
    };
    for (index, hop) in record.hops.iter().enumerate() {
        let phases: Vec<_> = record.phases.iter().filter(|phase| phase.hop == index).collect();
        let is_sent = phases.iter().any(|phase| !is_of_job(phase));
        // A hop that only waited, or was refused, has a span as well: it says where the job ended.
        let (own, of_hop): (Vec<_>, Vec<_>) =
            phases.into_iter().partition(|phase| is_sent && is_of_job(phase));
        exported(&fetch, &own);
        let (Some(first), Some(last)) = (of_hop.first(), of_hop.last()) else { continue };
        let request = fetch.client_at("GET", start + first.start);
        describe(&request, hop);
        if let Some(error) = error.filter(|_| index + 1 == record.hops.len()) {
            request.fail(error.code());
        }
        exported(&request, &of_hop);
        request.end_at(start + last.end);
    }
    fetch.end_at(start + record.duration());
}

/// Whether the phase is one of the job, and not of the request of a hop.
fn is_of_job(phase: &PhaseSpan) -> bool {
    matches!(phase.phase, Phase::Queue | Phase::Extraction)
}

/// Attributes by OpenTelemetry's conventions for HTTP clients.
fn describe(request: &Trace, hop: &HopRecord) {
    request.set("http.request.method", || "GET");
    request.set("url.full", || redacted(hop.url.as_str()).to_owned());
    if let Some(address) = hop.dialled.last() {
        request.set("network.peer.address", || address.ip().to_string());
        request.set("network.peer.port", || i64::from(address.port()));
    }
    if let Some(protocol) = hop.protocol {
        request.set("network.protocol.version", || protocol.trim_start_matches("http/").replace("h2", "2"));
        request.set("linkextractor.connection_reused", || hop.is_reused);
    }
    if let Some(status) = hop.status {
        request.set("http.response.status_code", || i64::from(status));
    }
}
