//! The exit status, and messages to the user.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    thread,
};

/// An exit status other than 0; scripts rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 1: at least one target failed, the output could not be written, or a server stopped with an error.
    Failed = 1,
    /// 2: wrong usage.
    Usage = 2,
    /// 130: interrupted by Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// This status, with a line on standard error that says why.
    pub fn because(self, reason: impl Display) -> Self {
        note(reason);
        self
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The result of a write to standard output. A reader that closes the pipe early is no failure.
pub fn written<T: Default>(result: io::Result<T>) -> Result<T, Exit> {
    written_to("standard output", result)
}

/// The result of a write to `output`.
pub fn written_to<T: Default>(output: impl Display, result: io::Result<T>) -> Result<T, Exit> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(T::default()),
        result => result.map_err(|error| cannot_write(output, &error)),
    }
}

/// The exit status where `output` cannot be written, with a line that says so.
pub fn cannot_write(output: impl Display, error: &io::Error) -> Exit {
    Exit::Failed.because(format_args!("cannot write to {output}: {}", io_error_text(error)))
}

/// The text of an error without the number that the system gives it.
pub fn io_error_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    // As part of a sentence.
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Runs `future` to its end, without waiting for reads and name lookups that still block.
pub fn block_on<T>(future: impl Future<Output = Result<T, Exit>>) -> Result<T, Exit> {
    // One thread may be held up by a reader of the output.
    let threads = thread::available_parallelism().map_or(2, |threads| threads.get().max(2));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|error| Exit::Failed.because(error))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}

/// Writes a line to standard error, if it can be written. Control characters, on which a terminal would act, become U+FFFD.
pub fn note(message: impl Display) {
    let line = message.to_string().replace(|c: char| c.is_control() && c != '\n', "\u{fffd}");
    let _ = writeln!(io::stderr(), "linkextractor: {line}");
}
