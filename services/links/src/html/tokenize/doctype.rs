//! Whether a document type puts its page into quirks mode (WHATWG HTML, sections 13.2.5.53 to 13.2.5.68 and 13.2.6.4.1).
//!
//! Links depend on it by one rule: outside quirks mode, a `table` closes an open `p`.

use memchr::memchr;

/// Public identifiers that start with one of these mean quirks mode.
const QUIRKY_PUBLIC_PREFIXES: &[&str] = &[
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html 2.0 level 1//",
    "-//ietf//dtd html 2.0 level 2//",
    "-//ietf//dtd html 2.0 strict level 1//",
    "-//ietf//dtd html 2.0 strict level 2//",
    "-//ietf//dtd html 2.0 strict//",
    "-//ietf//dtd html 2.0//",
    "-//ietf//dtd html 2.1e//",
    "-//ietf//dtd html 3.0//",
    "-//ietf//dtd html 3.2 final//",
    "-//ietf//dtd html 3.2//",
    "-//ietf//dtd html 3//",
    "-//ietf//dtd html level 0//",
    "-//ietf//dtd html level 1//",
    "-//ietf//dtd html level 2//",
    "-//ietf//dtd html level 3//",
    "-//ietf//dtd html strict level 0//",
    "-//ietf//dtd html strict level 1//",
    "-//ietf//dtd html strict level 2//",
    "-//ietf//dtd html strict level 3//",
    "-//ietf//dtd html strict//",
    "-//ietf//dtd html//",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//",
];

const QUIRKY_PUBLIC: &[&str] =
    &["-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html"];

const QUIRKY_SYSTEM: &str = "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

/// Public identifiers that mean quirks mode only where there is no system identifier.
const HTML4_PUBLIC_PREFIXES: &[&str] =
    &["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"];

/// `body` is the text between `<!doctype` and `>`.
pub(super) fn means_quirks(body: &[u8]) -> bool {
    let Some((public, system)) = identifiers(&body.to_ascii_lowercase()) else { return true };
    let starts_with = |prefixes: &[&str], id: &[u8]| prefixes.iter().any(|p| id.starts_with(p.as_bytes()));
    if system.as_deref() == Some(QUIRKY_SYSTEM.as_bytes()) {
        return true;
    }
    public.is_some_and(|public| {
        QUIRKY_PUBLIC.iter().any(|id| public == id.as_bytes())
            || starts_with(QUIRKY_PUBLIC_PREFIXES, &public)
            || system.is_none() && starts_with(HTML4_PUBLIC_PREFIXES, &public)
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
