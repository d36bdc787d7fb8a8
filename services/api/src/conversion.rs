//! Converts the JSON of a page's links to the form in which they are sent, on a CPU pool.

use crate::{cached_result::PageLinks, extraction::ExtractionPool, negotiation::AnswerForm};
use links::LinkSelection;
use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::{fmt, iter};
use weburl::WebUrl;

/// Converting this many bytes takes less time than handing them to another thread.
const INLINE: usize = 32 * 1024;

/// The `links` in `form`; `None` if the conversion panicked.
pub(crate) async fn convert(pool: &ExtractionPool, links: &PageLinks, form: AnswerForm) -> Option<Box<[u8]>> {
    let (json, url) = (links.json.clone(), form.selection.scope.and_then(|_| WebUrl::parse(&links.url).ok()));
    let length = json.len();
    let write = move || convert_now(&json, url.as_ref(), form);
    if length <= INLINE { write() } else { pool.run(memory(length, form.selection), write).await? }
}

/// Bytes that the conversion of `length` bytes takes at most.
fn memory(length: usize, selection: LinkSelection) -> u64 {
    // A link takes more bytes than the set of addresses for it.
    if selection.unique { 2 * length as u64 } else { length as u64 }
}

/// Writes each link as it is read: a list of a million links would take more memory than both texts.
fn convert_now(json: &[u8], page: Option<&WebUrl>, form: AnswerForm) -> Option<Box<[u8]>> {
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
    Some(written.ok()?.into_boxed_slice())
}
