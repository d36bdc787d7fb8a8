//! Converts the JSON of a page's links to the form in which they are sent, and compresses it, on a CPU pool.

use crate::{
    cached_result::PageLinks, error::ApiError, extraction_pool::ExtractionPool, negotiation::AnswerForm,
};
use bytes::Bytes;
use kit::{ClientKey, ContentCoding, CpuPool};
use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt, iter};
use weburl::WebUrl;

/// Links as they are sent.
pub(crate) struct Converted<B> {
    pub(crate) bytes: B,
    /// The coding that they are in.
    pub(crate) coding: Option<ContentCoding>,
    /// Their bytes without it.
    pub(crate) length: usize,
}

/// The links in `json` in `form`, if that is how they are already.
pub(crate) fn unconverted(json: &Bytes, form: AnswerForm) -> Option<Converted<Bytes>> {
    let is_coded = form.coding.is_some_and(|preference| preference.for_length(json.len()).is_some());
    (form.is_cached() && !is_coded).then(|| Converted {
        bytes: json.clone(),
        coding: None,
        length: json.len(),
    })
}

/// The `links` in `form`, for `client`; an error if too many wait for their conversion already, or if it panicked.
pub(crate) async fn convert(
    pool: &ExtractionPool,
    links: &PageLinks,
    form: AnswerForm,
    client: ClientKey,
) -> Result<Converted<Box<[u8]>>, ApiError> {
    let (json, url) = (links.json.clone(), form.selection.scope.and_then(|_| WebUrl::parse(&links.url).ok()));
    let length = json.len();
    let write = move || written(&json, url.as_ref(), form);
    // Converting takes half as long as what `CpuPool` counts as short.
    if CpuPool::is_short(length / 2) && form.coding.is_none() {
        return write();
    }
    let _waiting = pool.reserve_waiting(length, client).ok_or(ApiError::ConversionsWait)?;
    pool.run(memory(length as u64, form), write).await.ok_or(ApiError::Internal)?
}

/// The links in `json`, those of `page`, in `form`: on the calling thread.
pub(crate) fn converted(
    json: &Bytes,
    page: Option<&WebUrl>,
    form: AnswerForm,
) -> Result<Converted<Bytes>, ApiError> {
    if let Some(unconverted) = unconverted(json, form) {
        return Ok(unconverted);
    }
    let Converted { bytes, coding, length } = written(json, page, form)?;
    Ok(Converted { bytes: bytes.into(), coding, length })
}

fn written(json: &[u8], page: Option<&WebUrl>, form: AnswerForm) -> Result<Converted<Box<[u8]>>, ApiError> {
    let plain = if form.is_cached() {
        Cow::Borrowed(json)
    } else {
        Cow::Owned(rewritten(json, page, form).ok_or(ApiError::Internal)?)
    };
    let length = plain.len();
    let coding = form.coding.and_then(|preference| preference.for_length(length));
    let bytes = match coding {
        Some(coding) => coding.encode(&plain).map_err(|_| ApiError::Internal)?,
        None => plain.into_owned(),
    };
    Ok(Converted { bytes: bytes.into_boxed_slice(), coding, length })
}

/// Bytes that the conversion of `length` bytes takes at most, besides these.
pub(crate) fn memory(length: u64, form: AnswerForm) -> u64 {
    // A link takes more bytes than the set of addresses for it.
    let copies = 1 + u64::from(form.selection.unique) + u64::from(form.coding.is_some());
    let encoder = form.coding.map_or(0, |_| ContentCoding::ENCODER_BYTES);
    copies * length + encoder
}

/// Writes each link as it is read: a list of a million links would take more memory than both texts.
fn rewritten(json: &[u8], page: Option<&WebUrl>, form: AnswerForm) -> Option<Vec<u8>> {
    struct Rewrite<'a>(Vec<u8>, AnswerForm, Option<&'a WebUrl>);
    impl<'de> Visitor<'de> for Rewrite<'_> {
        type Value = Vec<u8>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an array of links")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Vec<u8>, A::Error> {
            let Self(mut out, form, page) = self;
            let mut failed = None;
            let links = iter::from_fn(|| {
                array.next_element().unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                })
            });
            let selected = links.filter(form.selection.filter(page));
            let written = form.format.write_to(&mut out, selected).map_err(A::Error::custom);
            failed.map_or(written, Err).map(|()| out)
        }
    }
    // No other format is longer than JSON, but for the header line of CSV.
    let out = Vec::with_capacity(json.len() + 16);
    let rewrite = Rewrite(out, form, page);
    let written = serde_json::Deserializer::from_slice(json).deserialize_seq(rewrite);
    written.ok()
}
