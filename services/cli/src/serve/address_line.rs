//! The line that keeps the addresses in sight on a terminal: it stays below the log.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write, stderr};

/// Not drawn before it is shown, nor where standard error is no terminal.
pub struct AddressLine(ProgressBar);

/// Writes to standard error, above the line.
struct LogAbove(ProgressBar);

impl Default for AddressLine {
    fn default() -> Self {
        let style = ProgressStyle::with_template("{wide_msg:.bold}").expect("a literal template");
        Self(ProgressBar::hidden().with_style(style))
    }
}

impl AddressLine {
    /// Standard error for the log.
    pub fn log(&self) -> impl Write + Send + use<> {
        LogAbove(self.0.clone())
    }

    /// Draws the line.
    pub fn show(&self, text: String) {
        self.0.set_draw_target(ProgressDrawTarget::stderr());
        self.0.set_message(text);
        self.0.tick();
    }

    /// Removes the line.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Write for LogAbove {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whole lines, which the address line must not part.
        self.0.suspend(|| stderr().write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}
