//! Where a request's body ends (RFC 9112, section 6), for who only wants to pass over it. It need not find what is wrong:
//! hyper refuses that, and no request follows.

/// What is still to come of a body.
#[derive(Debug, Default)]
pub(super) enum Rest {
    /// Nothing.
    #[default]
    Nothing,
    /// So many bytes.
    Length(u64),
    /// In a chunk's first line: its size so far, and whether that is all of it.
    Size(u64, bool),
    /// In a chunk: its bytes and the line end.
    Chunk(u64),
    /// In a line after the last chunk: its bytes so far.
    Trailer(u64),
}

impl Rest {
    /// Of a chunked body: all.
    pub(super) fn chunked() -> Self {
        Self::Size(0, false)
    }

    /// What of `bytes` comes after the body.
    pub(super) fn pass<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        loop {
            let taken = match self {
                Self::Nothing => return bytes,
                Self::Length(left) | Self::Chunk(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    *left -= taken as u64;
                    taken
                }
                Self::Size(..) | Self::Trailer(_) => {
                    let Some(byte) = bytes.first() else { return bytes };
                    self.line(*byte);
                    1
                }
            };
            bytes = &bytes[taken..];
            match self {
                Self::Length(0) => *self = Self::Nothing,
                Self::Chunk(0) => *self = Self::chunked(),
                _ if bytes.is_empty() => return bytes,
                _ => {}
            }
        }
    }

    /// The next `byte` of a line.
    fn line(&mut self, byte: u8) {
        *self = match (&*self, byte) {
            (Self::Size(0, _), b'\n') => Self::Trailer(0),
            (Self::Size(size, _), b'\n') => Self::Chunk(size.saturating_add(2)),
            (Self::Size(size, false), digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                Self::Size(size.saturating_mul(16).saturating_add(digit.into()), false)
            }
            (Self::Size(size, _), _) => Self::Size(*size, true),
            (Self::Trailer(0), b'\n') => Self::Nothing,
            (Self::Trailer(_), b'\n') => Self::Trailer(0),
            (Self::Trailer(length), b'\r') => Self::Trailer(*length),
            (Self::Trailer(length), _) => Self::Trailer(length + 1),
            _ => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Rest;

    #[test]
    fn what_follows_a_body_is_found_however_it_comes() {
        for (length, body) in [
            (Some(0), ""),
            (Some(4), "a\n\r\n"),
            (None, "0\r\n\r\n"),
            (None, "4\r\n\n\r\n\n\r\n0\r\n\r\n"),
            (None, "00A ;x=0\r\n0123456789\r\n1\r\n0\r\n000\r\n\r\n"),
            (None, "0;x\r\na: b\r\nc: d\r\n\r\n"),
        ] {
            let all = format!("{body}GET /");
            for at in 0..=all.len() {
                let mut rest = length.map_or_else(Rest::chunked, Rest::Length);
                let (one, two) = all.as_bytes().split_at(at);
                let after = [rest.pass(one), rest.pass(two)].concat();
                assert_eq!(after, b"GET /", "{body:?}, cut at {at}");
            }
        }
    }

    #[test]
    fn sizes_that_are_none_do_no_harm() {
        for bytes in ["ffffffffffffffffffff\r\n", "\r\n\r\n", "g\n\n"] {
            Rest::chunked().pass(bytes.as_bytes());
        }
        assert_eq!(Rest::Length(u64::MAX).pass(b"abc"), b"");
    }
}
