//! Finds files that are certainly no page, by the tables of the MIME Sniffing standard (sections 6 and 7.1).

/// The bytes that the standard looks at (section 5.2).
const HEADER: usize = 1445;

/// A beginning; `.` stands for any byte.
type Pattern = (&'static [u8], &'static str);

const PATTERNS: [Pattern; 31] = [
    (b"%PDF-", "a PDF"),
    (b"%!PS-Adobe-", "PostScript"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x02\x00", "a cursor"),
    (b"BM", "a BMP image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"RIFF....WEBPVP", "a WebP image"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"FORM....AIFF", "AIFF audio"),
    (b"ID3", "MP3 audio"),
    (b"OggS\x00", "Ogg audio or video"),
    (b"MThd\x00\x00\x00\x06", "MIDI audio"),
    (b"RIFF....AVI ", "AVI video"),
    (b"RIFF....WAVE", "WAVE audio"),
    (b"\x00\x01\x00\x00", "a TrueType font"),
    (b"OTTO", "an OpenType font"),
    (b"ttcf", "a font collection"),
    (b"wOFF", "a WOFF font"),
    (b"wOF2", "a WOFF2 font"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!\x1a\x07\x00", "a RAR archive"),
    (b"Rar \x1a\x07\x00", "a RAR archive"),
    // Besides the standard's: archives that are no text either.
    (b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\x1f\xa0", "a compress archive"),
];

/// What `body` certainly is, if that is no page.
pub fn kind(body: &[u8]) -> Option<&'static str> {
    let header = &body[..body.len().min(HEADER)];
    let begins = |pattern: &[u8]| {
        let masked = pattern.starts_with(b"RIFF") || pattern.starts_with(b"FORM");
        header.get(..pattern.len()).is_some_and(|start| {
            start.iter().zip(pattern).all(|(byte, wanted)| byte == wanted || masked && *wanted == b'.')
        })
    };
    let found = PATTERNS.iter().find(|(pattern, _)| begins(pattern)).map(|(_, kind)| *kind);
    found
        .or_else(|| is_mp4(header).then_some("MP4 video"))
        .or_else(|| is_webm(header).then_some("WebM video"))
        .or_else(|| is_mp3(header).then_some("MP3 audio"))
        .or_else(|| is_embedded_opentype(header).then_some("an embedded OpenType font"))
}

/// Section 6.2.1.
fn is_mp4(header: &[u8]) -> bool {
    let Some((size, _)) = header.split_first_chunk() else { return false };
    let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
    let Some(file_type) = header.get(..size).filter(|_| size >= 12 && size.is_multiple_of(4)) else {
        return false;
    };
    let brands = [8].into_iter().chain((16..size).step_by(4));
    &file_type[4..8] == b"ftyp" && brands.map(|at| &file_type[at..at + 3]).any(|brand| brand == b"mp4")
}

/// Section 6.2.2: the document type of EBML.
fn is_webm(header: &[u8]) -> bool {
    if !header.starts_with(b"\x1a\x45\xdf\xa3") {
        return false;
    }
    let types = (4..header.len().min(38)).filter(|at| header[*at..].starts_with(b"\x42\x82"));
    types.into_iter().any(|at| {
        let Some(first) = header.get(at + 2) else { return false };
        let value = header.get(at + 3 + first.leading_zeros() as usize..).unwrap_or_default();
        let padding = value.iter().take_while(|byte| **byte == 0).count();
        value[padding..].starts_with(b"webm")
    })
}

/// Section 6.2.3: an MP3 frame that another one follows.
fn is_mp3(header: &[u8]) -> bool {
    const RATES: [[usize; 15]; 2] = [
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let frame = |at: usize| {
        let [0xff, kind, rates, ..] = *header.get(at..at + 4)? else { return None };
        let (rate, frequency) = (usize::from(rates >> 4), usize::from(rates >> 2 & 3));
        let valid = kind & 0xe6 == 0xe2 && rate < 15 && frequency < 3;
        valid.then_some((kind >> 3 & 3, rate, frequency, usize::from(rates >> 1 & 1)))
    };
    let Some((version, rate, frequency, padding)) = frame(0) else { return false };
    let frequency = [44_100, 48_000, 32_000][frequency];
    // The standard's choice of the table reads MPEG 1 as MPEG 2: either will do.
    RATES.iter().any(|rates| {
        let scale = if version == 1 { 72 } else { 144 };
        let size = rates[rate] * 1000 * scale / frequency + padding;
        size >= 4 && frame(size).is_some()
    })
}

/// Section 6.3. The pattern alone would take any text with these two letters there; the header of such a font has zeros.
fn is_embedded_opentype(header: &[u8]) -> bool {
    header.get(34..36) == Some(b"LP") && header[..34].contains(&0)
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn media_archives_and_documents_are_found_by_their_beginning() {
        let mp3 = [&b"\xff\xfb\x90\x00"[..], &[0; 413], b"\xff\xfb\x90\x00"].concat();
        let eot = [&[1, 0, 0, 0][..], &[0; 30], b"LP"].concat();
        let rows: [(&[u8], &str); 12] = [
            (b"%PDF-1.7\n", "a PDF"),
            (b"%!PS-Adobe-3.0", "PostScript"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP image"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "WAVE audio"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "MP4 video"),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp41", "MP4 video"),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "WebM video"),
            (&mp3, "MP3 audio"),
            (&eot, "an embedded OpenType font"),
            (b"PK\x03\x04\x14\0", "a ZIP archive"),
        ];
        for (body, expected) in rows {
            assert_eq!(kind(body), Some(expected));
        }
    }

    #[test]
    fn everything_else_may_be_a_page() {
        let letters = [b'x'; 34].iter().chain(b"LP").copied().collect::<Vec<_>>();
        let rows: [&[u8]; 12] = [
            b"",
            b"<a href=x>",
            b"plain text",
            b"\0\0\0",
            b" %PDF-",
            b"\xff\xfe<\0a\0",
            b"\xfe\xff\0<\0a",
            b"RIFF....TEXT",
            b"\0\0\0\x10ftypisom\0\0\0\0",
            b"\x1a\x45\xdf\xa3\x42\x82",
            b"\xff\xfb\x90\x00",
            &letters,
        ];
        for body in rows {
            assert_eq!(kind(body), None, "{body:?}");
        }
    }
}
