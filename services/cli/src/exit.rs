//! The exit status.

use crate::note::note;
use std::{fmt::Display, io, process::ExitCode};

/// The program's exit status; scripts rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all done.
    Done,
    /// 1: at least one target failed, the output could not be written, or a server stopped with an error.
    Failed,
    /// 2: wrong usage.
    Usage,
}

impl Exit {
    /// This status, with a line on standard error that says why.
    pub fn because(self, reason: impl Display) -> Self {
        note(reason);
        self
    }

    /// The status after a write to standard output. A reader that closes the pipe early is no failure.
    pub fn of_writing(written: io::Result<Self>) -> Self {
        match written {
            Ok(exit) => exit,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Self::Done,
            Err(error) => Self::Failed.because(format_args!("cannot write to standard output: {error}")),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Usage => Self::from(2),
        }
    }
}
