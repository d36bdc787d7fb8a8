//! A deadline that no configured duration can overflow.

use std::time::Duration;
use tokio::time::{Instant, error::Elapsed, timeout_at};

/// The longest time to a deadline: a configuration may have durations that the clock cannot add.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// A point in time by which work must end, at most a year from its creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline in `duration` from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration.min(LONGEST))
    }

    /// This deadline, or that in `limit` from now if it is earlier.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        self.min(Self::after(limit))
    }

    /// Runs `work` until the deadline.
    pub async fn run<F: Future>(self, work: F) -> Result<F::Output, Elapsed> {
        timeout_at(self.0, work).await
    }

    /// How long it is until the deadline; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_longest_duration_does_not_overflow() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(deadline.remaining() > LONGEST / 2);
        assert_eq!(deadline.run(async { 1 }).await, Ok(1));
    }

    #[tokio::test]
    async fn the_earlier_of_two_limits_counts() {
        let passed = Deadline::after(Duration::ZERO);
        assert!(passed.has_passed() && passed.within(Duration::MAX).has_passed());
        assert!(Deadline::after(Duration::MAX).within(Duration::ZERO).has_passed());
        assert!(passed.run(std::future::pending::<()>()).await.is_err());
    }
}
