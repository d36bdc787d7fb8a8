//! The two servers, each with a service and an admin listener on free ports of the loopback interface.

use crate::{Client, Program, within};
use std::net::SocketAddr;

/// The API, with these variables besides; it may fetch from loopback addresses.
pub async fn api(env: &[(&str, &str)]) -> Program {
    let own = [
        ("LINKEXTRACTOR_API_LISTEN", "127.0.0.1:0"),
        ("LINKEXTRACTOR_API_ADMIN__LISTEN", "127.0.0.1:0"),
        ("LINKEXTRACTOR_API_FETCH__ALLOW", r#"["127.0.0.0/8"]"#),
    ];
    Program::start("linkextractor-api", &[], &[&own, env].concat(), 2).await
}

/// The web front end of the API at `api`, with these variables besides.
pub async fn web(api: SocketAddr, env: &[(&str, &str)]) -> Program {
    let endpoint = format!("http://{api}/api/");
    let own = [
        ("LINKEXTRACTOR_WEB_LISTEN", "127.0.0.1:0"),
        ("LINKEXTRACTOR_WEB_ADMIN__LISTEN", "127.0.0.1:0"),
        ("API_ENDPOINT", &endpoint),
    ];
    Program::start("linkextractor-web", &[], &[&own, env].concat(), 2).await
}

/// What the server's admin listener says of one figure without labels.
pub async fn figure(server: &Program, name: &str) -> u64 {
    let metrics = Client::default().get(&format!("http://{}/metrics", server.address("admin"))).await;
    let value = metrics.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {}", metrics.text()))
}

/// Asks for a figure until it `fits`.
pub async fn figure_until(server: &Program, name: &str, fits: impl Fn(u64) -> bool) {
    within(name, async { while !fits(figure(server, name).await) {} }).await;
}
