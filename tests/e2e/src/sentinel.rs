//! A master and a replica that real Sentinels watch, on ports of the loopback interface.

use crate::{RedisServer, within};
use redis::cmd;

const PASSWORD: &str = "secret";

/// A master, its replica and three Sentinels, until it is dropped.
#[derive(Debug)]
pub struct RedisSentinels {
    /// The master at the start, then its replica. Their password is in [`url`](Self::url); the Sentinels have none.
    pub servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
}

impl RedisSentinels {
    /// Starts all of them and waits until the Sentinels know each other and the replica. A master that does not answer for
    /// two seconds is replaced.
    pub async fn start() -> Self {
        let options = ["--masterauth", PASSWORD, "--requirepass", PASSWORD];
        let master = RedisServer::start_on_port(&options).await;
        let port = master.port().to_string();
        let replica =
            RedisServer::start_on_port(&[&options[..], &["--replicaof", "127.0.0.1", &port]].concat()).await;
        within("the replica", async {
            while !replica.replication().await.contains("master_link_status:up") {}
        })
        .await;
        let configuration = format!(
            "sentinel monitor main 127.0.0.1 {port} 2\nsentinel down-after-milliseconds main 2000\n\
             sentinel failover-timeout main 3000\nsentinel auth-pass main {PASSWORD}\n"
        );
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            sentinels.push(RedisServer::start_sentinel(&configuration).await);
        }
        for sentinel in &sentinels {
            let knows = async || {
                let about = sentinel.text(cmd("INFO").arg("sentinel")).await;
                about.contains("slaves=1,sentinels=3")
            };
            within("the Sentinels to know each other", async { while !knows().await {} }).await;
        }
        Self { servers: vec![master, replica], sentinels }
    }

    /// The URL that names the Sentinels and the master.
    pub fn url(&self) -> String {
        let ports = self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port()));
        format!("redis+sentinel://:{PASSWORD}@{}/main", ports.collect::<Vec<_>>().join(","))
    }

    /// Freezes a Sentinel.
    pub fn freeze_a_sentinel(&self) {
        self.sentinels[0].freeze();
    }
}
