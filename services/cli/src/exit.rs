//! How the program ends.

use crate::note::note;
use std::{io, process::ExitCode};

/// The program's exit status; scripts rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all done.
    Done,
    /// 1: at least one target failed, or a server could not go on.
    Failed,
    /// 2: wrong usage.
    Usage,
}

impl Exit {
    /// The end of what was written to standard output: a reader that has seen enough is no failure.
    pub fn of_writing(written: io::Result<Self>) -> Self {
        match written {
            Ok(exit) => exit,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Self::Done,
            Err(error) => {
                note(error);
                Self::Failed
            }
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
