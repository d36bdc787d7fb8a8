//! What breaks HTTP/2's rules (RFC 9113) ends its stream or its connection with an error, and nothing else. Which
//! error is the library's choice: it says `PROTOCOL_ERROR` of much that has a code of its own.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{
    Client, Server,
    frames::{PREFACE, frame, headers},
    status, within,
};
use tokio::io::AsyncReadExt;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_HEADERS: u8 = 4;
const WHOLE: u8 = 5;
const PADDED: u8 = 8;

/// How the server says that a rule was broken.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// GOAWAY, and the end of the connection.
    Connection,
    /// `RST_STREAM`; the connection goes on.
    Stream,
}
use End::{Connection, Stream};

#[tokio::test]
async fn a_broken_rule_of_http2_ends_the_stream_or_connection_with_an_error() {
    let server = Server::start().await;
    let get = [0x82, 0x84, 0x86, 0x41, 1, b'a'];
    let with = |field: &[u8]| frame(HEADERS, WHOLE, 1, &[&get[..], field].concat());
    let setting = |id: u8, value: u32| {
        let [a, b, c, d] = value.to_be_bytes();
        frame(SETTINGS, 0, 0, &[0, id, a, b, c, d])
    };
    let rows = [
        ("DATA on stream 0", frame(DATA, 0, 0, b"x"), Connection),
        ("DATA on an idle stream", frame(DATA, 0, 1, b"x"), Connection),
        ("HEADERS on stream 0", frame(HEADERS, WHOLE, 0, &get), Connection),
        ("HEADERS on an even stream", headers(2), Connection),
        ("a stream before the last", [headers(3), headers(1)].concat(), Connection),
        ("more padding than frame", frame(HEADERS, WHOLE | PADDED, 1, &[9, 0x82]), Connection),
        ("RST_STREAM of an idle stream", frame(RST_STREAM, 0, 1, &[0; 4]), Connection),
        ("RST_STREAM of 3 bytes", frame(RST_STREAM, 0, 1, &[0; 3]), Connection),
        ("PRIORITY of 4 bytes", frame(PRIORITY, 0, 1, &[0; 4]), Connection),
        ("SETTINGS on a stream", frame(SETTINGS, 0, 1, &[]), Connection),
        ("SETTINGS of 5 bytes", frame(SETTINGS, 0, 0, &[0; 5]), Connection),
        ("an acknowledgement that says more", frame(SETTINGS, 1, 0, &[0; 6]), Connection),
        ("push neither on nor off", setting(2, 2), Connection),
        ("a window over 2^31 - 1", setting(4, 1 << 31), Connection),
        ("frames of a byte", setting(5, 1), Connection),
        ("PUSH_PROMISE of a client", frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2, 0x82]), Connection),
        ("PING on a stream", frame(PING, 0, 1, &[0; 8]), Connection),
        ("PING of 7 bytes", frame(PING, 0, 0, &[0; 7]), Connection),
        ("GOAWAY on a stream", frame(GOAWAY, 0, 1, &[0; 8]), Connection),
        ("WINDOW_UPDATE by 0", frame(WINDOW_UPDATE, 0, 0, &[0; 4]), Connection),
        ("WINDOW_UPDATE of 3 bytes", frame(WINDOW_UPDATE, 0, 0, &[0; 3]), Connection),
        ("a window that overflows", frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), Connection),
        ("CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, &get), Connection),
        (
            "PING within a header",
            [frame(HEADERS, 0, 1, &get), frame(PING, 0, 0, &[0; 8])].concat(),
            Connection,
        ),
        ("a frame over 16 KiB", frame(DATA, 0, 1, &vec![0; 16 * 1024 + 1]), Connection),
        ("a field of no table", with(&[0xff, 0xff, 0x7f]), Connection),
        ("no path", frame(HEADERS, WHOLE, 1, &[0x82, 0x86, 0x41, 1, b'a']), Stream),
        ("a pseudo-field after others", with(&[0, 1, b'x', 1, b'y', 0x84]), Stream),
        ("a name in capitals", with(&[0, 1, b'X', 1, b'y']), Connection),
        ("a field of the connection", with(b"\0\nconnection\x05close"), Stream),
        ("a transfer coding", with(b"\0\x11transfer-encoding\x07chunked"), Stream),
        (
            "a body longer than said",
            [
                frame(
                    HEADERS,
                    END_HEADERS,
                    1,
                    &[&[0x83][..], &get[1..], b"\0\x0econtent-length\x011"].concat(),
                ),
                frame(DATA, 1, 1, b"xy"),
            ]
            .concat(),
            Stream,
        ),
    ];
    for (what, bytes, expected) in rows {
        let mut client = server.connect().await;
        client.send(PREFACE).await;
        client.send(bytes).await;
        assert_eq!(within(end(&mut client)).await, expected, "{what}");
        match expected {
            Connection => drop(client.rest().await),
            Stream => {
                client.send(headers(3)).await;
                within(answered(&mut client, 3)).await;
            }
        }
        assert_eq!(status(&server.get("/").await), 200, "after {what}");
    }
}

/// How the server ends what was wrong: with an error that is one.
async fn end(client: &mut Client) -> End {
    loop {
        let (kind, _, payload) = next(client).await;
        let (end, code) = match kind {
            GOAWAY => (Connection, &payload[4..8]),
            RST_STREAM => (Stream, &payload[..4]),
            _ => continue,
        };
        assert_ne!(code, [0; 4], "{end:?} without an error");
        return end;
    }
}

/// Waits for the answer on that stream.
async fn answered(client: &mut Client, stream: u32) {
    loop {
        let (kind, of, _) = next(client).await;
        assert!(kind != GOAWAY && kind != RST_STREAM, "{kind} on {of}");
        if (kind, of) == (HEADERS, stream) {
            return;
        }
    }
}

/// The server's next frame: its type, stream and payload.
async fn next(client: &mut Client) -> (u8, u32, Vec<u8>) {
    let mut head = [0; 9];
    client.0.read_exact(&mut head).await.unwrap();
    let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
    let mut payload = vec![0; length];
    client.0.read_exact(&mut payload).await.unwrap();
    (head[3], u32::from_be_bytes(head[5..].try_into().unwrap()), payload)
}
