//! A panic while one request is answered is that request's alone.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::Poll,
};

/// What `work` gives, or nothing if it panicked; the panic is in the log by then.
///
/// What a panic leaves half-done belongs to the request, which ends here: that is why unwinding is safe.
pub(super) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What `future` gives, contained in the same way.
pub(super) async fn contain_all<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match contain(|| future.as_mut().poll(context)) {
        Some(polled) => polled.map(Some),
        None => Poll::Ready(None),
    })
    .await
}
