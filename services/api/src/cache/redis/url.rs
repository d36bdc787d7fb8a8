//! The URL of a Redis server, parsed strictly: one that cannot work is refused before anything connects.

use percent_encoding::percent_decode_str;
use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion, io::tcp::TcpSettings};
use std::borrow::Cow;

/// How a URL is written; no error shows a part of the URL itself, since any part may hold a password.
const FORM: &str = "redis://host[:port][/database], rediss:// (TLS), redis+unix:///path[?db=1], nodes of a Cluster with \
                    commas between, or redis+sentinel://host[:port][,host…]/NAME[/database], each with [user:password@] \
                    before the host";
/// The schemes of one server, as the library knows them.
const SCHEMES: [&str; 4] = ["redis", "rediss", "redis+unix", "unix"];
/// What a user name or password must not hold as it stands.
const ENCODING: &str =
    "in a user name or password, @ is written %40, / %2F, # %23, ? %3F, : %3A, a comma %2C and % itself %25";

/// The error for a URL with `what`.
pub(super) fn wrong(what: &str) -> String {
    format!("{what}; expected {FORM}; {ENCODING}")
}

/// Parses the URL of one server; the connection speaks RESP3 (Redis 6), which has the push messages that report changes.
pub(super) fn parse(url: &str) -> Result<ConnectionInfo, String> {
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("a URL without scheme"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let unix = scheme.ends_with("unix");
    if rest.contains('#') {
        return Err(wrong("a URL with #"));
    }
    if authority.matches('@').count() > 1 {
        return Err(wrong("a URL with two @"));
    }
    if !unix && rest[authority.len()..].contains('@') {
        return Err(wrong("a URL with / or ? before the @"));
    }
    if decode(rest).is_err() {
        return Err(wrong("a URL with a % that does not encode a character"));
    }
    let parsed = redis::parse_redis_url(url).ok_or_else(|| wrong(unparsed(scheme, authority)))?;
    let known: &[&str] = if unix { &["db", "user", "pass", "protocol"] } else { &["protocol"] };
    if parsed.query_pairs().any(|(name, _)| !known.contains(&name.as_ref())) {
        return Err(wrong("a URL with an unknown parameter after ?"));
    }
    let database = if unix {
        let database = parsed.query_pairs().find(|(name, _)| name == "db");
        database.map_or_else(String::new, |(_, database)| database.into_owned())
    } else {
        parsed.path().trim_start_matches('/').to_owned()
    };
    // Redis counts its databases in 32 bits.
    if !database.is_empty() && database.parse::<u32>().map_or(true, |number| number > i32::MAX as u32) {
        return Err(wrong("a database that is no number"));
    }
    let info = parsed.into_connection_info().map_err(|_| wrong(unparsed(scheme, authority)))?;
    let login = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(login).set_tcp_settings(tcp()))
}

/// What is wrong with a URL that the library does not parse.
fn unparsed(scheme: &str, authority: &str) -> &'static str {
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    // A colon within brackets belongs to an IPv6 address.
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (address, ""),
    };
    if !SCHEMES.contains(&scheme) {
        "a URL with another scheme"
    } else if host.is_empty() {
        "a URL without host"
    } else if !port.is_empty() && port.parse::<u16>().is_err() {
        "a port that is no number up to 65535"
    } else {
        "a host that is none"
    }
}

/// `text`, percent-decoded; an error if a `%` does not encode a byte, or the bytes are not UTF-8.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, ()> {
    let encodes =
        |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(encodes) {
        return Err(());
    }
    percent_decode_str(text).decode_utf8().map_err(|_| ())
}

/// Without `TCP_NODELAY`, a command waits for a round trip if another one was sent just before.
pub(super) fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}
