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
/// The version and the command of version 2.
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
/// The address families of version 2 that are addresses of the Internet.
const INET: u8 = 1;
const INET6: u8 = 2;
/// Bytes of a line of version 1, at most.
const LINE: usize = 107;
/// Bytes of version 2 after its first 16, at most: addresses and extensions.
const REST: usize = 4096;

/// What a header says about the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxiedClient {
    /// It is the proxy itself: a health check.
    Proxy,
    /// It is a client at this address.
    At(IpAddr),
    /// It is a client without an address that the protocol has a form for.
    Unknown,
}

/// Reads the header of a connection; `None` if the connection ends before its first byte.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<ProxiedClient>> {
    let mut header = vec![0; SIGNATURE.len()];
    if stream.read(&mut header[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut header[1..]).await?;
    if header == SIGNATURE {
        let mut fields = [0; 4];
        stream.read_exact(&mut fields).await?;
        let [command, family, high, low] = fields;
        let rest = usize::from(u16::from_be_bytes([high, low]));
        if rest > REST {
            return Err(InvalidData.into());
        }
        header.extend(fields);
        let begun = header.len();
        header.resize(begun + rest, 0);
        stream.read_exact(&mut header[begun..]).await?;
        // These are accepted whatever follows them.
        match command {
            LOCAL => return Ok(Some(ProxiedClient::Proxy)),
            PROXY if !matches!(family >> 4, INET | INET6) => return Ok(Some(ProxiedClient::Unknown)),
            _ => {}
        }
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
    let client = header.proxied_address().map(|address| ProxiedClient::At(address.source.ip()));
    Ok(Some(client.unwrap_or(ProxiedClient::Unknown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a connection that begins with `bytes` says, and how many bytes are left.
    async fn client(mut bytes: &[u8]) -> (Option<Option<ProxiedClient>>, usize) {
        (read(&mut bytes).await.ok(), bytes.len())
    }

    #[tokio::test]
    async fn both_versions_name_the_client_and_take_no_byte_of_the_request() {
        use ProxiedClient::{Proxy, Unknown};
        let request = b"GET / HTTP/1.1\r\n";
        let ipv4 = [&[127, 0, 0, 1], &[10, 0, 0, 1], &[0x12u8, 0x34, 0, 80][..]].concat();
        let v2 = |command: u8, family: u8, rest: &[u8]| {
            let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
            [SIGNATURE, &[command, family], &length, rest].concat()
        };
        let at = |address: &str| ProxiedClient::At(address.parse().unwrap());
        let ipv6 = [&[0; 15][..], &[1], &[0; 15], &[2], &[0, 1, 0, 2]].concat();
        for (header, expected) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4000 80\r\n".to_vec(), at("192.0.2.7")),
            (b"PROXY TCP6 2001:db8::7 ::1 4000 80\r\n".to_vec(), at("2001:db8::7")),
            (b"PROXY UNKNOWN\r\n".to_vec(), Unknown),
            (v2(PROXY, 0x11, &ipv4), at("127.0.0.1")),
            (v2(PROXY, 0x11, &[&ipv4[..], &[4, 0, 1, 0]].concat()), at("127.0.0.1")),
            (v2(PROXY, 0x21, &ipv6), at("::1")),
            (v2(PROXY, 0, &[]), Unknown),
            (v2(PROXY, 0x31, &[0; 216]), Unknown),
            (v2(LOCAL, 0, &[]), Proxy),
            (v2(LOCAL, 0x51, &[1, 2, 3]), Proxy),
        ] {
            let found = client(&[&header[..], request].concat()).await;
            assert_eq!(found, (Some(Some(expected)), request.len()), "{}", header.escape_ascii());
        }
    }

    #[tokio::test]
    async fn a_connection_without_a_valid_header_is_refused() {
        assert_eq!(client(b"").await.0, Some(None), "one that ends at once is none");
        let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200], b"\r\n".to_vec()].concat();
        let large = [SIGNATURE, &[PROXY, 0x11, 0xff, 0xff], &vec![0; 0xffff]].concat();
        for bytes in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7\r\n".to_vec(),
            b"PROXY TCP4 a b 1 2\r\n".to_vec(),
            b"PROXY".to_vec(),
            [SIGNATURE, &[0x31, 0x11, 0, 0]].concat(),
            [SIGNATURE, &[PROXY, 0x11, 0, 3, 1, 2, 3]].concat(),
            long,
            large,
        ] {
            assert_eq!(client(&bytes).await.0, None, "{}", bytes[..20.min(bytes.len())].escape_ascii());
        }
    }
}
