//! `healthcheck`: requests `/ready` or `/live` of the running service, for images without a shell.

use crate::ServerSettings;
use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

const TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: u64 = 64 * 1024;

/// Checks that `/ready`, or `/live`, is answered 200; the error has the answer.
pub(crate) fn ask(settings: &ServerSettings, live: bool) -> Result<(), String> {
    let address = settings.admin.listen.ok_or("`admin.listen` is `none`: there is nothing to ask")?;
    let path = if live { "/live" } else { "/ready" };
    let answer = get(reachable(address), path).map_err(|error| format!("{address}{path}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        status => Err(format!("{address}{path} answered {}: {}", status.unwrap_or("nothing"), body.trim())),
    }
}

/// Uses HTTP/1.0: the answer is not chunked and ends with the connection.
fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_LIMIT).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The address to connect to for a server that listens on `address`: an unspecified address cannot be connected to.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => {}
        IpAddr::V4(_) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
    }
    address
}
