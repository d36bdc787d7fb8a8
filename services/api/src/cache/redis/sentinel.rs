//! Redis Sentinel: servers that know which Redis is the master of a name now.

use super::url::{decode, parse, tcp, wrong};
use futures_util::{StreamExt, stream::FuturesUnordered};
use redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, ProtocolVersion, RedisError, RedisResult,
    TlsCertificates, TlsMode,
    sentinel::{SentinelClientBuilder, SentinelServerType},
};

const PORT: u16 = 26379;

pub(super) struct Sentinels {
    /// The address of each sentinel, with the login for the master.
    servers: Vec<ConnectionInfo>,
    name: String,
    certificates: Option<TlsCertificates>,
}

impl Sentinels {
    /// Parses `redis+sentinel://[user:password@]host[:port][,host…]/NAME[/database]`, or the same with `rediss`; `None` for
    /// other schemes.
    pub(super) fn parse(url: &str, certificates: Option<TlsCertificates>) -> Option<Result<Self, String>> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.strip_suffix("+sentinel")?;
        Some(Self::read(scheme, rest, certificates))
    }

    fn read(scheme: &str, rest: &str, certificates: Option<TlsCertificates>) -> Result<Self, String> {
        let (authority, path) = rest.split_once('/').ok_or_else(|| wrong("no name of a master"))?;
        let (name, database) = path.split_once('/').unwrap_or((path, ""));
        let name = decode(name).map_err(|()| wrong("a name of a master that is malformed"))?;
        if name.is_empty() || name.contains(['@', '#', '?']) {
            return Err(wrong("no name of a master"));
        }
        let split = authority.rfind('@').map_or(0, |at| at + 1);
        let (login, hosts) = authority.split_at(split);
        let server = |host: &str| {
            let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
            let port = if has_port { String::new() } else { format!(":{PORT}") };
            parse(&format!("{scheme}://{login}{host}{port}/{database}"))
        };
        let servers = hosts.split(',').map(|host| server(host.trim())).collect::<Result<_, _>>()?;
        Ok(Self { servers, name: name.into_owned(), certificates })
    }

    /// The name of the master, for logs.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Asks all sentinels, and takes the first answer whose server says itself that it is the master. A sentinel may have
    /// the login of the master, or none.
    pub(super) async fn master(&self) -> RedisResult<Client> {
        let mut asked = FuturesUnordered::new();
        for server in &self.servers {
            asked.push(self.ask(server, false));
            if server.redis_settings().password().is_some() {
                asked.push(self.ask(server, true));
            }
        }
        let mut failure = RedisError::from((ErrorKind::EmptySentinelList, "no sentinel"));
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(client) => return Ok(client),
                // What is said of the master is more important than that a sentinel is away.
                Err(error) if failure.kind() == ErrorKind::EmptySentinelList || !error.is_io_error() => {
                    failure = error;
                }
                Err(_) => {}
            }
        }
        Err(failure)
    }

    async fn ask(&self, server: &ConnectionInfo, with_login: bool) -> RedisResult<Client> {
        let (address, login) = (server.addr().clone(), server.redis_settings());
        let tls = matches!(address, ConnectionAddr::TcpTls { .. });
        let mut builder = SentinelClientBuilder::new([address], &self.name, SentinelServerType::Master)?
            .set_client_to_redis_protocol(ProtocolVersion::RESP3)
            .set_client_to_redis_tcp_settings(tcp())
            .set_client_to_redis_db(login.db());
        if let Some(user) = login.username() {
            builder = builder.set_client_to_redis_username(user);
            builder = if with_login { builder.set_client_to_sentinel_username(user) } else { builder };
        }
        if let Some(password) = login.password() {
            builder = builder.set_client_to_redis_password(password);
            builder = if with_login { builder.set_client_to_sentinel_password(password) } else { builder };
        }
        if tls {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
            if let Some(certificates) = &self.certificates {
                builder = builder
                    .set_client_to_redis_certificates(certificates.clone())
                    .set_client_to_sentinel_certificates(certificates.clone());
            }
        }
        builder.build()?.async_get_client().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinel_urls_are_parsed() {
        let parse = |url: &str| Sentinels::parse(url, None).expect("the scheme");
        let found = parse("redis+sentinel://u:p%40@a,b:1,[::1]/main/3").ok().unwrap();
        let addresses: Vec<_> = found.servers.iter().map(|server| server.addr().to_string()).collect();
        assert_eq!(addresses, ["a:26379", "b:1", "::1:26379"]);
        let login = found.servers[2].redis_settings();
        assert_eq!((login.username(), login.password(), login.db()), (Some("u"), Some("p@"), 3));
        assert_eq!(found.name, "main");
        let tls = parse("rediss+sentinel://a/main").ok().unwrap();
        assert!(matches!(tls.servers[0].addr(), ConnectionAddr::TcpTls { .. }));
        for wrong in
            ["a", "a/", "a//1", "u:p@x@a/main", "u:p/x@a/main", "a/main/x", "a/main#1", "/main", "a,,b/main"]
        {
            assert!(parse(&format!("redis+sentinel://{wrong}")).is_err(), "{wrong}");
        }
        assert!(Sentinels::parse("redis://a/main", None).is_none());
    }
}
