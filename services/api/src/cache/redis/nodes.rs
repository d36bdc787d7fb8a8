//! The address of Redis: one server, or several nodes of a Cluster.

use super::change_reports::ChangeReports;
use kit::Secret;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo, ProtocolVersion, PushInfo,
    RedisResult, aio, cluster, cluster_async,
};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How long connecting may take, name resolution and TLS included.
const CONNECT: Duration = Duration::from_secs(1);
/// Longer than any caller waits: callers have shorter timeouts of their own.
const RESPONSE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) enum Nodes {
    Single(Box<Client>),
    Cluster(Box<cluster::ClusterClient>),
}

/// A connection that all requests share; clones are cheap.
#[derive(Clone)]
pub(super) enum Connection {
    Single(aio::MultiplexedConnection),
    Cluster(cluster_async::ClusterConnection),
}

impl Nodes {
    /// Parses `redis_url`: one URL, or a Cluster's nodes separated by commas. Errors show no part of it: any part may
    /// hold a password.
    pub(super) fn parse(urls: &Secret) -> Result<Self, String> {
        let urls: Vec<&str> = urls.expose().split(',').map(str::trim).collect();
        let nodes = match urls.as_slice() {
            [url] => client(url).map(|client| Self::Single(Box::new(client))),
            nodes => cluster::ClusterClient::builder(nodes.iter().copied())
                .connection_timeout(CONNECT)
                .response_timeout(RESPONSE)
                .retries(1)
                .build()
                .map(|client| Self::Cluster(Box::new(client))),
        };
        nodes.map_err(|error| {
            let found = error.category();
            format!("redis_url: found no such URL ({found}); expected redis://, rediss:// or redis+unix://")
        })
    }

    /// Opens a connection and checks that it answers. A server that can do so reports changes to `reports`.
    pub(super) async fn connect(&self, reports: &Arc<ChangeReports>) -> RedisResult<Connection> {
        let mut connection = match self {
            Self::Single(client) => {
                let (reports, number) = (Arc::clone(reports), reports.new_connection());
                let on_push = move |push: PushInfo| {
                    reports.on_push(&push, number);
                    Ok::<(), Infallible>(())
                };
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(Some(RESPONSE))
                    .set_push_sender(on_push);
                Connection::Single(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Self::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        };
        connection.query::<()>(&redis::cmd("PING")).await?;
        let tracking = ChangeReports::command();
        if matches!(self, Self::Single(_)) && connection.query::<()>(&tracking).await.is_ok() {
            reports.start();
        }
        Ok(connection)
    }
}

/// A client that speaks RESP3 (Redis 6), which has the push messages that report changes.
fn client(url: &str) -> RedisResult<Client> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Client::open(info.set_redis_settings(settings))
}

impl Connection {
    /// Whether it reconnects by itself, as the client of a Cluster does.
    pub(super) fn recovers(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    pub(super) async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_urls_are_parsed_and_errors_do_not_show_them() {
        let parse = |urls: &str| Nodes::parse(&Secret::from(urls.to_owned()));
        for url in
            ["redis://127.0.0.1", "rediss://u:p@h:1/2", "redis+unix:///run/r.sock", "unix:///run/r.sock"]
        {
            assert!(matches!(parse(url), Ok(Nodes::Single(_))), "{url}");
        }
        assert!(matches!(parse("redis://a:1, redis://b:2"), Ok(Nodes::Cluster(_))));
        for url in ["", "hunter2", "http://u:hunter2@h", "redis://a,hunter2"] {
            let error = parse(url).err().expect("not a Redis URL");
            assert!(error.starts_with("redis_url: ") && !error.contains("hunter2"), "{error}");
        }
    }
}
