//! `traceparent` and `tracestate` (W3C Trace Context, level 1).

use http::{HeaderMap, HeaderName};
use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{SpanContext, TraceContextExt, TraceState},
};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::str::FromStr;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Bytes of a `tracestate` that are kept, as section 3.3.1.5 asks for at least; a longer one is left out.
const STATE_LIMIT: usize = 512;

/// The caller's place in a trace, if `headers` name exactly one that is valid.
pub(super) fn read(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (Some(_), None) = (parents.next(), parents.next()) else { return None };
    let context =
        TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
    let found = context.span().span_context().clone();
    let state = state(headers);
    found
        .is_valid()
        .then(|| SpanContext::new(found.trace_id(), found.span_id(), found.trace_flags(), true, state))
}

/// The fields `tracestate` together; none if they are too long or invalid.
fn state(headers: &HeaderMap) -> TraceState {
    let fields = headers.get_all(TRACESTATE);
    if fields.iter().map(|field| field.len() + 1).sum::<usize>() > STATE_LIMIT + 1 {
        return TraceState::NONE;
    }
    let fields: Vec<_> = fields.iter().filter_map(|field| field.to_str().ok()).collect();
    TraceState::from_str(&fields.join(",")).unwrap_or_default()
}

/// Writes the fields of `context`'s span.
pub(super) fn write(context: &Context, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(context, &mut HeaderInjector(headers));
    if headers.get(TRACESTATE).is_some_and(http::HeaderValue::is_empty) {
        headers.remove(TRACESTATE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read_with(states: &[&str]) -> SpanContext {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(PARENT));
        for state in states {
            headers.append(TRACESTATE, HeaderValue::from_str(state).unwrap());
        }
        read(&headers).unwrap()
    }

    #[test]
    fn the_fields_of_a_caller_are_passed_on() {
        let mut headers = HeaderMap::new();
        write(&Context::new().with_remote_span_context(read_with(&["a=1", "b=2"])), &mut headers);
        assert_eq!(
            (&headers[TRACEPARENT], &headers[TRACESTATE]),
            (&PARENT.parse().unwrap(), &"a=1,b=2".parse().unwrap())
        );
    }

    #[test]
    fn a_state_that_is_too_long_or_invalid_is_left_out() {
        for state in ["x".repeat(600), format!("a={}", "x".repeat(520)), "no pair".to_owned()] {
            let mut headers = HeaderMap::new();
            write(&Context::new().with_remote_span_context(read_with(&[&state])), &mut headers);
            assert_eq!(
                (headers.len(), &headers[TRACEPARENT]),
                (1, &PARENT.parse::<HeaderValue>().unwrap()),
                "{state}"
            );
        }
    }
}
