//! Both servers answer unusual requests as HTTP requires, and read nothing after a request that could be smuggling.

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

/// The API, and a web front end that uses it.
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

    /// The response to `request` on a new connection, which the server must close without a second response.
    async fn refused(&self, server: Server, request: &[u8]) -> Answer {
        let mut wire = self.connect(server).await;
        wire.send(request).await;
        // Must not be answered.
        wire.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer =
            wire.answer().await.unwrap_or_else(|| panic!("{server:?}: no answer to {}", shown(request)));
        wire.closed().await;
        answer
    }

    /// The response to `request` on a new connection, which must then serve another request.
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

/// Asserts the header fields of every response to a request that could be parsed.
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
