//! Whatever a client sends, both servers answer as HTTP says, in their own form, and believe nothing after what
//! cannot be trusted.

mod answered;
mod bodies;
mod refused;

use Server::{Api, Web};
use e2e::{Answer, Program, Wire};

const SECURITY: [&str; 6] = [
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
];

/// Both servers, the second in front of the first.
struct Servers {
    api: Program,
    web: Program,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Api,
    Web,
}

impl Servers {
    async fn start() -> Self {
        let api = e2e::api(&[]).await;
        let web = e2e::web(api.address("service"), &[]).await;
        Self { api, web }
    }

    async fn connect(&self, server: Server) -> Wire {
        let program = if server == Api { &self.api } else { &self.web };
        Wire::connect(program.address("service")).await
    }

    /// The one answer to `request` on a connection of its own, which the server closes then.
    async fn refused(&self, server: Server, request: &[u8]) -> Answer {
        let mut wire = self.connect(server).await;
        wire.send(request).await;
        // It must not be answered, whatever the first was taken for.
        wire.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer =
            wire.answer().await.unwrap_or_else(|| panic!("{server:?}: no answer to {}", shown(request)));
        wire.closed().await;
        answer
    }

    /// The answer to `request` on a connection that serves the next one, too.
    async fn kept(&self, server: Server, request: &[u8]) -> Answer {
        let mut wire = self.connect(server).await;
        wire.send(request).await;
        let answer =
            wire.answer().await.unwrap_or_else(|| panic!("{server:?}: no answer to {}", shown(request)));
        wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let next =
            wire.answer().await.unwrap_or_else(|| panic!("{server:?} closed after {}", shown(request)));
        assert_eq!(next.status, 200);
        answer
    }
}

fn shown(request: &[u8]) -> String {
    request[..request.len().min(200)].escape_ascii().to_string()
}

/// What each server's every answer is, once the request could be read.
#[track_caller]
fn assert_own(server: Server, answer: &Answer, what: &str) {
    assert!(!answer.header("x-request-id").is_empty(), "{what}: {answer:?}");
    let error = answer.status.as_u16() >= 400;
    match server {
        Api if error => {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{what}: {answer:?}");
            assert_eq!(answer.json()["status"], answer.status.as_u16(), "{what}");
        }
        Api => {}
        Web => {
            for field in SECURITY {
                assert!(!answer.header(field).is_empty(), "{what}: no {field} in {answer:?}");
            }
        }
    }
    if error {
        assert_eq!(answer.header("cache-control"), "no-store", "{what}: {answer:?}");
    }
}
