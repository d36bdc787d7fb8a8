//! The extraction log: a line an extraction, `unix-seconds TAB HIT|MISS TAB url`.
//!
//! Lines are written by a thread of their own and wait for it in a queue of bounded length: a slow or full
//! disk costs lines, never an answer.

use fetch::PageUrl;
use prometheus_client::metrics::counter::Counter;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Lines that wait to be written.
const QUEUE: usize = 16_384;
/// Lines that are written at once.
const BATCH: u64 = 1_024;
/// How long a stopping service waits for the last lines.
const LAST: Duration = Duration::from_secs(1);

/// Whether the links came from the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    /// They did.
    Hit,
    /// They did not.
    Miss,
}

/// The log, or none.
#[derive(Debug)]
pub(crate) struct ExtractionLog {
    writer: Option<Writer>,
    lost: Counter,
}

#[derive(Debug)]
struct Writer {
    /// `None` only while it is dropped.
    lines: Option<SyncSender<String>>,
    done: Mutex<Receiver<()>>,
}

impl ExtractionLog {
    /// Appends to the file at `path`, made when it is not there; `lost` counts lines that could not be.
    pub(crate) fn new(path: Option<PathBuf>, lost: Counter) -> io::Result<Self> {
        let writer = path.map(|path| Writer::start(path, lost.clone())).transpose()?;
        Ok(Self { writer, lost })
    }

    /// Queues a line.
    pub(crate) fn append(&self, lookup: Lookup, page: &PageUrl) {
        let Some(lines) = self.writer.as_ref().and_then(|writer| writer.lines.as_ref()) else { return };
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let lookup = match lookup {
            Lookup::Hit => "HIT",
            Lookup::Miss => "MISS",
        };
        if lines.try_send(format!("{seconds}\t{lookup}\t{page}\n")).is_err() {
            self.lost.inc();
        }
    }
}

/// Whether lines could be appended to the file at `path` by whoever asks; nothing is made to find out.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let opened = match OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => folder.read_dir().map(drop),
        opened => opened.map(drop),
    };
    opened.map_err(|error| {
        format!(
            "extraction_log: found `{}` ({error}); expected a file that can be appended to",
            path.display()
        )
    })
}

impl Writer {
    fn start(path: PathBuf, lost: Counter) -> io::Result<Self> {
        let (lines, queue) = mpsc::sync_channel(QUEUE);
        let (finished, done) = mpsc::sync_channel(1);
        thread::Builder::new().name("extraction-log".to_owned()).spawn(move || {
            Log { path, file: None, torn: false, failing: false, lost }.write_all(&queue);
            let _ = finished.send(());
        })?;
        Ok(Self { lines: Some(lines), done: Mutex::new(done) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lines = None;
        let done = self.done.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = done.recv_timeout(LAST);
    }
}

/// What the thread knows of the file.
struct Log {
    path: PathBuf,
    file: Option<File>,
    /// Whether the last line was cut.
    torn: bool,
    /// Whether the operator was told.
    failing: bool,
    lost: Counter,
}

impl Log {
    fn write_all(&mut self, queue: &Receiver<String>) {
        while let Ok(first) = queue.recv() {
            let mut batch = first;
            let mut count = 1;
            while count < BATCH
                && let Ok(line) = queue.try_recv()
            {
                batch.push_str(&line);
                count += 1;
            }
            match self.write(batch.as_bytes()) {
                Ok(()) => self.failing = false,
                Err(error) => {
                    self.lost.inc_by(count);
                    if !self.failing {
                        self.failing = true;
                        tracing::error!(%error, path = %self.path.display(), "extraction log not written");
                    }
                }
            }
        }
    }

    fn write(&mut self, mut batch: &[u8]) -> io::Result<()> {
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
            self.torn = false;
        }
        while !batch.is_empty() {
            match file.write(batch) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.torn = batch[written - 1] != b'\n';
                    batch = &batch[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether `file` is still the one at `path`: not after a rotation.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => id(open) == id(named),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn page(url: &str) -> PageUrl {
        PageUrl::parse(url).unwrap()
    }

    /// Dropping the log waits for its lines.
    fn write(path: &Path, url: &str) -> u64 {
        let lost = Counter::default();
        let log = ExtractionLog::new(Some(path.to_owned()), lost.clone()).unwrap();
        log.append(Lookup::Miss, &page(url));
        drop(log);
        lost.get()
    }

    #[test]
    fn lines_are_appended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("extraction.log");
        write(&path, "http://a/");
        write(&path, "http://b/?x=%09#f");
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
        let mut log =
            Log { path: path.clone(), file: None, torn: false, failing: false, lost: Counter::default() };
        log.write(b"1\n").unwrap();
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        log.write(b"2\n").unwrap();
        fs::remove_file(&path).unwrap();
        log.write(b"3\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "3\n");
        assert_eq!(fs::read_to_string(folder.path().join("log.1")).unwrap(), "1\n");
    }

    #[test]
    fn a_full_disk_costs_lines_only() {
        assert_eq!(write(Path::new("/dev/full"), "http://a/"), 1);
        assert_eq!(write(Path::new("/nowhere/log"), "http://a/"), 1);
    }
}
