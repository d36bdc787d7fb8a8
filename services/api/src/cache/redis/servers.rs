//! The servers that `redis_url` names.

use super::{sentinel::Sentinels, url};
use kit::Secret;
use redis::{Client, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, RedisResult, TlsCertificates};
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Servers {
    /// One server; where it turns out to be a node of a Cluster, the first one that is asked.
    Single(Server),
    /// Nodes of a Cluster that are asked for the others.
    Cluster(Vec<Server>),
}

/// One server: its address or who knows it, the login, and TLS.
#[derive(Clone)]
pub(super) enum Server {
    At(Box<Client>),
    MasterOf(Arc<Sentinels>),
}

impl Servers {
    /// Parses `redis_url`. Servers are verified by `certificates`, if given, instead of the system's.
    pub(super) fn parse(urls: &Secret, certificates: Option<&TlsCertificates>) -> Result<Self, String> {
        Self::read(urls.expose().trim(), certificates).map_err(|found| format!("redis_url: found {found}"))
    }

    fn read(urls: &str, certificates: Option<&TlsCertificates>) -> Result<Self, String> {
        if let Some(sentinels) = Sentinels::parse(urls, certificates.cloned()) {
            return Ok(Self::Single(Server::MasterOf(Arc::new(sentinels?))));
        }
        let infos = urls.split(',').map(|url| url::parse(url.trim())).collect::<Result<Vec<_>, _>>()?;
        if infos.len() > 1 {
            check_cluster(&infos)?;
        }
        let server =
            |info| Server::new(info, certificates).map_err(|_| url::wrong("a URL that cannot be used"));
        let mut servers = infos.into_iter().map(server).collect::<Result<Vec<_>, _>>()?;
        Ok(if servers.len() == 1 { Self::Single(servers.remove(0)) } else { Self::Cluster(servers) })
    }
}

fn check_cluster(nodes: &[ConnectionInfo]) -> Result<(), String> {
    let kind = |info: &ConnectionInfo| std::mem::discriminant(info.addr());
    let login = |info: &ConnectionInfo| {
        let login = info.redis_settings();
        (login.username().map(str::to_owned), login.password().map(str::to_owned))
    };
    let same = |node: &ConnectionInfo| kind(node) == kind(&nodes[0]) && login(node) == login(&nodes[0]);
    if !nodes.iter().all(same) || matches!(nodes[0].addr(), ConnectionAddr::Unix(_)) {
        return Err(
            "nodes of a Cluster that differ; expected one scheme, user and password for all".to_owned()
        );
    }
    if nodes.iter().any(|node| node.redis_settings().db() != 0) {
        return Err("a database of a Cluster; expected none: a Cluster has database 0 only".to_owned());
    }
    Ok(())
}

impl Server {
    fn new(info: ConnectionInfo, certificates: Option<&TlsCertificates>) -> RedisResult<Self> {
        let client = match certificates {
            Some(certificates) if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) => {
                Client::build_with_tls(info, certificates.clone())
            }
            _ => Client::open(info),
        };
        client.map(Box::new).map(Self::At)
    }

    /// The same login at another address: another node of the same Cluster.
    pub(super) fn sibling(&self, host: &str, port: u16) -> RedisResult<Self> {
        let Self::At(client) = self else {
            return Err(RedisError::from((ErrorKind::InvalidClientConfig, "a Cluster behind sentinels")));
        };
        let (info, host) = (client.get_connection_info().clone(), host.to_owned());
        let address = match info.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                let (insecure, tls_params) = (*insecure, tls_params.clone());
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        Self::new(info.set_addr(address), None)
    }

    /// The client to connect with now.
    pub(super) async fn client(&self) -> RedisResult<Client> {
        match self {
            Self::At(client) => Ok((**client).clone()),
            Self::MasterOf(sentinels) => sentinels.master().await,
        }
    }

    /// Its host; empty where there is none.
    pub(super) fn host(&self) -> &str {
        let Self::At(client) = self else { return "" };
        match client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host,
            _ => "",
        }
    }

    /// Its address for logs, and what tells it from others: `host:port`, the path of a socket, or the name of a master.
    pub(super) fn address(&self) -> String {
        match self {
            Self::At(client) => client.get_connection_info().addr().to_string(),
            Self::MasterOf(sentinels) => sentinels.name().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(urls: &str) -> Result<Servers, String> {
        Servers::parse(&Secret::from(urls.to_owned()), None)
    }

    #[test]
    fn redis_urls_are_parsed() {
        for url in [
            "redis://127.0.0.1",
            "redis://127.0.0.1:6379/0",
            "rediss://u:p@h:1/2",
            "redis://:p%40%2F%23@h/",
            "redis://[::1]:7000",
            "redis+unix:///run/r.sock?db=3&user=u&pass=p",
            "unix:///run/r.sock",
            "redis+sentinel://a,b:1/main",
            "rediss+sentinel://u:p@a/main/2",
        ] {
            assert!(matches!(parse(url), Ok(Servers::Single(_))), "{url}");
        }
        assert!(matches!(parse("redis://a:1, redis://b:2"), Ok(Servers::Cluster(_))));
    }

    #[test]
    fn urls_that_cannot_work_are_refused_and_not_shown() {
        for (url, found) in [
            ("", "a URL without scheme"),
            ("hunter2", "a URL without scheme"),
            ("http://u:hunter2@h", "a URL with another scheme"),
            ("redis://a,hunter2", "a URL without scheme"),
            ("redis://h/hunter2", "a database that is no number"),
            ("redis://h/-1", "a database that is no number"),
            ("redis://h/4294967296", "a database that is no number"),
            ("redis://h/1/2", "a database that is no number"),
            ("redis://h#hunter2", "a URL with #"),
            ("redis://u:hun#ter2@h", "a URL with #"),
            ("redis://u:1#hunter2@h", "a URL with #"),
            ("redis://u:hun/ter2@h", "a URL with / or ? before the @"),
            ("redis://u:1/hunter2@h", "a URL with / or ? before the @"),
            ("redis://u:1?hunter2@h", "a URL with / or ? before the @"),
            ("redis://u:hun@ter2@h", "a URL with two @"),
            ("redis://u:hun,ter2@h", "a port that is no number up to 65535"),
            ("redis://u:hunter2%zz@h", "a URL with a % that does not encode a character"),
            ("redis://u:hunter2%@h", "a URL with a % that does not encode a character"),
            ("redis://u:hunter2%ff@h", "a URL with a % that does not encode a character"),
            ("redis+sentinel://u:hunter2%zz@h/main", "a URL with a % that does not encode a character"),
            ("redis+sentinel://h/%zz", "a name of a master that is malformed"),
            ("redis://u:hunter2@h:99999", "a port that is no number up to 65535"),
            ("redis://u:hunter2@[::1]:x", "a port that is no number up to 65535"),
            ("redis://u:hunter2@:6379", "a URL without host"),
            ("redis://", "a URL without host"),
            ("redis://u:hunter2@a b", "a host that is none"),
            ("redis://u:hunter2@[::x]", "a host that is none"),
            ("redis://u:hunter2@0.0.0.0", "a host that is none"),
            ("redis://h?hunter2=1", "a URL with an unknown parameter after ?"),
            ("redis+unix:///run/r.sock?db=x", "a database that is no number"),
            ("redis+unix:///run/r.sock,redis+unix:///run/s.sock", "nodes of a Cluster that differ"),
            ("redis://a/1,redis://b/1", "a database of a Cluster"),
            ("redis://:hunter2@a,redis://b", "nodes of a Cluster that differ"),
            ("redis://a,rediss://b", "nodes of a Cluster that differ"),
            ("redis+sentinel://u:hunter2@a", "no name of a master"),
            ("redis+sentinel://u:hun/ter2@a/main", "no name of a master"),
        ] {
            let error = parse(url).err().unwrap_or_else(|| panic!("{url} is accepted"));
            assert!(error.starts_with(&format!("redis_url: found {found}; expected ")), "{url}: {error}");
            assert!(!error.contains("hunter2") && !error.contains("ter2"), "{url}: {error}");
        }
    }
}
