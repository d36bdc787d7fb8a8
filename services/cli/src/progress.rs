//! The progress bar on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};

/// A bar for that many targets; hidden for a single one or without a terminal.
pub fn bar(targets: usize) -> ProgressBar {
    if targets < 2 || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}").expect("a literal template");
    ProgressBar::new(targets as u64).with_style(style)
}
