//! A real Redis Cluster, on ports of the loopback interface.

use crate::{RedisServer, within};
use redis::{Value, cmd};
use std::net::TcpListener;

/// The greatest port whose bus port, 10,000 above, exists.
const LAST_PORT: u16 = 55_535;

/// Three masters, each with a replica, until it is dropped.
#[derive(Debug)]
pub struct RedisCluster {
    /// The masters at the start, then their replicas.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts six nodes and waits until they are one Cluster. A master that does not answer for `timeout` milliseconds is
    /// replaced by its replica.
    pub async fn start(timeout: u32) -> Self {
        let timeout = timeout.to_string();
        let mut nodes = Vec::new();
        for _ in 0..6 {
            nodes.push(
                RedisServer::start_on_port(&["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout])
                    .await,
            );
        }
        let cluster = Self { nodes };
        let first = cluster.nodes[0].port().to_string();
        for (index, node) in cluster.nodes.iter().enumerate() {
            node.command(cmd("CONFIG").arg("SET").arg("cluster-replica-validity-factor").arg(0)).await;
            // Each has an epoch of its own, as `redis-cli --cluster create` does it.
            node.command(cmd("CLUSTER").arg("SET-CONFIG-EPOCH").arg(index + 1)).await;
            if index < 3 {
                let (from, to) = (index * 16_384 / 3, (index + 1) * 16_384 / 3 - 1);
                node.command(cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(from).arg(to)).await;
            }
            node.command(cmd("CLUSTER").arg("MEET").arg("127.0.0.1").arg(&first)).await;
        }
        let known = async |node: &RedisServer| node.info("cluster_known_nodes:6").await;
        for node in &cluster.nodes {
            within("all nodes to know each other", async { while !known(node).await {} }).await;
        }
        for index in 0..3 {
            let id = cluster.nodes[index].command(cmd("CLUSTER").arg("MYID")).await;
            let Value::BulkString(id) = id else { panic!("an id: {id:?}") };
            cluster.nodes[index + 3].command(cmd("CLUSTER").arg("REPLICATE").arg(id)).await;
        }
        for node in &cluster.nodes {
            within("the Cluster", async { while !node.info("cluster_state:ok").await {} }).await;
        }
        for node in &cluster.nodes[3..] {
            within("the replicas", async {
                while !node.replication().await.contains("master_link_status:up") {}
            })
            .await;
        }
        // The masters must know their replicas before one of them can be replaced.
        for node in &cluster.nodes[..3] {
            within("the replicas to be known", async {
                while !node.replication().await.contains("connected_slaves:1") {}
            })
            .await;
        }
        cluster
    }

    /// The URL that names these nodes.
    pub fn url(&self, nodes: &[usize]) -> String {
        let url = |&node: &usize| format!("redis://127.0.0.1:{}", self.nodes[node].port());
        nodes.iter().map(url).collect::<Vec<_>>().join(",")
    }

    /// All values of the masters.
    pub async fn values(&self) -> usize {
        let mut values = 0;
        for node in &self.nodes {
            if node.replication().await.contains("role:master") {
                values += node.values().await;
            }
        }
        values
    }
}

/// A port that was free a moment ago: Redis cannot choose one itself.
pub(crate) fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        if port <= LAST_PORT {
            return port;
        }
    }
}
