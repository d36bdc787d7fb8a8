//! Memory that answers hold until their clients have taken them, bounded for all connections together: a client that
//! asks for much and reads nothing costs us all of it.

use super::activity::Activity;
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of answers. When there are more, who reads what was asked for longest ago is cut off.
const LIMIT: usize = 128 * 1024 * 1024;
/// Smaller ones are not counted: the number of connections bounds them.
const SMALL: usize = 64 * 1024;

/// The large answers of a listener that are on their way.
#[derive(Debug, Default)]
pub(super) struct Unsent(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    /// Counts answers.
    clock: u64,
    /// By address: an answer from a cache is in memory once, however many read it.
    parts: HashMap<usize, Part>,
}

#[derive(Debug)]
struct Part {
    bytes: usize,
    /// When it was asked for last.
    asked: u64,
    /// Who reads it, by when they asked.
    readers: HashMap<u64, Arc<Activity>>,
}

/// One reader's claim to a part; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    unsent: Arc<Unsent>,
    address: usize,
    asked: u64,
}

impl Unsent {
    /// Counts `data`, which the client whose `activity` this is has asked for.
    pub(super) fn hold(self: &Arc<Self>, data: &Bytes, activity: &Arc<Activity>) -> Option<Claim> {
        if data.len() <= SMALL {
            return None;
        }
        let address = data.as_ptr().addr();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.clock += 1;
        let (asked, bytes) = (held.clock, data.len());
        let part = held.parts.entry(address);
        let mut new = 0;
        let part = part.or_insert_with(|| {
            new = bytes;
            Part { bytes, asked, readers: HashMap::new() }
        });
        part.asked = asked;
        part.readers.insert(asked, Arc::clone(activity));
        held.bytes += new;
        held.make_room();
        Some(Claim { unsent: Arc::clone(self), address, asked })
    }
}

impl Held {
    fn make_room(&mut self) {
        while self.bytes > LIMIT && self.parts.len() > 1 {
            let oldest = self.parts.iter().min_by_key(|(_, part)| part.asked).map(|(address, _)| *address);
            let Some(part) = oldest.and_then(|address| self.parts.remove(&address)) else { return };
            self.bytes -= part.bytes;
            part.readers.values().for_each(|reader| reader.cut_off());
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut held = self.unsent.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(part) = held.parts.get_mut(&self.address) else { return };
        // Not there if it was cut off, and another answer took the address.
        if part.readers.remove(&self.asked).is_some() && part.readers.is_empty() {
            let bytes = part.bytes;
            held.parts.remove(&self.address);
            held.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, Unsent};
    use crate::server::activity::Activity;
    use bytes::Bytes;
    use std::sync::Arc;

    #[test]
    fn who_asked_longest_ago_makes_room() {
        let unsent = Arc::new(Unsent::default());
        let parts = [(); 3].map(|()| Bytes::from(vec![0; LIMIT / 2]));
        let readers = [(); 4].map(|()| Arc::new(Activity::new()));
        let read = |part: usize, reader: usize| unsent.hold(&parts[part], &readers[reader]);
        let _first = read(0, 0);
        let second = read(1, 1);
        // The same memory once more, so that the second is older now.
        let _again = read(0, 2);
        assert!(readers.iter().all(|reader| !reader.is_cut_off()));
        let _third = read(2, 3);
        assert_eq!(readers.each_ref().map(|reader| reader.is_cut_off()), [false, true, false, false]);
        drop(second);
        assert_eq!(unsent.0.lock().unwrap().bytes, LIMIT / 2 * 2);
    }

    #[test]
    fn what_was_read_is_counted_no_more() {
        let unsent = Arc::new(Unsent::default());
        let reader = Arc::new(Activity::new());
        for _ in 0..10 {
            let part = Bytes::from(vec![0; LIMIT / 2]);
            let claims = [unsent.hold(&part, &reader), unsent.hold(&part, &reader)];
            assert_eq!(unsent.0.lock().unwrap().bytes, LIMIT / 2);
            drop(claims);
        }
        assert!(!reader.is_cut_off() && unsent.0.lock().unwrap().parts.is_empty());
    }
}
