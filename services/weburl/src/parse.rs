//! The "basic URL parser" (WHATWG URL, section 4.4).

use crate::{WebUrl, ascii_domain, authority, dot_segments, file, path, scheme};
use std::{borrow::Cow, str::FromStr};
use url::{EncodingOverride, ParseError, Url};

impl WebUrl {
    /// Parses an absolute URL.
    pub fn parse(input: &str) -> Result<Self, ParseError> {
        parse(input, None, None)
    }

    /// Parses a reference against this URL.
    pub fn join(&self, reference: &str) -> Result<Self, ParseError> {
        parse(reference, Some(self), None)
    }

    /// Parses a reference, against `base` if there is one; `encode` encodes its query.
    pub fn parse_with(
        reference: &str,
        base: Option<&Self>,
        encode: EncodingOverride<'_>,
    ) -> Result<Self, ParseError> {
        parse(reference, base, encode)
    }
}

impl FromStr for WebUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

fn parse(reference: &str, base: Option<&WebUrl>, encode: EncodingOverride<'_>) -> Result<WebUrl, ParseError> {
    let reference = &*trimmed(reference);
    let written = scheme::split(reference);
    let scheme = written.map(|(scheme, _)| scheme).or(base.map(WebUrl::scheme));
    let scheme = scheme.ok_or(ParseError::RelativeUrlWithoutBase)?;
    if scheme.eq_ignore_ascii_case("file") {
        return file::parse(reference, base.filter(|base| base.is_file()), encode);
    }
    let url = |reference: &str, base: Option<&WebUrl>| {
        let options = Url::options().base_url(base.map(|base| &base.url)).encoding_override(encode);
        options.parse(reference).map(path::corrected)
    };
    // Nothing but a fragment is relative to an opaque path.
    let base_scheme = base.filter(|base| !base.url.cannot_be_a_base()).map(WebUrl::scheme);
    if let Some((absolute, start)) = authority::own(reference, written, base_scheme) {
        let path = authority::end(&absolute, start, scheme)?;
        let absolute = dot_segments::resolved(absolute, path, scheme, None);
        return match url(&absolute, None) {
            Err(ParseError::IdnaError) => {
                let (before, authority) = absolute.split_at(start);
                let (stand_in, host) = ascii_domain::in_authority(authority).ok_or(ParseError::IdnaError)?;
                Ok(WebUrl::with_host(url(&[before, &stand_in].concat(), None)?, &host))
            }
            url => Ok(WebUrl { url: url?, text: None }),
        };
    }
    // A URL of another scheme than the base's does not depend on it, nor does one of a scheme that is not special.
    let is_special = scheme::is_special(scheme);
    let base =
        base.filter(|base| written.is_none() || is_special && base.scheme().eq_ignore_ascii_case(scheme));
    let path = written.map_or(0, |(_, rest)| reference.len() - rest.len());
    let reference = dot_segments::resolved(reference.into(), path, scheme, base.map(WebUrl::path));
    let url = url(&if is_special { reference } else { path::relative(&reference) }, base)?;
    Ok(match base {
        Some(base) if base.text.is_some() => WebUrl::with_host(url, base.host_str().unwrap_or_default()),
        _ => WebUrl { url, text: None },
    })
}

/// A reference without the characters that the parser removes.
fn trimmed(reference: &str) -> Cow<'_, str> {
    let reference = reference.trim_matches(|c| c <= ' ');
    if reference.bytes().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r')) {
        Cow::Owned(reference.replace(['\t', '\n', '\r'], ""))
    } else {
        Cow::Borrowed(reference)
    }
}
