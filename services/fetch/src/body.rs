//! Reads a response's body within its limits and memory, and decodes its content codings as it arrives.

use crate::{
    FetchError, ProcessorTime, Step,
    budget::{Allowance, Budget},
    coding::Coding,
    deadline::JobDeadline,
    decoding::{Decoding, append},
    traffic::OpenJob,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use kit::CpuPool;
use std::{error::Error, io};

pub(crate) struct BodyReader<'a> {
    pub(crate) body: Incoming,
    pub(crate) budget: &'a Budget,
    pub(crate) pool: &'a CpuPool,
    /// The most bytes, on the wire and of each decoded coding.
    pub(crate) limit: usize,
    pub(crate) deadline: JobDeadline,
    pub(crate) received: usize,
    pub(crate) open: &'a mut OpenJob,
}

impl BodyReader<'_> {
    /// Reads the body to its end and decodes it, and says how long decoding took. The page counts against the budget until
    /// it is dropped.
    pub(crate) async fn read(self, codings: &[Coding]) -> Result<(Bytes, ProcessorTime), FetchError> {
        let announced =
            self.body.size_hint().exact().map_or(Some(self.limit), |length| usize::try_from(length).ok());
        let most = announced.filter(|length| *length <= self.limit).ok_or(FetchError::TooLarge)?;
        if codings.is_empty() {
            Ok((self.plain(most).await?, ProcessorTime::default()))
        } else {
            self.coded(codings).await
        }
    }

    async fn plain(mut self, most: usize) -> Result<Bytes, FetchError> {
        let mut page = Vec::new();
        let mut allowance = Allowance { bytes: self.budget.share, ..Allowance::default() };
        while let Some(data) = self.data().await? {
            let needed = page.len() + data.len();
            let raised = self.budget.raise(&mut allowance, needed, most.max(needed));
            self.deadline.run(Step::Queue, raised).await?;
            append(&mut page, &data, allowance.bytes);
        }
        let reservation =
            self.deadline.run(Step::Queue, self.budget.pages.reserve(page.len() as u64)).await?;
        Ok(reservation.hold(page))
    }

    async fn coded(mut self, codings: &[Coding]) -> Result<(Bytes, ProcessorTime), FetchError> {
        let share = self.budget.share;
        let mut decoding = Decoding::new(codings, self.limit);
        let mut coded = Vec::new();
        while let Some(data) = self.data().await? {
            if !coded.is_empty() && coded.len() + data.len() > share {
                decoding.push(std::mem::take(&mut coded));
                decoding = self.decode(decoding).await?;
            }
            append(&mut coded, &data, share);
        }
        if self.received == 0 {
            // Some servers declare a coding for an empty body; browsers take it as an empty page.
            return Ok((Bytes::new(), ProcessorTime::default()));
        }
        let is_small = self.received == coded.len();
        decoding.push(coded);
        decoding.input = None;
        if is_small {
            // It needed no memory besides the share while it waited for the network, and waits no more.
            let reservation =
                self.deadline.run(Step::Queue, self.budget.pages.reserve(decoding.most() as u64)).await?;
            decoding.allowance = Allowance { bytes: decoding.most(), reservations: vec![reservation] };
        }
        let Decoding { page, mut allowance, time, .. } = self.decode(decoding).await?;
        let reservation = match allowance.reservations.pop() {
            Some(reservation) if is_small => reservation,
            _ => self.deadline.run(Step::Queue, self.budget.pages.reserve(page.len() as u64)).await?,
        };
        Ok((reservation.hold(page), time))
    }

    /// Decodes what has been pushed, on the CPU pool.
    async fn decode(&self, mut decoding: Decoding) -> Result<Decoding, FetchError> {
        loop {
            let (needed, most) = (decoding.needed(), decoding.most());
            self.deadline.run(Step::Queue, self.budget.raise(&mut decoding.allowance, needed, most)).await?;
            let job = self.pool.run(move || decoding.advance().map(|done| (decoding, done)));
            // A decoder that panicked leaves no result.
            let result = self.deadline.run(Step::Body, job).await?.unwrap_or(Err(FetchError::BadEncoding));
            let done;
            (decoding, done) = result?;
            if done {
                return Ok(decoding);
            }
        }
    }

    /// The next bytes of the body, counted against the limit; `None` at its end.
    async fn data(&mut self) -> Result<Option<Bytes>, FetchError> {
        while let Some(frame) = self.deadline.run(Step::Body, self.body.frame()).await? {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) if is_in_trailers(&error) => break,
                Err(error) => {
                    tracing::debug!(%error, "the body ended early");
                    let fault = self.open.meter().fault();
                    return Err(fault.map_or(FetchError::Incomplete, |_| FetchError::TooLarge));
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            if data.len() > self.limit - self.received {
                return Err(FetchError::TooLarge);
            }
            self.received += data.len();
            self.open.read_body(data.len());
            return Ok(Some(data));
        }
        Ok(None)
    }
}

/// Whether the error came after the last chunk: then the body is complete, and its trailers are of no use here. Only the
/// text of hyper's error says so.
fn is_in_trailers(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.to_string().starts_with("chunk trailers"))
}
