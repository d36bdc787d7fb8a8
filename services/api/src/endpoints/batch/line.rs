//! A line of a batch: made as soon as its page's result is there, and kept while the client reads what is before it, as far
//! as there is room. Where there is none it is made once more when it is its turn: from the cache, as a rule.

use crate::{
    Parts,
    directives::Directives,
    endpoints::page::find,
    entry::{Links, Outcome},
    pages::Found,
    problems::Failure,
};
use bytes::Bytes;
use fetch::PageUrl;
use links::format::ndjson::{self, PageMembers};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of lines that wait for their clients, those of all batches together.
const ROOM: usize = 64 << 20;

/// What of it is free.
#[derive(Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }
}

impl Room {
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).ok()
    }
}

/// A line that waits for its turn.
#[derive(Debug)]
pub(super) enum Waiting {
    /// It is made, and has its share of the room.
    Made { line: Bytes, _share: OwnedSemaphorePermit },
    /// It is to be made, for the page at this URL.
    Later(String),
}

/// What makes the lines of a batch.
#[derive(Debug)]
pub(super) struct Maker {
    pub(super) parts: Arc<Parts>,
    pub(super) directives: Directives,
}

impl Maker {
    /// The line of the page at `url`.
    pub(super) async fn make(self: Arc<Self>, url: String) -> Waiting {
        let line = written(&url, find(&self.parts, &url, &self.directives).await);
        match self.parts.room.take(line.len()) {
            Some(share) => Waiting::Made { line, _share: share },
            None => Waiting::Later(url),
        }
    }

    /// The line itself, whose turn it is now.
    pub(super) async fn take(self: Arc<Self>, waiting: Waiting) -> Bytes {
        match waiting {
            Waiting::Made { line, .. } => line,
            Waiting::Later(url) => written(&url, self.again(&url).await),
        }
    }

    /// The result that was there a while ago. What was extracted then is in the log.
    async fn again(&self, url: &str) -> Result<Found, Failure> {
        let only_if_cached = self.directives.only_if_cached;
        let directives = Directives { only_if_cached, ..Directives::default() };
        self.parts.pages.find(&PageUrl::parse(url)?, &directives).await
    }
}

fn written(url: &str, found: Result<Found, Failure>) -> Bytes {
    let mut line = Vec::new();
    let written = match found.as_ref().map(|found| &found.entry.outcome) {
        Ok(Outcome::Links(links)) => {
            let &Links { count, unresolved, approximate, .. } = links;
            let members = PageMembers { page: url, count, unresolved, approximate };
            ndjson::write_json_links(&mut line, members, &links.json)
        }
        Ok(Outcome::Failure(error)) => {
            ndjson::write_error(&mut line, url, &Failure::from(error.clone()).member())
        }
        Err(failure) => ndjson::write_error(&mut line, url, &failure.member()),
    };
    written.expect("memory takes every write, and every member has a JSON form");
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_there_again_when_a_line_goes() {
        let room = Room::default();
        let line = room.take(ROOM - 1);
        assert!(line.is_some() && room.take(2).is_none() && room.take(1).is_some());
        drop(line);
        assert!(room.take(ROOM).is_some() && room.take(usize::MAX).is_none());
    }
}
