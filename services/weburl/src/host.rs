//! The host of a URL, without parsing the whole of it where the host is written as the URL standard serializes it.

use crate::WebUrl;
use std::{borrow::Cow, net::Ipv4Addr};

/// The host of an absolute URL, serialized; `None` if it has none, or is no URL.
pub fn host_of(url: &str) -> Option<Cow<'_, str>> {
    if let Some(host) = plain_host(url) {
        return Some(Cow::Borrowed(host));
    }
    WebUrl::parse(url).ok()?.host_str().map(|host| Cow::Owned(host.to_owned()))
}

/// The host of an http or https URL if it stays as it is.
fn plain_host(url: &str) -> Option<&str> {
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme))?;
    let (authority, _) = rest.split_once('/')?;
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (is_port && (is_plain_host(host) || host.parse::<Ipv4Addr>().is_ok())).then_some(host)
}

/// Whether a host is a domain that stays as it is: of lower-case letters and digits, divided by single dots and hyphens, so
/// without the two hyphens of "xn--", and not an IPv4 address, the last part of which begins with a digit.
pub(crate) fn is_plain_host(host: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut is_part_empty = true;
    for byte in host.bytes() {
        if !is_alphanumeric(byte) && (is_part_empty || !matches!(byte, b'.' | b'-')) {
            return false;
        }
        is_part_empty = !is_alphanumeric(byte);
    }
    let last = host.as_bytes().rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    !is_part_empty && host.len() <= 63 && last.first().is_some_and(u8::is_ascii_lowercase)
}
