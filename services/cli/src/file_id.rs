//! The identity of a regular file, whatever it is called: no output may be written over what is still to be read.

use std::{
    fs::{self, File, Metadata},
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Of the file at `path`; `None` if there is none, or no regular one.
    pub fn at(path: &Path) -> Option<Self> {
        Self::of(&fs::metadata(path).ok()?)
    }

    pub fn of(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Of the file that standard input is redirected from.
    pub fn of_stdin() -> Option<Self> {
        Self::of_descriptor(io::stdin().as_fd())
    }

    /// Of the file that standard output is redirected to.
    pub fn of_stdout() -> Option<Self> {
        Self::of_descriptor(io::stdout().as_fd())
    }

    fn of_descriptor(descriptor: BorrowedFd<'_>) -> Option<Self> {
        Self::of(&File::from(descriptor.try_clone_to_owned().ok()?).metadata().ok()?)
    }
}
