//! Commands that Redis refuses: logged once for as long as they are refused, never once per request.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Refusals after this long without one are something new.
const QUIET: Duration = Duration::from_mins(1);
/// The most kinds of refusals that are told apart.
const KINDS: usize = 64;

/// When each kind of command was last refused with each code.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<(&'static str, String), Instant>>);

impl Refusals {
    /// Notes that `command` was refused with `code`; returns whether that is something new.
    pub(super) fn note(&self, command: &'static str, code: &str) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        last.retain(|_, seen| now.duration_since(*seen) < QUIET);
        if last.len() >= KINDS {
            return false;
        }
        last.insert((command, code.to_owned()), now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_new_once() {
        let refusals = Refusals::default();
        assert!(refusals.note("set", "OOM"));
        assert!(!refusals.note("set", "OOM"));
        assert!(refusals.note("set", "READONLY"));
        assert!(refusals.note("get", "OOM"));
        assert!(!refusals.note("set", "OOM"), "the others change nothing");
    }

    #[test]
    fn the_kinds_are_bounded() {
        let refusals = Refusals::default();
        let new = (0..1_000).filter(|number| refusals.note("set", &number.to_string())).count();
        assert_eq!(new, KINDS);
    }
}
