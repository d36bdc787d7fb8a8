//! The servers, on free ports of the loopback interface.

use crate::{Client, Program, within};
use std::net::SocketAddr;

/// The API with its admin listener and these environment variables; it may fetch from loopback addresses.
pub async fn api(env: &[(&str, &str)]) -> Program {
    let own = [
        ("LINKEXTRACTOR_API_LISTEN", "127.0.0.1:0"),
        ("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0"),
        ("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8"]"#),
    ];
    Program::start("linkextractor-api", &[], &[&own, env].concat(), 2).await
}

/// The web front end of the API at `api`, with its admin listener and these environment variables.
pub async fn web(api: SocketAddr, env: &[(&str, &str)]) -> Program {
    let endpoint = format!("http://{api}/api/");
    let own = [
        ("LINKEXTRACTOR_WEB_LISTEN", "127.0.0.1:0"),
        ("LINKEXTRACTOR_WEB_ADMIN__LISTEN", "127.0.0.1:0"),
        ("API_ENDPOINT", &endpoint),
    ];
    Program::start("linkextractor-web", &[], &[&own, env].concat(), 2).await
}

/// The arguments with which `linkextractor serve` listens on free ports.
pub const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"];

/// `linkextractor serve` with these flags and environment variables, without admin listeners.
pub async fn serve(flags: &[&str], env: &[(&str, &str)]) -> Program {
    Program::start("linkextractor", &[&SERVE, flags].concat(), env, 2).await
}

/// The value of a metric without labels, from the server's admin listener.
pub async fn metric(server: &Program, name: &str) -> u64 {
    let metrics = Client::default().get(&format!("http://{}/metrics", server.address("admin"))).await;
    let value = metrics.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {}", metrics.text()))
}

/// Polls a metric until `condition` holds for its value.
pub async fn wait_for_metric(server: &Program, name: &str, condition: impl Fn(u64) -> bool) {
    within(name, async { while !condition(metric(server, name).await) {} }).await;
}
