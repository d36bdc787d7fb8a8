//! Converts the JSON of a page's links to the form in which they are sent, and compresses it, on a CPU pool.

use crate::{cached_result::PageLinks, extraction::ExtractionPool, negotiation::AnswerForm};
use bytes::Bytes;
use kit::ContentCoding;
use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{fmt, iter};
use weburl::WebUrl;

/// Converting this many bytes takes less time than handing them to another thread.
const INLINE: usize = 32 * 1024;

/// Links as they are sent.
pub(crate) struct Converted<B> {
    pub(crate) bytes: B,
    /// The coding that they are in.
    pub(crate) coding: Option<ContentCoding>,
}

/// The `links` in `form` if they are kept in that form.
pub(crate) fn cached(links: &PageLinks, form: AnswerForm) -> Option<Converted<Bytes>> {
    let is_coded = form.coding.is_some_and(|preference| preference.for_length(links.json.len()).is_some());
    (form.is_cached() && !is_coded).then(|| Converted { bytes: links.json.clone(), coding: None })
}

/// The `links` in `form`; `None` if the conversion panicked.
pub(crate) async fn convert(
    pool: &ExtractionPool,
    links: &PageLinks,
    form: AnswerForm,
) -> Option<Converted<Box<[u8]>>> {
    let (json, url) = (links.json.clone(), form.selection.scope.and_then(|_| WebUrl::parse(&links.url).ok()));
    let length = json.len();
    let write = move || {
        if form.is_cached() {
            encoded(&json, form)
        } else {
            encoded(&rewritten(&json, url.as_ref(), form)?, form)
        }
    };
    let is_short = length <= INLINE && form.coding.is_none();
    if is_short { write() } else { pool.run(memory(length, form), write).await? }
}

/// Bytes that the conversion of `length` bytes takes at most.
fn memory(length: usize, form: AnswerForm) -> u64 {
    // A link takes more bytes than the set of addresses for it.
    let copies = 1 + u64::from(form.selection.unique) + u64::from(form.coding.is_some());
    let encoder = form.coding.map_or(0, |_| ContentCoding::ENCODER_BYTES);
    copies * length as u64 + encoder
}

/// `plain` in the coding of `form`, if it is long enough for that.
fn encoded(plain: &[u8], form: AnswerForm) -> Option<Converted<Box<[u8]>>> {
    let coding = form.coding.and_then(|preference| preference.for_length(plain.len()));
    let bytes = match coding {
        Some(coding) => coding.encode(plain).ok()?.into_boxed_slice(),
        None => plain.into(),
    };
    Some(Converted { bytes, coding })
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
