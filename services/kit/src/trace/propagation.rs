//! `traceparent` and `tracestate` (W3C Trace Context, level 1).

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
/// Bytes of a vendor's `tracestate` that are passed on; a longer one is left out (section 3.3.1.5 asks for 512 at least).
const STATE_LIMIT: usize = 2 * 1024;

/// The caller's place in a trace, if `headers` name exactly one that is valid.
pub(super) fn read(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (Some(_), None) = (parents.next(), parents.next()) else { return None };
    let context =
        TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
    let found = context.span().span_context().clone();
    found.is_valid().then_some(found)
}

/// Writes the fields of `context`'s span.
pub(super) fn write(context: &Context, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(context, &mut HeaderInjector(headers));
    if headers.get(TRACESTATE).is_some_and(|state| state.is_empty() || state.len() > STATE_LIMIT) {
        headers.remove(TRACESTATE);
    }
}
