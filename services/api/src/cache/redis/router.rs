//! Which server has a key: the only one, or in a Cluster the master of the key's slot. The Cluster's own map of slots is
//! read every second, and at once when a node says that a key has moved. The cluster client of the `redis` crate does not
//! read it again while a node hangs, and every command waits for it meanwhile.

use super::{
    fault::Fault,
    metrics::RedisMetrics,
    node::RedisNode,
    servers::Servers,
    slots::{SlotRange, parse, slot},
    tracking::Tracking,
};
use futures_util::{StreamExt, future, stream::FuturesUnordered};
use redis::{Cmd, FromRedisValue, Value};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{self, Instant},
};
use tokio_util::task::AbortOnDropHandle;

/// The time between looks at the map of slots, and the least time between two of them.
const INTERVAL: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);
/// How long a node may take to tell the map; the others are asked at the same time.
const ASK: Duration = Duration::from_millis(500);
/// How long a start waits until it is known whether Redis is there.
const START: Duration = Duration::from_secs(1);

pub(super) struct Router {
    shared: Arc<Topology>,
    _task: AbortOnDropHandle<()>,
}

struct Topology {
    tracking: Arc<Tracking>,
    metrics: RedisMetrics,
    /// The servers that the configuration names.
    seeds: Vec<Arc<RedisNode>>,
    map: RwLock<Arc<SlotMap>>,
    moved: Notify,
    settled: watch::Sender<bool>,
}

#[derive(Default)]
struct SlotMap {
    ranges: Vec<(SlotRange, Arc<RedisNode>)>,
}

impl Router {
    /// Connects to `servers` in the background; changes are reported to `tracking`. Needs a Tokio runtime.
    pub(super) fn new(servers: Servers, tracking: Tracking, metrics: &RedisMetrics) -> Self {
        let tracking = Arc::new(tracking);
        let (seeds, single) = match servers {
            Servers::Single(server) => (vec![server], true),
            Servers::Cluster(servers) => (servers, false),
        };
        let seeds: Vec<_> =
            seeds.into_iter().map(|server| Arc::new(RedisNode::new(server, &tracking, metrics))).collect();
        let ranges = if single { vec![(SlotRange::all(), Arc::clone(&seeds[0]))] } else { Vec::new() };
        let shared = Arc::new(Topology {
            tracking,
            metrics: metrics.clone(),
            seeds,
            map: RwLock::new(Arc::new(SlotMap { ranges })),
            moved: Notify::new(),
            settled: watch::Sender::new(false),
        });
        let task = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&shared).follow(single)));
        Self { shared, _task: task }
    }

    /// Waits until it is known whether Redis is there, two seconds at most.
    pub(super) async fn settled(&self) {
        let _ = self.shared.settled.subscribe().wait_for(|settled| *settled).await;
    }

    /// Whether all servers are connected, or why one is not.
    pub(super) fn state(&self) -> Result<(), String> {
        self.shared.state()
    }

    /// Whether the server of `key` is connected.
    pub(super) fn is_up(&self, key: &str) -> bool {
        self.shared.map().node(key).is_some_and(|node| node.state().is_ok())
    }

    /// Sends `command`, which is about `key`, and waits `limit` for the answer.
    pub(super) async fn query<T: FromRedisValue>(
        &self,
        key: &str,
        command: &Cmd,
        limit: Duration,
    ) -> Result<T, Fault> {
        let map = self.shared.map();
        let start = Instant::now();
        let error = match map.node(key).ok_or(Fault::Unreachable)?.query(command, limit).await {
            Err(Fault::Elsewhere(error)) => error,
            answer => return answer,
        };
        let asking = error.code() == Some("ASK");
        if !asking {
            self.shared.moved.notify_one();
        }
        let left = limit.saturating_sub(start.elapsed());
        let node = error.redirect_node().and_then(|(address, _)| map.at(address));
        match node {
            Some(node) if asking => node.query_asking(command, left).await,
            Some(node) => node.query(command, left).await,
            None => Err(Fault::Unreachable),
        }
    }
}

impl SlotMap {
    fn node(&self, key: &str) -> Option<Arc<RedisNode>> {
        if let [(range, node)] = self.ranges.as_slice()
            && range.is_all()
        {
            return Some(Arc::clone(node));
        }
        let slot = slot(key);
        let index = self.ranges.partition_point(|(range, _)| range.last < slot);
        let (range, node) = self.ranges.get(index)?;
        (range.first <= slot).then(|| Arc::clone(node))
    }

    /// Whether all servers report changes.
    fn is_tracked(&self) -> bool {
        let tracked = |node: &RedisNode| node.link().is_ok_and(|link| link.tracking);
        !self.ranges.is_empty() && self.ranges.iter().all(|(_, node)| tracked(node))
    }

    fn at(&self, address: &str) -> Option<Arc<RedisNode>> {
        let found = self.ranges.iter().find(|(range, _)| range.address() == address);
        found.map(|(_, node)| Arc::clone(node))
    }
}

impl Topology {
    fn map(&self) -> Arc<SlotMap> {
        Arc::clone(&self.map.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether all servers are connected, or why one is not.
    fn state(&self) -> Result<(), String> {
        let map = self.map();
        let nodes = if map.ranges.is_empty() {
            self.seeds.iter().collect::<Vec<_>>()
        } else {
            map.ranges.iter().map(|(_, node)| node).collect()
        };
        let several = nodes.len() > 1;
        for node in nodes {
            node.state().map_err(|reason| {
                if several { format!("{}: {reason}", node.server().address()) } else { reason }
            })?;
        }
        if map.ranges.is_empty() {
            return Err("no node tells the slots of the Cluster".to_owned());
        }
        Ok(())
    }

    /// Follows the changes of the Cluster; a single server may be a node of one.
    async fn follow(self: Arc<Self>, single: bool) {
        self.wait_for_a_seed().await;
        let mut next = Instant::now();
        loop {
            if next <= Instant::now() {
                next = Instant::now() + INTERVAL;
                let is_node = |seed: &Arc<RedisNode>| seed.link().is_ok_and(|link| link.cluster);
                if !single || self.seeds.iter().any(is_node) {
                    self.refresh().await;
                }
            }
            if !*self.settled.borrow() {
                let map = self.map();
                let nodes = future::join_all(map.ranges.iter().map(|(_, node)| node.settled()));
                let _ = time::timeout(START, nodes).await;
            }
            self.tracking.start_if(|| self.map().is_tracked());
            self.metrics.set_up(self.state().is_ok());
            self.settled.send_replace(true);
            tokio::select! {
                () = time::sleep_until(next) => {}
                () = self.tracking.changed() => {}
                () = self.moved.notified() => {
                    time::sleep(PAUSE).await;
                    next = Instant::now();
                }
            }
        }
    }

    /// Waits until a seed is connected, or none can be in time.
    async fn wait_for_a_seed(&self) {
        let connect = async |seed: &Arc<RedisNode>| {
            seed.settled().await;
            seed.link().is_ok()
        };
        let mut seeds: FuturesUnordered<_> = self.seeds.iter().map(|seed| Box::pin(connect(seed))).collect();
        let connected = async { while seeds.next().await.is_some_and(|connected| !connected) {} };
        let _ = time::timeout(START, connected).await;
    }

    /// Asks all connected nodes for the map of slots and takes the first answer, so that a node that hangs delays nobody.
    async fn refresh(&self) {
        let map = self.map();
        let known = self.seeds.iter().chain(map.ranges.iter().map(|(_, node)| node));
        let mut asked: HashMap<String, &Arc<RedisNode>> = HashMap::new();
        for node in known {
            asked.insert(node.server().address(), node);
        }
        let ask = async |node: &Arc<RedisNode>| {
            let command = redis::cmd("CLUSTER").arg("SLOTS").take();
            let answer = node.query::<Value>(&command, ASK).await.ok()?;
            parse(&answer, node.server().host())
        };
        let mut answers: FuturesUnordered<_> = asked.into_values().map(|node| Box::pin(ask(node))).collect();
        while let Some(answer) = answers.next().await {
            if let Some(ranges) = answer {
                self.adopt(&map, ranges);
                return;
            }
        }
    }

    /// Uses `ranges` from now on; connections that are needed no longer are closed.
    fn adopt(&self, current: &SlotMap, ranges: Vec<SlotRange>) {
        if current.ranges.iter().map(|(range, _)| range).eq(&ranges) {
            return;
        }
        let mut nodes: HashMap<String, Arc<RedisNode>> = HashMap::new();
        for node in self.seeds.iter().chain(current.ranges.iter().map(|(_, node)| node)) {
            nodes.insert(node.server().address(), Arc::clone(node));
        }
        let mut assigned = Vec::with_capacity(ranges.len());
        for range in ranges {
            let Ok(server) = self.seeds[0].server().sibling(&range.host, range.port) else { continue };
            let node = nodes
                .entry(server.address())
                .or_insert_with(|| Arc::new(RedisNode::new(server, &self.tracking, &self.metrics)));
            assigned.push((range, Arc::clone(node)));
        }
        tracing::info!(ranges = assigned.len(), "the slots of the Redis Cluster have other masters");
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(SlotMap { ranges: assigned });
        self.tracking.stop();
    }
}
