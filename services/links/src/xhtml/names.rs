//! Characters and names of XML 1.0 (sections 2.2 and 2.3).

/// The start of `page` up to the first invalid UTF-8 or forbidden character, and whether there is one. What is cut there is
/// not well-formed: no element that is open at the end of a document is closed.
pub(super) fn well_formed_start(page: &[u8]) -> (&str, bool) {
    let valid = match str::from_utf8(page) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&page[..error.valid_up_to()]).unwrap_or_default(),
    };
    let bytes = valid.as_bytes();
    let forbidden = (0..bytes.len()).find(|&at| is_forbidden(&bytes[at..]));
    let start = &valid[..forbidden.unwrap_or(bytes.len())];
    (start, start.len() < page.len())
}

/// Whether UTF-8 starts with a character that no XML document holds.
fn is_forbidden(bytes: &[u8]) -> bool {
    match bytes {
        [] | [0x20..=0xEE, ..] => false,
        [0xEF, 0xBF, 0xBE | 0xBF, ..] => true,
        [c, ..] => *c < 0x20 && !matches!(c, b'\t' | b'\n' | b'\r'),
    }
}

/// The character of a reference, where it is one that a document may hold.
pub(super) fn referenced(digits: &str) -> Option<char> {
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.bytes().all(|c| char::from(c).is_digit(radix));
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| is_number)?;
    let mut bytes = [0; 4];
    char::from_u32(number).filter(|c| !is_forbidden(c.encode_utf8(&mut bytes).as_bytes()))
}

pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// Whether `text` is a Name.
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

/// Whether `text` starts with a Name.
pub(super) fn starts_with_name(text: &str) -> bool {
    text.starts_with(starts_name)
}

fn starts_name(c: char) -> bool {
    matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}')
}
