//! The extraction log: a line an extraction, `unix-seconds TAB HIT|MISS TAB url`.
//!
//! A thread of `tracing_appender` writes the lines, which wait for it in a bounded queue: a slow or full disk costs lines,
//! never an answer.

use crate::result_source::ResultSource;
use prometheus_client::metrics::counter::Counter;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    panic::catch_unwind,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait to be written; more are dropped.
const QUEUE: usize = 16_384;
/// Bytes after which buffered lines are written, also while more are waiting.
const BUFFER: usize = 64 * 1024;

/// The extraction log, if there is one. Dropping it waits up to a second for the last lines.
pub(crate) struct ExtractionLog {
    queue: Option<(NonBlocking, WorkerGuard)>,
    /// How many of the lines that the queue has dropped are in `lost`.
    counted: AtomicUsize,
    lost: Counter,
}

impl ExtractionLog {
    /// A log that appends to the file at `path`, which is created if missing; `lost` counts lines that are not written.
    pub(crate) fn new(path: Option<PathBuf>, lost: Counter) -> Result<Self, String> {
        let start = |path| {
            let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE);
            let file = LogFile::new(path, lost.clone());
            // It panics if the thread cannot be started.
            catch_unwind(|| builder.thread_name("extraction-log").finish(file))
                .map_err(|_| "extraction_log: its thread cannot be started")
        };
        Ok(Self { queue: path.map(start).transpose()?, counted: AtomicUsize::new(0), lost })
    }

    pub(crate) fn append(&self, source: ResultSource, url: &str) {
        let Some((queue, _)) = &self.queue else { return };
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let cache_use = if matches!(source, ResultSource::Fetch { .. }) { "MISS" } else { "HIT" };
        // Never fails: a lossy queue drops and counts what it cannot take.
        let _ = queue.clone().write_all(format!("{seconds}\t{cache_use}\t{url}\n").as_bytes());
        let dropped = queue.error_counter().dropped_lines();
        let counted = self.counted.fetch_max(dropped, Relaxed);
        self.lost.inc_by(dropped.saturating_sub(counted) as u64);
    }
}

/// Whether this process could append to the file at `path`; creates nothing.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let opened = match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => folder.read_dir().map(drop),
        opened => opened.map(drop),
    };
    opened.map_err(|error| {
        let found = path.display();
        format!("extraction_log: found `{found}` ({error}); expected a file that can be appended to")
    })
}

/// The file as the thread writes it. Errors are logged and counted here; the thread would ignore them.
struct LogFile {
    path: PathBuf,
    file: Option<File>,
    buffer: Vec<u8>,
    /// Whether the last line in the file is incomplete.
    torn: bool,
    /// Whether the last write failed: only the first failure in a row is logged.
    failing: bool,
    lost: Counter,
}

impl LogFile {
    fn new(path: PathBuf, lost: Counter) -> Self {
        Self { path, file: None, buffer: Vec::new(), torn: false, failing: false, lost }
    }

    /// Writes the buffer to the file at `path`; what could not be written stays in the buffer.
    fn write_buffer(&mut self) -> io::Result<()> {
        if !self.file.as_ref().is_some_and(|file| is_at(file, &self.path)) {
            self.file = None;
            self.torn = false;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().append(true).create(true).open(&self.path)?),
        };
        if self.torn {
            file.write_all(b"\n")?;
        }
        self.torn = false;
        drain(&mut self.buffer, file, &mut self.torn)
    }
}

/// Writes `buffer` to `file`. After an error `buffer` is what could not be written, and `torn` says whether that begins
/// within a line.
fn drain(buffer: &mut Vec<u8>, file: &mut impl Write, torn: &mut bool) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.write(buffer) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                *torn = buffer[written - 1] != b'\n';
                buffer.drain(..written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(line);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(line.len())
    }

    /// The thread calls this whenever its queue is empty.
    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.write_buffer();
        if let Err(error) = &written {
            self.lost.inc_by(self.buffer.split(|&byte| byte == b'\n').count() as u64 - 1);
            self.buffer.clear();
            if !self.failing {
                tracing::error!(%error, path = %self.path.display(), "cannot write the extraction log");
            }
        }
        self.failing = written.is_err();
        Ok(())
    }
}

/// Whether `file` is still the file at `path`; false after a rotation.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata(), path.metadata()), (Ok(open), Ok(named)) if id(&open) == id(&named))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cache::Tier, result_source::FetchReason};
    use fetch::PageUrl;
    use std::fs;

    fn page(url: &str) -> PageUrl {
        PageUrl::parse(url).unwrap()
    }

    /// Appends a line; how many were lost when the log was dropped.
    fn append(path: &Path, url: &str) -> u64 {
        let lost = Counter::default();
        let log = ExtractionLog::new(Some(path.to_owned()), lost.clone()).unwrap();
        let source =
            ResultSource::Fetch { reason: FetchReason::Miss, stored: true, collapsed: false, renewed: false };
        log.append(source, page(url).as_url().as_str());
        drop(log);
        lost.get()
    }

    #[test]
    fn lines_are_appended_before_the_log_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("extraction.log");
        append(&path, "http://a/");
        append(&path, "http://b/?x=%09#f");
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.len(), 2);
        for (line, url) in lines.iter().zip(["http://a/", "http://b/?x=%09"]) {
            assert!(line[0].parse::<u64>().unwrap() > 1_700_000_000);
            assert_eq!(line[1], "MISS");
            assert!(line[2].starts_with(url));
        }
    }

    #[test]
    fn a_rotated_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile::new(path.clone(), Counter::default());
        let mut write = |line: &[u8]| log.write_all(line).and_then(|()| log.flush()).unwrap();
        write(b"1\n");
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        write(b"2\n");
        fs::remove_file(&path).unwrap();
        write(b"3\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "3\n");
        assert_eq!(fs::read_to_string(folder.path().join("log.1")).unwrap(), "1\n");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        assert_eq!(append(Path::new("/dev/full"), "http://a/"), 1);
        assert_eq!(append(Path::new("/nowhere/log"), "http://a/"), 1);
    }

    #[test]
    fn lines_that_the_queue_drops_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let log = ExtractionLog::new(Some(path), Counter::default()).unwrap();
        // Opening the pipe blocks the thread as long as there is no reader.
        for _ in 0..2 * QUEUE {
            log.append(ResultSource::Cache(Tier::Local), "http://a/");
        }
        assert!(log.lost.get() >= (QUEUE - 1) as u64 / 2, "{}", log.lost.get());
    }

    #[test]
    fn of_a_partly_written_buffer_only_incomplete_lines_are_lost() {
        let (mut buffer, mut disk, mut torn) = (b"1\n22\n33\n44\n".to_vec(), [0; 6], false);
        assert!(drain(&mut buffer, &mut disk.as_mut_slice(), &mut torn).is_err());
        assert_eq!((&disk[..], &buffer[..], torn), (&b"1\n22\n3"[..], &b"3\n44\n"[..], true));

        let mut log = LogFile::new("/dev/full".into(), Counter::default());
        log.write_all(&buffer).and_then(|()| log.flush()).unwrap();
        assert_eq!((log.lost.get(), log.buffer.len()), (2, 0));
    }

    #[test]
    fn a_line_after_an_incomplete_one_begins_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = LogFile::new(path.clone(), Counter::default());
        for bytes in [&b"1\n2"[..], b"3\n"] {
            log.write_all(bytes).and_then(|()| log.flush()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n");
    }
}
