//! A panic while one request is answered is that request's alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` gives, or nothing if it panicked; the panic is in the log by then.
///
/// What a panic leaves half-done belongs to the request, which ends here: that is why unwinding is safe.
pub(super) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
