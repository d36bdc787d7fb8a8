//! `healthcheck`: requests `/ready` or `/live` of the running service, for images without a shell.

use crate::ServerSettings;
use serde_json::Value;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// The time for all of it: the other side might send a byte now and then.
const TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: usize = 64 * 1024;

/// Checks that `/ready`, or `/live`, is answered 200; the error says in words why it is not.
pub(crate) fn ask(settings: &ServerSettings, live: bool) -> Result<(), String> {
    let address = settings.admin.listen.ok_or("`admin.listen` is `none`: there is nothing to ask")?;
    let path = if live { "/live" } else { "/ready" };
    let answer =
        get(reachable(address), path).map_err(|error| format!("{address}{path}: {}", in_words(&error)))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.strip_prefix("HTTP/").and_then(|head| head.split(' ').nth(1)) {
        Some("200") => Ok(()),
        Some(status) => Err(format!("{address}{path}: status {status}: {}", reasons(body))),
        None if answer.is_empty() => {
            Err(format!("{address}{path}: the connection was closed without an answer"))
        }
        None => Err(format!("{address}{path}: the answer is not HTTP")),
    }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused: nothing listens there".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            format!("timed out: no answer within {} s", TIMEOUT.as_secs())
        }
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "the connection was reset".to_owned(),
        _ => error.to_string(),
    }
}

/// The reasons in the report of `/ready`: of the whole, or of each part that is not ready. Any other answer as it is.
fn reasons(body: &str) -> String {
    let report: Value = serde_json::from_str(body).unwrap_or_default();
    let part = |(name, part): (&String, &Value)| {
        let why = if part["optional"] == true { None } else { part["reason"].as_str() };
        why.map(|why| format!("{name}: {why}"))
    };
    let parts = report["parts"].as_object().into_iter().flatten().filter_map(part);
    let reasons: Vec<String> =
        report["reason"].as_str().map(str::to_owned).into_iter().chain(parts).collect();
    if reasons.is_empty() { body.trim().to_owned() } else { reasons.join(", ") }
}

/// Uses HTTP/1.0: the answer is not chunked and ends with the connection.
fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let start = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // At once: after a part of it, the other side might close.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while answer.len() < ANSWER_LIMIT {
        let left = TIMEOUT.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(ErrorKind::TimedOut)?))?;
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
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
