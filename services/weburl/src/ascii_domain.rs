//! Domains of ASCII alone, which "domain to ASCII" never refuses, also not for a label that begins with `xn--` and is no
//! valid A-label (<https://github.com/whatwg/url/pull/914>). The `url` crate does:
//! <https://github.com/servo/rust-url/issues/1135>.

use percent_encoding::percent_decode_str;
use url::Host;

/// The prefix of A-labels, and one of the same length that is none.
const ACE: &str = "xn--";
const STAND_IN: &str = "xn-_";

/// The reference from its authority on with a host that stands in for its own, and its own. `None` if the host is none
/// that only its `xn--` labels make invalid.
pub(crate) fn in_authority(reference: &str) -> Option<(String, String)> {
    let end = reference.find(['/', '\\', '?', '#']).unwrap_or(reference.len());
    let (authority, rest) = reference.split_at(end);
    let (credentials, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let (host, port) = host.split_at(host.find(':').unwrap_or(host.len()));
    let (stand_in, host) = domain(host)?;
    Some(([credentials, &stand_in, port, rest].concat(), host))
}

/// A domain that stands in for `written`, and its own serialization; `None` as for [`in_authority`].
pub(crate) fn domain(written: &str) -> Option<(String, String)> {
    let domain = percent_decode_str(written).decode_utf8().ok()?.to_ascii_lowercase();
    // What is percent-encoded still would be decoded a second time.
    if !domain.is_ascii() || domain.contains('%') {
        return None;
    }
    let label =
        |label: &str| label.strip_prefix(ACE).map_or(label.to_owned(), |rest| [STAND_IN, rest].concat());
    let stand_in = domain.split('.').map(label).collect::<Vec<_>>().join(".");
    // The standard's other checks are the crate's.
    let is_domain = matches!(Host::parse(&stand_in), Ok(Host::Domain(parsed)) if parsed == stand_in);
    (is_domain && stand_in != domain).then_some((stand_in, domain))
}
