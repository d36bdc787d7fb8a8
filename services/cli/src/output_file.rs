//! The file of `--output`, which keeps what it holds until there is something to write.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// Clones write to the same file.
#[derive(Clone, Debug)]
pub struct OutputFile {
    file: Arc<File>,
    /// Whether it still holds what it held before.
    is_old: Arc<AtomicBool>,
}

impl OutputFile {
    /// Opens the file at `path`, made if it does not exist. It need not be a regular one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let is_old = file.metadata()?.is_file();
        Ok(Self { file: Arc::new(file), is_old: Arc::new(is_old.into()) })
    }

    /// Empties the file unless something has been written: a run may succeed without results.
    pub fn complete(&self) -> io::Result<()> {
        if self.is_old.swap(false, Relaxed) { self.file.set_len(0) } else { Ok(()) }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.complete()?;
        (&*self.file).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
