//! The ends of comments, raw text and scripts (WHATWG HTML, sections 13.2.5.9 to 13.2.5.31 and 13.2.5.43 to 13.2.5.51).

use memchr::{memchr, memchr_iter};

/// The kinds of element whose content is text up to their own end tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawKind {
    /// Text with character references: `title`, `textarea`.
    Rcdata,
    /// Text without: `style`, `xmp`, `iframe` and so on.
    Rawtext,
    /// As `Rawtext`, but an HTML comment may hide an end tag.
    Script,
}

/// The length of the raw text at the start of `rest`, up to `</name`.
pub(super) fn length(rest: &[u8], kind: RawKind, name: &[u8]) -> usize {
    for at in memchr_iter(b'<', rest) {
        match rest.get(at + 1) {
            Some(b'/') if is_tag(&rest[at + 2..], name) => return at,
            Some(b'!') if kind == RawKind::Script && rest[at..].starts_with(b"<!--") => {
                return script_length(rest);
            }
            _ => {}
        }
    }
    rest.len()
}

/// Whether `rest` starts with the whole of `name`, in any case.
fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && rest.get(name.len()).is_some_and(|&c| c.is_ascii_whitespace() || c == b'/' || c == b'>')
}

/// A script that holds `<!--`. After `<script` inside that comment, the next `</script` ends only the inner script ("script
/// data double escaped").
fn script_length(rest: &[u8]) -> usize {
    let mut escaped = false;
    let mut double = false;
    let mut at = 0;
    while let Some(&c) = rest.get(at) {
        let here = &rest[at..];
        if c == b'<' && is_script_end(here) {
            if !double {
                return at;
            }
            double = false;
            at += "</script>".len();
        } else if c == b'<' && !escaped && here.starts_with(b"<!--") {
            // `<!-->` and `<!--->` are whole comments: the dashes that open may also close.
            escaped = true;
            at += 2;
        } else if c == b'<' && escaped && !double && is_tag(&here[1..], b"script") {
            double = true;
            at += "<script>".len();
        } else if c == b'-' && escaped && here.starts_with(b"-->") {
            (escaped, double) = (false, false);
            at += 3;
        } else {
            at += 1;
            let next = if escaped {
                rest[at..].iter().position(|&c| c == b'<' || c == b'-')
            } else {
                memchr(b'<', &rest[at..])
            };
            at = next.map_or(rest.len(), |next| at + next);
        }
    }
    rest.len()
}

fn is_script_end(rest: &[u8]) -> bool {
    rest.get(1) == Some(&b'/') && is_tag(&rest[2..], b"script")
}

/// The length of a comment from after its `<!--` to after its end.
pub(super) fn comment_length(rest: &[u8]) -> usize {
    if rest.starts_with(b">") {
        return 1;
    }
    if rest.starts_with(b"->") {
        return 2;
    }
    let ends = |&at: &usize| rest[..at].ends_with(b"--") || rest[..at].ends_with(b"--!");
    memchr_iter(b'>', rest).find(ends).map_or(rest.len(), |at| at + 1)
}
