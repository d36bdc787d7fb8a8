//! A response's body: from the wire into memory, codings undone, within limits and budget.

use crate::{
    FetchError, Step,
    budget::{Budget, Claim},
    coding::{self, Coding},
    deadline::JobDeadline,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use kit::CpuPool;
use std::{error::Error, io};

/// What bounds the reading of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<'a> {
    pub(crate) budget: &'a Budget,
    pub(crate) pool: &'a CpuPool,
    /// The most bytes, on the wire and of each coding.
    pub(crate) limit: usize,
    pub(crate) deadline: JobDeadline,
}

/// A body as it came by the wire.
#[derive(Debug)]
pub(crate) struct Wire {
    bytes: Vec<u8>,
    /// How many bytes there may be: what is free, and what is claimed beyond that.
    room: usize,
    claims: Vec<Claim>,
}

impl Bounds<'_> {
    /// Reads a body to its end.
    pub(crate) async fn read(self, mut body: Incoming, codings: &[Coding]) -> Result<Wire, FetchError> {
        let announced =
            body.size_hint().exact().map_or(Some(self.limit), |length| usize::try_from(length).ok());
        let most = announced.filter(|length| *length <= self.limit).ok_or(FetchError::TooLarge)?;
        let mut wire = Wire { bytes: Vec::new(), room: self.budget.free, claims: Vec::new() };
        while let Some(frame) = self.deadline.run(Step::Body, body.frame()).await? {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) if in_trailers(&error) => break,
                Err(error) => {
                    tracing::debug!(%error, "body broke off");
                    return Err(FetchError::Incomplete);
                }
            };
            let Some(data) = frame.data_ref() else { continue };
            if data.len() > self.limit - wire.bytes.len() {
                return Err(FetchError::TooLarge);
            }
            let needed = wire.bytes.len() + data.len();
            if needed > wire.room && wire.claims.is_empty() {
                wire.bytes = self.peek(wire.bytes, codings).await?;
            }
            while needed > wire.room {
                let claim = self.budget.wire(wire.room, most.max(needed));
                let (claim, room) = self.deadline.run(Step::Queue, claim).await?;
                wire.claims.push(claim);
                wire.room = room;
            }
            append(&mut wire.bytes, data, wire.room);
        }
        Ok(wire)
    }

    /// Undoes the codings. What comes out counts against the budget until it is dropped.
    pub(crate) async fn undo(self, wire: Wire, codings: Vec<Coding>) -> Result<Bytes, FetchError> {
        if codings.is_empty() {
            let claim = self.budget.page(wire.bytes.len() as u64);
            return Ok(self.deadline.run(Step::Queue, claim).await?.hold(wire.bytes));
        }
        let windows = self.deadline.run(Step::Queue, self.budget.windows(&codings)).await?;
        let claim = self.deadline.run(Step::Queue, self.budget.page(self.limit as u64)).await?;
        let limit = self.limit;
        let work = move || {
            let mut page = Vec::new();
            coding::decode(&wire.bytes, &codings, limit, |data| append(&mut page, data, limit))?;
            drop((wire, windows));
            page.shrink_to_fit();
            Ok(claim.hold(page))
        };
        self.decode(work).await
    }

    /// Decodes the beginning of a large body and drops what comes out: a bomb ends here, before it has cost
    /// its full length on the wire.
    async fn peek(self, start: Vec<u8>, codings: &[Coding]) -> Result<Vec<u8>, FetchError> {
        if codings.is_empty() {
            return Ok(start);
        }
        let windows = self.deadline.run(Step::Queue, self.budget.windows(codings)).await?;
        let (codings, limit) = (codings.to_vec(), self.limit);
        let work = move || match coding::decode(&start, &codings, limit, |_| ()) {
            Ok(()) | Err(FetchError::Incomplete) => {
                drop(windows);
                Ok(start)
            }
            Err(error) => Err(error),
        };
        self.decode(work).await
    }

    /// Runs CPU work off the async threads.
    async fn decode<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
    ) -> Result<T, FetchError> {
        self.deadline.run(Step::Body, self.pool.run(work)).await?.unwrap_or(Err(FetchError::BadEncoding))
    }
}

/// Appends, growing by doubling but never past `limit`.
fn append(bytes: &mut Vec<u8>, data: &[u8], limit: usize) {
    let length = bytes.len() + data.len();
    if length > bytes.capacity() {
        let capacity = length.max(bytes.capacity() * 2).min(limit.max(length));
        bytes.reserve_exact(capacity - bytes.len());
    }
    bytes.extend_from_slice(data);
}

/// Whether the error came after the last chunk: then the body is whole, and trailers are nothing we want.
/// hyper tells it by its words alone.
fn in_trailers(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.to_string().starts_with("chunk trailers"))
}
