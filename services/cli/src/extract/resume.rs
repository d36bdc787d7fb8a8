//! The file of `--resume`: what it has, and which targets are therefore done.

use serde::{Deserialize, de::IgnoredAny};
use std::{
    borrow::Cow,
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::Path,
};

/// The memory that is kept for a line between two lines.
const KEPT: usize = 64 * 1024;

/// Targets by a 64-bit hash under a random key, 8 bytes each and some more while the newest are gathered: among ten million
/// targets, the chance that any two have the same hash is one in 370,000.
#[derive(Default)]
pub struct DoneSet {
    hasher: RandomState,
    sorted: Vec<u64>,
    newest: HashSet<u64>,
}

/// What is known of a line.
#[derive(Deserialize)]
struct ResultLine<'a> {
    #[serde(borrow)]
    page: Cow<'a, str>,
    error: Option<IgnoredAny>,
}

impl DoneSet {
    /// The newest are gathered up to this number, or this part of all.
    const NEWEST: usize = 64 * 1024;
    const PART: usize = 16;

    /// Adds a target; whether it was not there.
    pub fn insert(&mut self, name: &str) -> bool {
        let hash = self.hasher.hash_one(name);
        if self.sorted.binary_search(&hash).is_ok() || !self.newest.insert(hash) {
            return false;
        }
        if self.newest.len() >= Self::NEWEST.max(self.sorted.len() / Self::PART) {
            self.sorted.reserve_exact(self.newest.len());
            self.sorted.extend(self.newest.drain());
            self.newest = HashSet::new();
            self.sorted.sort_unstable();
        }
        true
    }
}

/// Opens `path`, made if it does not exist, for writing after its last whole line. With `retry_failed`, targets that only
/// failed are not done. An error is a message about the file.
pub fn open(path: &Path, retry_failed: bool) -> Result<(File, DoneSet), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let read = |error| wrong(&crate::exit::io_error_text(&error));
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(read)?;
    if !file.metadata().map_err(read)?.is_file() {
        return Err(wrong(&"--resume needs a file that can be read again"));
    }
    // Two runs would write the same pages twice.
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(wrong(&"another run writes to this file")),
        // Not every file system has locks.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let (done, whole) = read_lines(BufReader::with_capacity(64 * 1024, &file), retry_failed)
        .map_err(|error| wrong(&error))?;
    file.set_len(whole).and_then(|()| file.seek(SeekFrom::Start(whole))).map_err(read)?;
    Ok((file, done))
}

/// The targets that are done, and the length of the whole lines in bytes.
fn read_lines(mut file: impl BufRead, retry_failed: bool) -> Result<(DoneSet, u64), String> {
    let (mut done, mut whole, mut line) = (DoneSet::default(), 0, Vec::new());
    for number in 1_u64.. {
        line.clear();
        line.shrink_to(KEPT);
        file.read_until(b'\n', &mut line).map_err(|error| crate::exit::io_error_text(&error))?;
        if !line.ends_with(b"\n") {
            if !is_torn(&line) {
                return Err("this is no file of results, so it is left as it is".to_owned());
            }
            break;
        }
        let known: ResultLine<'_> = serde_json::from_slice(&line)
            .map_err(|_| format!("line {number} is no result, so the file is left as it is"))?;
        if !(retry_failed && known.error.is_some()) {
            done.insert(&known.page);
        }
        whole += line.len() as u64;
    }
    Ok((done, whole))
}

/// Whether the end of a file can be the beginning of a line of results.
fn is_torn(end: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"{\"page\":\"";
    end.starts_with(&BEGINNING[..end.len().min(BEGINNING.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_done_once_its_line_is_whole() {
        let file = "{\"page\":\"a\",\"links\":[]}\n{\"page\":\"b\\n\",\"error\":{\"code\":\"x\"}}\n{\"page\":\"c\",\"li";
        let (mut done, whole) = read_lines(file.as_bytes(), false).unwrap();
        assert_eq!(usize::try_from(whole), Ok(file.rfind('\n').unwrap() + 1));
        assert_eq!(["a", "b\n", "c", "c"].map(|name| done.insert(name)), [false, false, true, false]);
        let (mut done, _) = read_lines(file.as_bytes(), true).unwrap();
        assert_eq!(["a", "b\n"].map(|name| done.insert(name)), [false, true]);
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        for file in ["http://a/\nhttp://b/\n", "http://a/", "{\"x\":1}\n", "[]\n"] {
            assert!(read_lines(file.as_bytes(), false).is_err(), "{file}");
        }
    }

    #[test]
    fn many_targets_are_kept_apart() {
        let mut done = DoneSet::default();
        assert!((0..300_000).all(|number: u32| done.insert(&number.to_string())));
        assert!((0..300_000).all(|number: u32| !done.insert(&number.to_string())));
        assert!(done.sorted.len() > 200_000 && done.newest.len() < 100_000);
    }
}
