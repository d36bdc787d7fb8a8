//! Limits the interim responses (RFC 9110, section 15.2) that precede a response in HTTP/1.

use crate::traffic::{TrafficFault, TrafficMeter};
use http::Request;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The most interim responses before a final one.
pub(crate) const MAX_INTERIM: usize = 16;
/// The bytes of a status line, and those of a field besides its name and value.
const STATUS_LINE: usize = "HTTP/1.1 100 \r\n\r\n".len();
const FIELD: usize = ": \r\n".len();

/// Ends the connection that `meter` counts if the response to `request` comes after more than [`MAX_INTERIM`] interim
/// responses, or if these have more than `max_header_bytes` in all. Returns how many have come so far.
pub(crate) fn limit<B>(
    request: &mut Request<B>,
    meter: &Arc<TrafficMeter>,
    max_header_bytes: usize,
) -> Arc<AtomicUsize> {
    let meter = Arc::clone(meter);
    let (count, bytes) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let so_far = Arc::clone(&count);
    hyper::ext::on_informational(request, move |response| {
        let fields = response.headers().iter();
        let length =
            fields.fold(STATUS_LINE, |sum, (name, value)| sum + FIELD + name.as_str().len() + value.len());
        let before = count.fetch_add(1, Ordering::Relaxed);
        if before >= MAX_INTERIM || bytes.fetch_add(length, Ordering::Relaxed) + length > max_header_bytes {
            meter.fail(TrafficFault::TooMuch);
        }
    });
    so_far
}
