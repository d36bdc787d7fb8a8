//! The file of `--resume`: what it has, and which targets are therefore done.

use serde::{Deserialize, de::IgnoredAny};
use std::{
    borrow::Cow,
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::Path,
};

/// How much of the file is read at once.
const BUFFER: usize = 64 * 1024;
/// The memory that is kept for a line between two lines.
const KEPT: usize = 64 * 1024;
/// How much of a line is read, the rest is skipped: more than any name and any error take.
const MAX_HEAD: usize = 1024 * 1024;
/// How every line of results begins.
const BEGINNING: &[u8] = b"{\"page\":\"";

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
    let content = (&file).take(without_zeros(&file).map_err(read)?);
    let known =
        read_lines(BufReader::with_capacity(BUFFER, content), retry_failed).map_err(|error| wrong(&error))?;
    file.set_len(known.whole).and_then(|()| file.seek(SeekFrom::Start(known.whole))).map_err(read)?;
    if known.lacks_newline {
        file.write_all(b"\n").map_err(read)?;
    }
    Ok((file, known.done))
}

/// The length of `file` without the NUL bytes at its end: after a power loss, a file system leaves them where it had made
/// room for data that were not yet written.
fn without_zeros(file: &File) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(BUFFER as u64);
        let part = &mut buffer[..usize::try_from(end - start).unwrap_or(BUFFER)];
        file.read_exact_at(part, start)?;
        if let Some(last) = part.iter().rposition(|byte| *byte != 0) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// What a file has.
struct KnownResults {
    done: DoneSet,
    /// The length of the whole lines in bytes.
    whole: u64,
    /// Whether the last of them is whole but for its line break, which editors strip.
    lacks_newline: bool,
}

fn read_lines(mut file: impl BufRead, retry_failed: bool) -> Result<KnownResults, String> {
    let mut known = KnownResults { done: DoneSet::default(), whole: 0, lacks_newline: false };
    let mut head = Vec::new();
    for number in 1_u64.. {
        head.clear();
        head.shrink_to(KEPT);
        let (length, is_ended) =
            read_line(&mut file, &mut head).map_err(|error| crate::exit::io_error_text(&error))?;
        // Whether a long line is whole shows only at its end.
        let line = result_of(&head, length).filter(|_| is_ended || length == head.len() as u64);
        if !is_ended {
            if line.is_none() {
                if !is_torn(&head) {
                    return Err("this is no file of results, so it is left as it is".to_owned());
                }
                break;
            }
            known.lacks_newline = true;
        }
        let Some((page, has_failed)) = line else {
            return Err(format!("line {number} is no result, so the file is left as it is"));
        };
        if !(retry_failed && has_failed) {
            known.done.insert(&page);
        }
        known.whole += length;
        if !is_ended {
            break;
        }
    }
    Ok(known)
}

/// Reads a line: its beginning into `head`, the rest of a long one not at all. Returns its length and whether it ends with
/// a line break. What does not begin as a result is not read to its end.
fn read_line(file: &mut impl BufRead, head: &mut Vec<u8>) -> io::Result<(u64, bool)> {
    let mut length = 0;
    loop {
        let buffer = file.fill_buf()?;
        let end = memchr::memchr(b'\n', buffer);
        let read = end.map_or(buffer.len(), |at| at + 1);
        let kept = read.min(MAX_HEAD - head.len());
        head.extend_from_slice(&buffer[..kept]);
        file.consume(read);
        length += read as u64;
        if read == 0 || end.is_some() || !is_torn(head) {
            return Ok((length, end.is_some()));
        }
    }
}

/// The page of a line that is a whole result, and whether it failed. Of a long line, the beginning has to do.
fn result_of(head: &[u8], length: u64) -> Option<(Cow<'_, str>, bool)> {
    if length == head.len() as u64 {
        let ResultLine { page, error } = serde_json::from_slice(head).ok()?;
        return Some((page, error.is_some()));
    }
    let value = head.strip_prefix(&BEGINNING[..BEGINNING.len() - 1])?;
    let mut values = serde_json::Deserializer::from_slice(value).into_iter::<String>();
    let page = values.next()?.ok()?;
    Some((Cow::Owned(page), value[values.byte_offset()..].starts_with(b",\"error\":")))
}

/// Whether the end of a file can be the beginning of a line of results.
fn is_torn(end: &[u8]) -> bool {
    end.starts_with(&BEGINNING[..end.len().min(BEGINNING.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_done_once_its_line_is_whole() {
        let file = "{\"page\":\"a\",\"links\":[]}\n{\"page\":\"b\\n\",\"error\":{\"code\":\"x\"}}\n{\"page\":\"c\",\"li";
        let KnownResults { mut done, whole, .. } = read_lines(file.as_bytes(), false).unwrap();
        assert_eq!(usize::try_from(whole), Ok(file.rfind('\n').unwrap() + 1));
        assert_eq!(["a", "b\n", "c", "c"].map(|name| done.insert(name)), [false, false, true, false]);
        let mut done = read_lines(file.as_bytes(), true).unwrap().done;
        assert_eq!(["a", "b\n"].map(|name| done.insert(name)), [false, true]);
    }

    #[test]
    fn a_whole_last_line_without_its_line_break_is_kept() {
        let file = "{\"page\":\"a\",\"links\":[]}\n{\"page\":\"b\",\"links\":[]}";
        let mut known = read_lines(file.as_bytes(), false).unwrap();
        assert!(known.lacks_newline && !known.done.insert("b"));
        assert_eq!(known.whole, file.len() as u64);
    }

    #[test]
    fn long_lines_are_known_by_their_beginning() {
        let links = "x".repeat(MAX_HEAD);
        let [good, bad] =
            ["links", "error"].map(|member| format!("{{\"page\":\"{member}\",\"{member}\":\"{links}\"}}\n"));
        let file = [good.as_str(), &bad, &good[..good.len() - 2]].concat();
        let mut known = read_lines(file.as_bytes(), true).unwrap();
        assert_eq!(["links", "error"].map(|name| known.done.insert(name)), [false, true]);
        assert_eq!(known.whole, (good.len() + bad.len()) as u64);
    }

    #[test]
    fn a_large_file_of_something_else_is_not_read_whole() {
        let mut file = BufReader::with_capacity(4096, io::repeat(b'x').take(1 << 40));
        assert!(read_lines(&mut file, false).is_err());
        assert!(file.into_inner().limit() > (1 << 40) - (1 << 20));
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
