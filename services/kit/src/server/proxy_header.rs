//! The PROXY protocol, versions 1 and 2: a load balancer that passes connections on, not requests, sends a header before
//! them that names the client (`doc/proxy-protocol.txt` of `HAProxy`).

use proxy_header::{ParseConfig, ProxyHeader};
use std::{
    io::{self, ErrorKind::InvalidData},
    net::IpAddr,
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The beginning of version 2; a header of version 1 is longer than that.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes of a line of version 1, at most.
const LINE: usize = 107;
/// Bytes of version 2 after its first 16, at most: addresses and extensions.
const REST: usize = 4096;

/// Reads the header of a connection; gives the client's address, or `None` if the proxy speaks for itself.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        let mut version_to_length = [0; 4];
        stream.read_exact(&mut version_to_length).await?;
        let rest = usize::from(u16::from_be_bytes([version_to_length[2], version_to_length[3]]));
        if rest > REST {
            return Err(InvalidData.into());
        }
        header.extend(version_to_length);
        let begun = header.len();
        header.resize(begun + rest, 0);
        stream.read_exact(&mut header[begun..]).await?;
    } else {
        // What follows the line is HTTP and has to stay.
        while !header.ends_with(b"\n") {
            if header.len() == LINE {
                return Err(InvalidData.into());
            }
            header.push(stream.read_u8().await?);
        }
    }
    let (header, _) = ProxyHeader::parse(&header, ParseConfig::default())
        .map_err(|error| io::Error::new(InvalidData, error))?;
    // A health check of the proxy has none.
    Ok(header.proxied_address().map(|address| address.source.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a connection that begins with `bytes`, and how many bytes are left.
    async fn client(mut bytes: &[u8]) -> (Option<Option<IpAddr>>, usize) {
        (read(&mut bytes).await.ok(), bytes.len())
    }

    #[tokio::test]
    async fn both_versions_name_the_client_and_take_no_byte_of_the_request() {
        let request = b"GET / HTTP/1.1\r\n";
        let ipv4 = [&[127, 0, 0, 1], &[10, 0, 0, 1], &[0x12u8, 0x34, 0, 80][..]].concat();
        let v2 = |command: u8, family: u8, rest: &[u8]| {
            let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
            [SIGNATURE, &[command, family], &length, rest].concat()
        };
        let ipv6 = [&[0; 15][..], &[1], &[0; 15], &[2], &[0, 1, 0, 2]].concat();
        for (header, expected) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4000 80\r\n".to_vec(), Some(Some("192.0.2.7"))),
            (b"PROXY TCP6 2001:db8::7 ::1 4000 80\r\n".to_vec(), Some(Some("2001:db8::7"))),
            (b"PROXY UNKNOWN\r\n".to_vec(), Some(None)),
            (v2(0x21, 0x11, &ipv4), Some(Some("127.0.0.1"))),
            (v2(0x21, 0x11, &[&ipv4[..], &[4, 0, 1, 0]].concat()), Some(Some("127.0.0.1"))),
            (v2(0x21, 0x21, &ipv6), Some(Some("::1"))),
            (v2(0x20, 0, &[]), Some(None)),
        ] {
            let expected = expected.map(|client| client.map(|client| client.parse().unwrap()));
            let found = client(&[&header[..], request].concat()).await;
            assert_eq!(found, (expected, request.len()), "{}", header.escape_ascii());
        }
    }

    #[tokio::test]
    async fn a_connection_without_a_valid_header_is_refused() {
        let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200], b"\r\n".to_vec()].concat();
        let large = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff], &vec![0; 0xffff]].concat();
        for bytes in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7\r\n".to_vec(),
            b"PROXY TCP4 a b 1 2\r\n".to_vec(),
            b"PROXY".to_vec(),
            long,
            large,
        ] {
            assert_eq!(client(&bytes).await.0, None, "{}", bytes[..20.min(bytes.len())].escape_ascii());
        }
    }
}
