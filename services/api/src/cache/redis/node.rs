//! One Redis server: a background task keeps a connection to it. Requests never wait for that task, and fail at once
//! while there is no connection.

use super::{
    fault::{Fault, is_answer, reason},
    link::ServerLink,
    metrics::RedisMetrics,
    servers::Server,
    tracking::Tracking,
};
use redis::{Cmd, FromRedisValue, RedisError};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    time::{self, Instant},
};
use tokio_util::task::AbortOnDropHandle;

/// The least time between two attempts to connect, and the time between checks of a connection.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a check may take; without an answer until then a connection has ended.
const CHECK: Duration = Duration::from_secs(1);
/// How long connecting may take, asking sentinels for the address included.
const CONNECT: Duration = Duration::from_secs(3);

pub(super) struct RedisNode {
    shared: Arc<NodeKeeper>,
    _keeper: AbortOnDropHandle<()>,
}

struct NodeKeeper {
    server: Server,
    tracking: Arc<Tracking>,
    metrics: RedisMetrics,
    state: watch::Sender<State>,
    /// Asks for a check of the connection now.
    check: Notify,
}

#[derive(Clone)]
enum State {
    Starting,
    Up(Arc<ServerLink>),
    Down(String),
}

impl RedisNode {
    /// Connects to `server` in the background and stays connected until dropped; changes are reported to `tracking`.
    /// Needs a Tokio runtime.
    pub(super) fn new(server: Server, tracking: &Arc<Tracking>, metrics: &RedisMetrics) -> Self {
        let state = watch::Sender::new(State::Starting);
        let shared = Arc::new(NodeKeeper {
            server,
            tracking: Arc::clone(tracking),
            metrics: metrics.clone(),
            state,
            check: Notify::new(),
        });
        let keeper = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&shared).keep_up()));
        Self { shared, _keeper: keeper }
    }

    pub(super) fn server(&self) -> &Server {
        &self.shared.server
    }

    /// Waits for the end of the first attempt to connect.
    pub(super) async fn settled(&self) {
        let mut state = self.shared.state.subscribe();
        let _ = state.wait_for(|state| !matches!(state, State::Starting)).await;
    }

    /// Whether there is a connection, or why not.
    pub(super) fn state(&self) -> Result<(), String> {
        match &*self.shared.state.borrow() {
            State::Up(_) => Ok(()),
            State::Starting => Err("connecting".to_owned()),
            State::Down(reason) => Err(reason.clone()),
        }
    }

    /// The open connection.
    pub(super) fn link(&self) -> Result<Arc<ServerLink>, Fault> {
        match &*self.shared.state.borrow() {
            State::Up(link) if !link.has_ended() => Ok(Arc::clone(link)),
            _ => Err(Fault::Unreachable),
        }
    }

    /// Sends `command` and waits `limit` for the answer.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd, limit: Duration) -> Result<T, Fault> {
        let link = self.link()?;
        if limit.is_zero() {
            return Err(Fault::Late);
        }
        if link.is_stalled() {
            return Err(Fault::Unreachable);
        }
        let answer = time::timeout(limit, link.send(command)).await;
        self.judge(&link, answer)
    }

    /// Sends `command` for a key that is moving to this node from another one.
    pub(super) async fn query_asking<T: FromRedisValue>(
        &self,
        command: &Cmd,
        limit: Duration,
    ) -> Result<T, Fault> {
        let link = self.link()?;
        let answer = time::timeout(limit, link.send_asking(command)).await;
        self.judge(&link, answer)
    }

    /// Tells an answer from a fault, and draws the conclusions for the connection that it came on.
    fn judge<T>(
        &self,
        link: &ServerLink,
        answer: Result<Result<T, RedisError>, time::error::Elapsed>,
    ) -> Result<T, Fault> {
        let error = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => {
                if link.note_unanswered() {
                    self.shared.check.notify_one();
                }
                return Err(Fault::Late);
            }
        };
        match error.code() {
            Some("MOVED" | "ASK") => return Err(Fault::Elsewhere(error)),
            Some("READONLY") if !link.is_replica() => {
                link.note_replica();
                self.shared.check.notify_one();
            }
            // The login has changed: only a new connection can tell whether ours still holds.
            Some("NOAUTH") => {
                link.end(reason(&error));
                return Err(Fault::Unreachable);
            }
            _ => {}
        }
        if is_answer(&error) {
            return Err(Fault::Refused(error));
        }
        link.end(reason(&error));
        Err(Fault::Unreachable)
    }
}

/// Counts a connection until it ends, also when the task that keeps it is dropped.
struct Connected<'a>(&'a RedisMetrics);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connections.dec();
        self.0.lost.inc();
    }
}

impl NodeKeeper {
    /// Connects, watches the connection, and connects again when it has ended.
    async fn keep_up(self: Arc<Self>) {
        let server = self.server.address();
        let mut logged = String::new();
        loop {
            let next = Instant::now() + INTERVAL;
            let reason = match self.connect().await {
                Ok(link) => {
                    tracing::info!(server, "connected to Redis");
                    logged.clear();
                    self.metrics.connections.inc();
                    let _connected = Connected(&self.metrics);
                    let reason = self.watch(link).await;
                    tracing::warn!(server, reason, "lost the connection to Redis");
                    reason
                }
                Err(reason) => {
                    if logged != reason {
                        tracing::warn!(server, reason, "no connection to Redis");
                        logged.clone_from(&reason);
                    }
                    reason
                }
            };
            self.state.send_replace(State::Down(reason));
            self.tracking.stop();
            time::sleep_until(next).await;
        }
    }

    async fn connect(&self) -> Result<Arc<ServerLink>, String> {
        match time::timeout(CONNECT, ServerLink::open(&self.server, &self.tracking)).await {
            Ok(Ok(link)) => Ok(Arc::new(link)),
            Ok(Err(error)) => Err(reason(&error)),
            Err(_) => Err(format!("no answer within {CONNECT:?}")),
        }
    }

    /// Uses `link` until it ends, and returns the reason. Without checks, an idle service would notice a restart of Redis
    /// only at its next request.
    async fn watch(&self, mut link: Arc<ServerLink>) -> String {
        self.use_link(&link);
        let mut next_search = Instant::now();
        loop {
            tokio::select! {
                reason = link.ended() => return reason,
                _ = time::timeout(INTERVAL, self.check.notified()) => {}
            }
            let checked = tokio::select! {
                reason = link.ended() => return reason,
                checked = time::timeout(CHECK, link.check()) => checked,
            };
            match checked {
                Err(_) => link.end(format!("no answer within {CHECK:?}")),
                Ok(Err(error)) if !is_answer(&error) || error.code() == Some("NOAUTH") => {
                    link.end(reason(&error));
                }
                Ok(_) => {}
            }
            if !link.is_replica() || link.cluster || link.has_ended() || Instant::now() < next_search {
                continue;
            }
            next_search = Instant::now() + INTERVAL;
            if let Some(master) = self.find_master().await {
                tracing::info!(
                    server = self.server.address(),
                    "the address leads to another Redis, a master"
                );
                link.end("it is a replica".to_owned());
                link = master;
                self.use_link(&link);
            }
        }
    }

    /// Makes `link` the connection from now on.
    fn use_link(&self, link: &Arc<ServerLink>) {
        self.state.send_replace(State::Up(Arc::clone(link)));
        self.tracking.stop();
        self.tracking.note_change();
    }

    /// A connection to a master, where the address leads to one by now: the present server has become a replica, which
    /// still answers reads.
    async fn find_master(&self) -> Option<Arc<ServerLink>> {
        self.connect().await.ok().filter(|link| !link.is_replica())
    }
}
