//! How far a longer run has come: on standard error, when a person is watching and there is something to wait for.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};

/// A bar for `targets` pages; invisible for one page or without a terminal.
pub fn bar(targets: usize) -> ProgressBar {
    if targets < 2 || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}").expect("a literal template");
    ProgressBar::new(targets as u64).with_style(style)
}
