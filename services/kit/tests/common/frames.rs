//! HTTP/2 as it goes over the wire (RFC 9113, section 4.1).

/// What a client begins with: the preface, and empty SETTINGS.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame of that type.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A whole request: GET, http, /, authority `a`.
pub(crate) fn headers(stream: u32) -> Vec<u8> {
    frame(1, 0b101, stream, &[0x82, 0x84, 0x86, 0x41, 1, b'a'])
}
