//! What a person should know besides the links: lines on standard error.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes a line. What it quotes may come from anybody: control characters, which a terminal would act on, become
/// U+FFFD. A standard error that takes nothing is no reason to keep the links back.
pub fn note(message: impl Display) {
    let line = message.to_string().replace(|c: char| c.is_control() && c != '\n', "\u{fffd}");
    let _ = writeln!(io::stderr(), "linkextractor: {line}");
}
