//! Reads a response's body within its limits and memory, and decodes its content codings as it arrives.

use crate::{
    FetchError, Phase, ProcessorTime, ResponseProblem,
    budget::{Allowance, Budget},
    cause::{Cause, CauseKind, DECODING_TIME},
    coding::Coding,
    decoding::{Decoding, DecodingError, append},
    job_context::JobContext,
    response::Framing,
    traffic::OpenJob,
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use kit::CpuPool;
use std::{
    error::Error,
    io,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// The time in which a thread that is free takes a job over: no wait.
const HANDOVER: Duration = Duration::from_micros(200);

pub(crate) struct BodyReader<'a> {
    pub(crate) body: Incoming,
    pub(crate) budget: &'a Budget,
    pub(crate) pool: &'a CpuPool,
    /// The most bytes, on the wire and of each decoded coding.
    pub(crate) limit: usize,
    pub(crate) job: &'a mut JobContext,
    pub(crate) received: usize,
    pub(crate) framing: Framing,
    /// Whether the TLS connection ended without saying so.
    pub(crate) is_cut: bool,
    pub(crate) open: &'a mut OpenJob,
}

impl BodyReader<'_> {
    /// Reads the body to its end and decodes it, and says how long decoding took. The page counts against the budget until
    /// it is dropped.
    pub(crate) async fn read(mut self, codings: &[Coding]) -> Result<(Bytes, ProcessorTime), FetchError> {
        let exact = self.body.size_hint().exact().or(self.framing.length);
        let result = self.page(exact, codings).await;
        let expected = exact
            .filter(|exact| matches!(result, Err(FetchError::Incomplete)) && (self.received as u64) < *exact);
        if let Some(expected) = expected {
            let received = self.received;
            let text = format!("the body ended after {received} of {expected} bytes");
            self.job.record.cause = Some(Cause::new(CauseKind::Cut, text));
        }
        result
    }

    async fn page(
        &mut self,
        exact: Option<u64>,
        codings: &[Coding],
    ) -> Result<(Bytes, ProcessorTime), FetchError> {
        let announced = exact.map_or(Some(self.limit), |length| usize::try_from(length).ok());
        let most = announced.filter(|length| *length <= self.limit).ok_or_else(|| {
            self.job.record.cause =
                exact.map(|length| Cause::new(CauseKind::Size, format!("the body has {length} bytes")));
            FetchError::TooLarge
        })?;
        let (page, time) = if codings.is_empty() {
            (self.plain(most).await?, ProcessorTime::default())
        } else {
            self.coded(codings).await?
        };
        if self.is_cut && !has_end(&page) {
            let text = "the connection ended without a TLS close_notify";
            self.job.record.cause = Some(Cause::new(CauseKind::Cut, text));
            return Err(FetchError::Incomplete);
        }
        Ok((page, time))
    }

    async fn plain(&mut self, most: usize) -> Result<Bytes, FetchError> {
        let mut page = Vec::new();
        let mut allowance = Allowance { bytes: self.budget.share, ..Allowance::default() };
        while let Some(data) = self.data().await? {
            let needed = page.len() + data.len();
            if allowance.bytes < needed {
                let raised = self.budget.raise(self.job.client, &mut allowance, needed, most.max(needed));
                self.job.wait(raised).await?;
            }
            append(&mut page, &data, allowance.bytes);
        }
        let reservation = self.job.wait(self.budget.pages.reserve(page.len() as u64)).await?;
        Ok(reservation.hold(page))
    }

    async fn coded(&mut self, codings: &[Coding]) -> Result<(Bytes, ProcessorTime), FetchError> {
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
            let reservation = self.job.wait(self.budget.pages.reserve(decoding.most() as u64)).await?;
            decoding.allowance = Allowance { bytes: decoding.most(), reservations: vec![reservation] };
        }
        let Decoding { page, mut allowance, time, .. } = self.decode(decoding).await?;
        let reservation = match allowance.reservations.pop() {
            Some(reservation) if is_small => reservation,
            _ => self.job.wait(self.budget.pages.reserve(page.len() as u64)).await?,
        };
        Ok((reservation.hold(page), time))
    }

    /// Decodes what has been pushed, on the CPU pool.
    async fn decode(&mut self, mut decoding: Decoding) -> Result<Decoding, FetchError> {
        loop {
            let (needed, most) = (decoding.needed(), decoding.most());
            let raised = self.budget.raise(self.job.client, &mut decoding.allowance, needed, most);
            self.job.wait(raised).await?;
            let (asked, begun) = (Instant::now(), Arc::new(OnceLock::new()));
            let start = Arc::clone(&begun);
            let decoded = self.pool.run(move || {
                start.get_or_init(Instant::now);
                decoding.advance().map(|done| (decoding, done))
            });
            let decoded = self.job.deadline.run(Phase::Body, decoded).await;
            self.waited_for_thread(asked, begun.get().copied());
            let Ok(decoded) = decoded else { return Err(FetchError::Timeout(self.job.record.phase())) };
            // A decoder that panicked leaves no result.
            let panicked = || Err(DecodingError::Page(FetchError::BadEncoding));
            decoding = match decoded.unwrap_or_else(panicked) {
                Ok((decoding, true)) => return Ok(decoding),
                Ok((decoding, false)) => decoding,
                Err(DecodingError::Page(error)) => return Err(error),
                Err(DecodingError::ProcessorTime) => {
                    self.job.record.cause = Some(Cause::new(CauseKind::DecodingTime, DECODING_TIME));
                    return Err(FetchError::TooLarge);
                }
            };
        }
    }

    /// Notes a wait for a thread of the pool that was asked for at `asked` and began at `begun`, if it did.
    fn waited_for_thread(&mut self, asked: Instant, begun: Option<Instant>) {
        if begun.is_some_and(|begun| begun.duration_since(asked) < HANDOVER) {
            return;
        }
        let record = &mut self.job.record;
        record.enter_at(Phase::Queue, asked);
        match begun {
            Some(begun) => record.enter_at(Phase::Body, begun),
            None => record.cause = Some(Cause::busy()),
        }
    }

    /// The failure of a body in which `error` happened.
    fn broken(&mut self, error: &hyper::Error) -> FetchError {
        if self.open.meter().fault().is_some() {
            return FetchError::TooLarge;
        }
        let (cause, failure) = if is_wrongly_framed(error) {
            let cause = Cause::new(CauseKind::NotHttp, "the framing of the body is broken");
            (Some(cause), FetchError::BadResponse(ResponseProblem::NotHttp))
        } else {
            // A reset says more.
            let reset = (!error.is_incomplete_message()).then(|| Cause::of(error)).flatten();
            let cut = || Cause::new(CauseKind::Cut, format!("the body ended after {} bytes", self.received));
            (reset.or_else(|| Some(cut())), FetchError::Incomplete)
        };
        self.job.record.cause = cause;
        failure
    }

    /// The next bytes of the body, counted against the limit; `None` at its end.
    async fn data(&mut self) -> Result<Option<Bytes>, FetchError> {
        let left = |received| {
            self.framing.length.map_or(usize::MAX, |length| {
                usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(received)
            })
        };
        while left(self.received) > 0
            && let Some(frame) = self.job.deadline.run(Phase::Body, self.body.frame()).await?
        {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) if is_in_trailers(&error) => break,
                // Many servers close so; an attacker could as well, so the page itself has to show its end.
                Err(error) if self.framing.is_until_close && is_unannounced_end(&error) => {
                    self.is_cut = true;
                    break;
                }
                Err(error) => {
                    tracing::debug!(%error, "the body ended early");
                    return Err(self.broken(&error));
                }
            };
            let Ok(mut data) = frame.into_data() else { continue };
            data.truncate(left(self.received));
            if data.len() > self.limit - self.received {
                return Err(FetchError::TooLarge);
            }
            self.received += data.len();
            self.open.read_body(data.len());
            return Ok(Some(data));
        }
        match left(self.received) {
            0 | usize::MAX => Ok(None),
            _ => Err(FetchError::Incomplete),
        }
    }
}

/// Whether the page has an end tag of `html` close to its end.
fn has_end(page: &[u8]) -> bool {
    const END_TAG: &[u8] = b"</html>";
    let end = &page[page.len().saturating_sub(4096)..];
    end.windows(END_TAG.len()).any(|window| window.eq_ignore_ascii_case(END_TAG))
}

/// Whether the peer closed a TLS connection without `close_notify` (RFC 8446, section 6.1).
fn is_unannounced_end(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
}

/// Whether the body violates the framing of its protocol, rather than ends early: chunks (RFC 9112, section 7.1), or frames
/// of HTTP/2.
fn is_wrongly_framed(error: &hyper::Error) -> bool {
    let cause = error.source();
    let io = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    let h2 = cause.and_then(|cause| cause.downcast_ref::<h2::Error>());
    io.is_some_and(|error| matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
        || h2.is_some_and(h2::Error::is_library)
}

/// Whether the error came after the last chunk: then the body is complete, and its trailers are of no use here. Only the
/// text of hyper's error says so.
fn is_in_trailers(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.to_string().starts_with("chunk trailers"))
}
