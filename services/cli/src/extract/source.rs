//! The targets: those on the command line, then those of the list, read while it is worked on.

use super::resume::DoneSet;
use crate::{progress::Bar, target::Target};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    mem,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    thread,
};
use tokio::sync::mpsc;

/// Targets are handed on this many at a time, or those that are there; so many times that are read ahead of the scheduler.
const MOST_TOGETHER: usize = 64;
const READ_AHEAD: usize = 4;
/// The most bytes of a line; the rest is ignored. No URL may be as long (8 KiB), nor any file name.
const MAX_LINE: u64 = 16 * 1024;

/// What to read.
pub struct TargetList {
    pub targets: Vec<Target>,
    pub from: Option<(PathBuf, Box<dyn Read + Send>)>,
    /// The targets that are left out; those read are added.
    pub done: Option<DoneSet>,
    /// Counts the targets that are left out.
    pub bar: Bar,
}

/// Opens a list; `-` is standard input.
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(file))
}

impl TargetList {
    /// Starts to read, in a thread of its own as standard input may be silent for long. The last item is an error if the
    /// list cannot be read to its end.
    pub fn read(self) -> mpsc::Receiver<Result<Vec<Target>, String>> {
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        thread::spawn(move || {
            let Self { targets, from, mut done, bar } = self;
            let mut together = Vec::new();
            // An error means that the receiver is gone: no more targets are needed.
            let mut send = |target: Option<Target>, more_at_hand: bool| {
                if let Some(target) = target {
                    if done.as_mut().is_some_and(|done| !done.insert(target.name())) {
                        bar.inc();
                    } else {
                        together.push(target);
                    }
                }
                if together.is_empty() || more_at_hand && together.len() < MOST_TOGETHER {
                    return Ok(());
                }
                sender.blocking_send(Ok(mem::take(&mut together))).map_err(drop)
            };
            for target in targets {
                if send(Some(target), true).is_err() {
                    return;
                }
            }
            if send(None, false).is_err() {
                return;
            }
            if let Some((path, list)) = from {
                let read = lines(BufReader::with_capacity(16 * 1024, list), &mut send);
                if let Err(error) = read {
                    let error = format!("{}: {}", path.display(), crate::exit::io_error_text(&error));
                    let _ = sender.blocking_send(Err(error));
                }
            }
        });
        receiver
    }
}

/// The number of targets in the list at `path`, at most; `None` if it is no file.
pub fn count(path: &Path) -> Option<u64> {
    let file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|file| file.is_file()))?;
    let mut count = 0;
    let counted = lines(BufReader::with_capacity(64 * 1024, file), |target, _| {
        count += u64::from(target.is_some());
        Ok(())
    });
    counted.ok().map(|()| count)
}

/// Calls `each` for the lines of a list until it fails, with the target and whether another whole line has been read.
/// Blank lines and comments (`#`) have no target; a byte order mark is left out.
fn lines(
    mut list: BufReader<impl Read>,
    mut each: impl FnMut(Option<Target>, bool) -> Result<(), ()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut is_first = true;
    loop {
        line.clear();
        list.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        if !line.ends_with(b"\n") {
            skip_line(&mut list)?;
        }
        let text = if is_first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        is_first = false;
        let text = str::from_utf8(text).map_or(text.trim_ascii(), |text| text.trim().as_bytes());
        let is_target = !text.is_empty() && !text.starts_with(b"#");
        let target = is_target.then(|| Target::parse(OsStr::from_bytes(text)));
        if each(target, memchr::memchr(b'\n', list.buffer()).is_some()).is_err() {
            return Ok(());
        }
    }
}

fn skip_line(list: &mut impl BufRead) -> io::Result<()> {
    list.skip_until(b'\n').map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        lines(BufReader::new(list), |target, _| {
            found.extend(target.map(|target| target.name().to_owned()));
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn blanks_comments_and_a_byte_order_mark_are_left_out() {
        assert_eq!(
            read("\u{feff}http://a/\r\n# two\r\n\r\n  b c \u{a0}\r\n#d\ne".as_bytes()),
            ["http://a/", "b c", "e"]
        );
    }

    #[test]
    fn the_rest_of_an_endless_line_is_ignored() {
        let list = [vec![b'x'; 50_000], b"\nb\n".to_vec()].concat();
        let found = read(&list);
        assert_eq!((found[0].len(), found[1].as_str(), found.len()), (16 * 1024, "b", 2));
    }
}
