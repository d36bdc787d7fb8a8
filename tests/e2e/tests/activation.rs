//! Socket activation: each program serves on the sockets it inherits, found by their names.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the failure")]

use e2e::{Client, installed, own_address, program, within};
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// An address that cannot be bound here: a program that ignores the inherited socket fails to start.
const ELSEWHERE: &str = "192.0.2.1:1";

#[tokio::test]
async fn the_api_serves_on_both_inherited_sockets() {
    let sockets = ["service", "admin"];
    let env = [("LINKEXTRACTOR_API_LISTEN", ELSEWHERE), ("LINKEXTRACTOR_API_ADMIN__LISTEN", ELSEWHERE)];
    let Some(activated) = activate(own_address(30), &sockets, &["linkextractor-api"], &env).await else {
        return;
    };
    activated.answers("service", "/", "Usage:").await;
    activated.answers("admin", "/ready", "ready").await;
}

#[tokio::test]
async fn the_web_front_end_finds_its_inherited_sockets_in_any_order() {
    let sockets = ["linkextractor-web-admin.socket", "linkextractor-web.socket"];
    let env = [("LINKEXTRACTOR_WEB_LISTEN", ELSEWHERE), ("LINKEXTRACTOR_WEB_ADMIN__LISTEN", ELSEWHERE)];
    let Some(activated) = activate(own_address(31), &sockets, &["linkextractor-web"], &env).await else {
        return;
    };
    activated.answers("linkextractor-web.socket", "/", "<form").await;
    activated.answers("linkextractor-web-admin.socket", "/live", "alive").await;
}

#[tokio::test]
async fn serve_finds_all_four_inherited_sockets() {
    let sockets =
        ["linkextractor-api", "linkextractor-api-admin", "linkextractor-web-admin", "linkextractor-web"];
    let serve = ["linkextractor", "serve", "--listen", ELSEWHERE, "--api-listen", ELSEWHERE];
    let Some(activated) = activate(own_address(32), &sockets, &serve, &[]).await else { return };
    activated.answers("linkextractor-web", "/", "<form").await;
    activated.answers("linkextractor-api", "/", "Usage:").await;
    for admin in ["linkextractor-web-admin", "linkextractor-api-admin"] {
        activated.answers(admin, "/metrics", "linkextractor_http_requests_total").await;
    }
}

/// A program that starts at the first connection.
struct Activated {
    sockets: Vec<(String, SocketAddr)>,
    _program: Child,
}

/// Runs systemd-socket-activate on `address`, one port for each name, to start `arguments` with these variables.
async fn activate(
    address: Ipv4Addr,
    names: &[&str],
    arguments: &[&str],
    env: &[(&str, &str)],
) -> Option<Activated> {
    let mut command = Command::new(installed("systemd-socket-activate")?);
    let sockets: Vec<(String, SocketAddr)> =
        names.iter().zip(5000..).map(|(name, port)| ((*name).to_owned(), (address, port).into())).collect();
    for (_, socket) in &sockets {
        command.arg("-l").arg(socket.to_string());
    }
    command.arg(format!("--fdname={}", names.join(":")));
    for (name, value) in env {
        command.arg("-E").arg(format!("{name}={value}"));
    }
    command.arg(program(arguments[0])).args(&arguments[1..]);
    let mut program = command.env_clear().stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    for _ in names {
        within("a socket", async {
            while !lines.next_line().await.unwrap().expect("it runs").contains("Listening on") {}
        })
        .await;
    }
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            eprintln!("{line}"); // shown when the test fails
        }
    });
    Some(Activated { sockets, _program: program })
}

impl Activated {
    /// Asserts that the response on the socket of that name contains `expected`.
    async fn answers(&self, name: &str, path: &str, expected: &str) {
        let (_, address) = self.sockets.iter().find(|(socket, _)| socket == name).expect("a socket's name");
        let answer = Client::default().get(&format!("http://{address}{path}")).await;
        assert_eq!(answer.status, 200, "{name}{path}: {}", answer.text());
        assert!(answer.text().contains(expected), "{name}{path}: {}", answer.text());
    }
}
