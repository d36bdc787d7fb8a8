//! The URL of a Redis server, parsed strictly: one that cannot work is refused before anything connects.

use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion, io::tcp::TcpSettings};

/// How a URL is written; no error shows a part of the URL itself, since any part may hold a password.
const FORM: &str = "redis://host[:port][/database], rediss:// (TLS), redis+unix:///path[?db=1], nodes of a Cluster with \
                    commas between, or redis+sentinel://host[:port][,host…]/NAME[/database], each with [user:password@] \
                    before the host";
/// What a user name or password must not hold as it stands.
const ENCODING: &str =
    "in a user name or password, @ is written %40, / %2F, # %23, ? %3F, : %3A, a comma %2C and % itself %25";

/// The error for a URL with `what`.
pub(super) fn wrong(what: &str) -> String {
    format!("{what}; expected {FORM}; {ENCODING}")
}

/// Parses the URL of one server; the connection speaks RESP3 (Redis 6), which has the push messages that report changes.
pub(super) fn parse(url: &str) -> Result<ConnectionInfo, String> {
    let rest = url.split_once("://").map(|(_, rest)| rest).ok_or_else(|| wrong("no such URL"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if rest.contains('#') {
        return Err(wrong("a URL with #"));
    }
    if authority.matches('@').count() > 1 {
        return Err(wrong("a URL with two @"));
    }
    let parsed = redis::parse_redis_url(url).ok_or_else(|| wrong("no such URL"))?;
    let unix = parsed.scheme().ends_with("unix");
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
    let info = parsed.into_connection_info().map_err(|_| wrong("no such URL"))?;
    let login = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(login).set_tcp_settings(tcp()))
}

/// Without `TCP_NODELAY`, a command waits for a round trip if another one was sent just before.
pub(super) fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}
