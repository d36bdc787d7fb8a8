//! Compresses the responses of a service, also those that are sent in parts.

mod gzip_parts;

use crate::{
    Body, BoxError, ByteBudget, CodingPreference, ContentCoding, CpuPool, Metrics, Response, SendRoom, full,
    send_queue::{CountsItself, QueuedReader},
};
use bytes::Bytes;
use futures_util::stream;
use gzip_parts::GzipParts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use std::time::Instant;

/// Compressing takes so many times as long as looking at each byte.
const EFFORT: usize = 4;

/// Bytes of a piece that is sent without being compressed.
const PIECE: usize = 32 * 1024;

/// Compresses bodies, within a memory for those that wait for it. Clones share the memory.
#[derive(Clone, Debug)]
pub struct Compressor {
    pool: CpuPool,
    /// The memory of bodies, and parts of bodies, that wait, with what comes of them. While it is used up, they are sent as
    /// they are: they are counted then, as responses that wait for their clients.
    pending: ByteBudget,
}

impl Compressor {
    /// Compresses long bodies on `pool`, within `memory` bytes.
    pub fn new(pool: &CpuPool, memory: u64) -> Self {
        Self { pool: pool.clone(), pending: ByteBudget::new(memory) }
    }

    /// Adds the metrics of its memory.
    pub fn register(&self, metrics: &mut Metrics) {
        metrics.budget("compression", &self.pending);
    }

    /// `response` in the content coding that a request with `headers` prefers, with `Vary`. Of a body in parts, each part is
    /// sent as soon as it is there. A response with an entity tag or a coding is left as it is: a tag is that of one coding,
    /// so its service chooses.
    pub async fn compressed(&self, headers: &HeaderMap, mut response: Response) -> Response {
        let has_own =
            [header::ETAG, header::CONTENT_ENCODING].iter().any(|name| response.headers().contains_key(name));
        let has_body = !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if has_own || !has_body {
            return response;
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let length = response.body().size_hint().exact();
        let coding = match length {
            Some(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                CodingPreference::of(headers).and_then(|preference| preference.for_length(length))
            }
            None => CodingPreference::accepts_gzip_parts(headers).then_some(ContentCoding::Gzip),
        };
        let Some(coding) = coding else { return response };
        let (mut head, body) = response.into_parts();
        let body = if length.is_some() {
            self.whole(coding, body).await
        } else {
            let room = head.extensions.remove::<SendRoom>();
            if room.is_some() {
                head.extensions.insert(CountsItself);
            }
            Ok(self.clone().parts(body, room))
        };
        match body {
            Ok(body) => {
                head.headers.insert(header::CONTENT_ENCODING, coding.field());
                Response::from_parts(head, body)
            }
            Err(plain) => Response::from_parts(head, plain),
        }
    }

    /// A body that is there as a whole, in `coding`; the error is the body as it was.
    async fn whole(&self, coding: ContentCoding, body: Body) -> Result<Body, Body> {
        let Ok(plain) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return Err(crate::empty());
        };
        let Some(pending) = self.pending.try_reserve(2 * plain.len() as u64) else { return Err(full(plain)) };
        let data = plain.clone();
        let job = move || {
            let _pending = pending;
            coding.encode(&data)
        };
        let encoded = self.encode(plain.len(), job).await;
        encoded.map(full).map_err(|_| full(plain))
    }

    /// The parts of `body` as parts of one body in `gzip`. What is large of them is counted in `room` until the client has
    /// read it.
    ///
    /// The other codings need an encoder that lives as long as the body, with a window of its own: much memory for each client
    /// that waits.
    fn parts(self, body: Body, room: Option<SendRoom>) -> Body {
        let start = Some((body, PartRest::none(), GzipParts::default()));
        let frames = stream::unfold(start, move |state| {
            let (compressor, room) = (self.clone(), room.clone());
            async move {
                let (mut body, mut rest, gzip) = state?;
                while rest.is_empty() {
                    match body.frame().await {
                        Some(Ok(frame)) => rest = PartRest::Plain(frame.into_data().unwrap_or_default()),
                        Some(Err(error)) => return Some((Err(error), None)),
                        None => return Some((Ok(Frame::data(gzip.end().into())), None)),
                    }
                }
                Some(match compressor.part(gzip, rest, room.as_ref()).await {
                    Ok((part, rest, gzip)) => (Ok(Frame::data(part)), Some((body, rest, gzip))),
                    Err(error) => (Err(error), None),
                })
            }
        });
        crate::boxed(StreamBody::new(frames))
    }

    /// The next part of a body, of `rest` or all of it, and what is left of it. Without memory to wait for compression, `rest`
    /// goes on in pieces as it is.
    async fn part(
        &self,
        gzip: GzipParts,
        rest: PartRest,
        room: Option<&SendRoom>,
    ) -> Result<NextPart, BoxError> {
        let mut data = match rest {
            PartRest::Plain(data) => data,
            PartRest::Stored(reader) => return stored(gzip, reader),
            PartRest::Encoded(reader) => return encoded(gzip, reader),
        };
        let length = data.len();
        let is_short = CpuPool::is_short(EFFORT * length);
        let pending = if is_short { None } else { self.pending.try_reserve(2 * length as u64) };
        if !is_short && pending.is_none() {
            if let Some(room) = room.filter(|room| room.counts(length)) {
                return stored(gzip, room.push(data).await?);
            }
            let (part, gzip) = gzip.stored(&data.split_to(length.min(PIECE)))?;
            return Ok((part.into(), PartRest::Plain(data), gzip));
        }
        let job = move || {
            let _pending = pending;
            gzip.part(&data)
        };
        let (part, gzip) = self.encode(length, job).await?;
        if let Some(room) = room.filter(|room| room.counts(part.len())) {
            return encoded(gzip, room.push(part.into()).await?);
        }
        Ok((part.into(), PartRest::none(), gzip))
    }

    /// Runs `job`, which encodes `length` bytes.
    async fn encode<T: Send + 'static>(
        &self,
        length: usize,
        job: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, BoxError> {
        let done = self.pool.run_sized(EFFORT * length, job).await.ok_or("the encoder panicked")?;
        done.map_err(Into::into)
    }
}

/// What is left of a part of a body.
enum PartRest {
    /// Not encoded yet.
    Plain(Bytes),
    /// The same, counted until its pieces are sent as they are.
    Stored(QueuedReader),
    /// Encoded, and counted until its pieces are sent.
    Encoded(QueuedReader),
}

/// The next part of a body, what is left of it, and the state after it.
type NextPart = (Bytes, PartRest, GzipParts);

impl PartRest {
    fn none() -> Self {
        Self::Plain(Bytes::new())
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Plain(data) if data.is_empty())
    }
}

/// A piece of `reader` as it is.
fn stored(gzip: GzipParts, reader: QueuedReader) -> Result<NextPart, BoxError> {
    let (piece, rest) = piece(reader)?;
    let (part, gzip) = gzip.stored(&piece)?;
    Ok((part.into(), rest.map_or_else(PartRest::none, PartRest::Stored), gzip))
}

/// A piece of `reader`, which is encoded.
fn encoded(gzip: GzipParts, reader: QueuedReader) -> Result<NextPart, BoxError> {
    let (piece, rest) = piece(reader)?;
    Ok((piece, rest.map_or_else(PartRest::none, PartRest::Encoded), gzip))
}

/// The next piece, and the reader unless it was the last one: nothing counts from then on.
fn piece(reader: QueuedReader) -> Result<(Bytes, Option<QueuedReader>), BoxError> {
    let (piece, is_last) =
        reader.take(PIECE, Instant::now()).ok_or("the client has taken nothing for long")?;
    Ok((piece, (!is_last).then_some(reader)))
}

#[cfg(test)]
mod tests;
