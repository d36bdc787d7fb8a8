//! `file:` URLs ("file state", "file slash state", "file host state" and "path state"), in which the `url` crate drops
//! hosts and empty segments and misses drive letters: <https://github.com/servo/rust-url/issues/889>,
//! <https://github.com/servo/rust-url/issues/1118>, <https://github.com/servo/rust-url/issues/1126>,
//! <https://github.com/servo/rust-url/pull/1149>.
//!
//! An http URL of the same path, query and fragment stands in for each, since those are encoded alike.

use crate::{
    WebUrl, ascii_domain, path, scheme,
    segments::{Segments, is_drive_letter},
};
use url::{EncodingOverride, Host, ParseError, Position, Url};

/// Parses a reference with the scheme "file" or, if it has none, against a base that has it.
pub(crate) fn parse(
    reference: &str,
    base: Option<&WebUrl>,
    encode: EncodingOverride<'_>,
) -> Result<WebUrl, ParseError> {
    let rest = scheme::split(reference).map_or(reference, |(_, rest)| rest);
    let (written, after_path) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let base_host = base.and_then(WebUrl::host_str).unwrap_or_default();
    let base_path = || base.into_iter().flat_map(|base| base.path().split('/').skip(1));
    let mut segments = Segments::of_file();
    let host = if let Some(after_slash) = written.strip_prefix(is_slash) {
        if let Some(authority) = after_slash.strip_prefix(is_slash) {
            let (host, rest) = authority.split_at(authority.find(is_slash).unwrap_or(authority.len()));
            if is_drive_letter(host) {
                segments.push_all(authority);
                String::new()
            } else {
                segments.push_all(rest.strip_prefix(is_slash).unwrap_or(rest));
                parsed_host(host)?
            }
        } else {
            let drive = base_path().next().filter(|first| is_normalized_drive_letter(first));
            segments.extend(drive.filter(|_| !starts_with_drive_letter(after_slash)).into_iter());
            segments.push_all(after_slash);
            base_host.to_owned()
        }
    } else if let Some(base) = base.filter(|_| written.is_empty()) {
        let options = Url::options().base_url(Some(&base.url)).encoding_override(encode);
        return Ok(with_host(options.parse(after_path)?, base_host));
    } else {
        if !starts_with_drive_letter(written) {
            segments.extend(base_path());
            segments.shorten();
        }
        segments.push_all(written);
        base_host.to_owned()
    };
    let stand_in = format!("http://f/{}{after_path}", segments.joined());
    let url = Url::options().encoding_override(encode).parse(&stand_in)?;
    Ok(with_host(path::corrected(url), &host))
}

/// The URL that `url` stands in for.
fn with_host(url: Url, host: &str) -> WebUrl {
    WebUrl { text: Some(["file://", host, &url[Position::BeforePath..]].concat().into()), url }
}

/// "Host parsing" for a special scheme, then the "file host state": the host of this machine is the empty one.
fn parsed_host(written: &str) -> Result<String, ParseError> {
    if written.is_empty() {
        return Ok(String::new());
    }
    let host = match Host::parse(written) {
        Ok(host) => host.to_string(),
        Err(error) => ascii_domain::domain(written).ok_or(error)?.1,
    };
    Ok(if host == "localhost" { String::new() } else { host })
}

fn is_slash(c: char) -> bool {
    matches!(c, '/' | '\\')
}

fn is_normalized_drive_letter(text: &str) -> bool {
    is_drive_letter(text) && text.ends_with(':')
}

/// "Starts with a Windows drive letter".
fn starts_with_drive_letter(path: &str) -> bool {
    is_drive_letter(path.split(is_slash).next().unwrap_or_default())
}
