//! The ends of comments, raw text and scripts (WHATWG HTML, sections 13.2.5.9 to 13.2.5.31 and 13.2.5.43 to 13.2.5.51).

use memchr::{memchr, memmem};

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
    let end = end_tag(rest, name);
    if kind == RawKind::Script && memmem::find(&rest[..end], b"<!--").is_some() {
        script_length(rest)
    } else {
        end
    }
}

fn end_tag(rest: &[u8], name: &[u8]) -> usize {
    memmem::find_iter(rest, b"</").find(|&at| is_tag(&rest[at + 2..], name)).unwrap_or(rest.len())
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
    let mut from = 0;
    while let Some(found) = memmem::find(&rest[from..], b"--") {
        let after = from + found + 2;
        match &rest[after..] {
            [b'>', ..] => return after + 1,
            [b'!', b'>', ..] => return after + 2,
            _ => from = after - 1,
        }
    }
    rest.len()
}
