//! Whether a document type puts its page into quirks mode (WHATWG HTML, sections 13.2.5.53 to 13.2.5.68 and 13.2.6.4.1).
//!
//! Links depend on it by one rule: outside quirks mode, a `table` closes an open `p`.

use memchr::memchr;

/// Public identifiers that start with one of these mean quirks mode.
const QUIRKY_PUBLIC_PREFIXES: &str = include_str!("quirky_public_prefixes.txt");

const QUIRKY_PUBLIC: [&[u8]; 3] =
    [b"-//w3o//dtd w3 html strict 3.0//en//", b"-/w3c/dtd html 4.0 transitional/en", b"html"];

const QUIRKY_SYSTEM: &[u8] = b"http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

/// Public identifiers that mean quirks mode only where there is no system identifier.
const HTML4_PUBLIC_PREFIXES: [&str; 2] =
    ["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"];

/// `body` is the text between `<!doctype` and `>`.
pub(super) fn means_quirks(body: &[u8]) -> bool {
    let Some((public, system)) = identifiers(&body.to_ascii_lowercase()) else { return true };
    if system.as_deref() == Some(QUIRKY_SYSTEM) {
        return true;
    }
    public.is_some_and(|public| {
        let is_prefix = |prefix: &str| public.starts_with(prefix.as_bytes());
        QUIRKY_PUBLIC.contains(&&*public)
            || QUIRKY_PUBLIC_PREFIXES.lines().any(is_prefix)
            || system.is_none() && HTML4_PUBLIC_PREFIXES.iter().copied().any(is_prefix)
    })
}

type Identifier = Option<Vec<u8>>;

/// The public and the system identifier; `None` for a document type that is broken or not `html`.
fn identifiers(body: &[u8]) -> Option<(Identifier, Identifier)> {
    let rest = body.trim_ascii_start().strip_prefix(b"html")?;
    if !rest.first().is_none_or(|&c| c.is_ascii_whitespace()) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    if rest.is_empty() {
        return Some((None, None));
    }
    if let Some(rest) = rest.strip_prefix(b"system") {
        return Some((None, Some(quoted(rest)?.0)));
    }
    let (public, rest) = quoted(rest.strip_prefix(b"public")?)?;
    if rest.trim_ascii_start().is_empty() {
        return Some((Some(public), None));
    }
    Some((Some(public), Some(quoted(rest)?.0)))
}

/// A quoted identifier, and the rest.
fn quoted(rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let rest = rest.trim_ascii_start();
    let quote = *rest.first().filter(|c| matches!(c, b'"' | b'\''))?;
    let length = memchr(quote, &rest[1..])?;
    Some((rest[1..=length].to_vec(), &rest[length + 2..]))
}
