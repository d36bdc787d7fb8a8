//! A target on its way: its place in the list, its host, and how often it was tried.

use crate::{page_error::PageError, target::Target};
use fetch::{FetchError, Phase};
use std::{sync::Arc, time::Duration};

/// The longest `Retry-After` that is waited for.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// The pause before the first retry; each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub struct Task {
    /// Its place in the list, from 0, without gaps.
    pub index: u64,
    pub target: Target,
    pub host: Option<Arc<str>>,
    /// Whether it is a file that was found to be no regular one.
    pub may_block: bool,
    /// How often it was tried again because of `--retries`.
    retries: u32,
    /// Whether a `Retry-After` has been waited for.
    waited: bool,
}

/// When a target that failed is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The server named the time: no page of its host is fetched before.
    HostAfter(Duration),
    After(Duration),
}

impl Task {
    pub fn new(index: u64, target: Target) -> Self {
        let host = target.host().map(Arc::from);
        Self { index, target, host, may_block: false, retries: 0, waited: false }
    }

    /// Whether and when the task is tried again after `error`, with at most `retries` retries.
    pub fn again(&mut self, error: &PageError, retries: u32) -> Option<Again> {
        let PageError::Fetch(failure) = error else { return None };
        if let FetchError::UpstreamStatus { retry_after: Some(wait), .. } = failure.error
            && !self.waited
            && wait <= LONGEST_WAIT
        {
            self.waited = true;
            return Some(Again::HostAfter(wait));
        }
        if self.retries == retries || !may_pass(&failure.error) {
            return None;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.retries.min(16)).min(LONGEST_PAUSE);
        self.retries += 1;
        Some(Again::After(pause))
    }
}

/// Whether the same request may succeed later.
fn may_pass(error: &FetchError) -> bool {
    match error {
        FetchError::Connect | FetchError::Incomplete | FetchError::Overloaded => true,
        FetchError::Timeout(phase) => *phase != Phase::Queue,
        FetchError::UpstreamStatus { status, .. } => matches!(status, 408 | 429 | 500..),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after: Option<u64>) -> PageError {
        FetchError::UpstreamStatus { status, retry_after: retry_after.map(Duration::from_secs) }.into()
    }

    #[test]
    fn retry_after_is_honoured_once_and_retries_have_growing_pauses() {
        let mut task = Task::new(0, Target::parse("http://h/"));
        assert_eq!(task.again(&status(503, Some(7)), 2), Some(Again::HostAfter(Duration::from_secs(7))));
        assert_eq!(task.again(&status(503, Some(7)), 2), Some(Again::After(Duration::from_secs(1))));
        assert_eq!(task.again(&FetchError::Connect.into(), 2), Some(Again::After(Duration::from_secs(2))));
        assert_eq!(task.again(&status(500, None), 2), None);
    }

    #[test]
    fn what_cannot_pass_is_not_tried_again() {
        let again = |error: PageError| Task::new(0, Target::parse("http://h/")).again(&error, 9);
        for error in
            [status(404, None), FetchError::NotHtml.into(), FetchError::TooLarge.into(), PageError::Missing]
        {
            assert_eq!(again(error), None);
        }
        assert_eq!(again(status(503, Some(3600))), Some(Again::After(Duration::from_secs(1))));
    }
}
