//! The connection to Redis. A background task reconnects; requests never wait for it and fail at once while it is down.

use super::{
    change_reports::ChangeReports,
    nodes::{Connection, Nodes},
};
use crate::cache::lookup::TimeBudget;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time};
use tokio_util::task::AbortOnDropHandle;

/// The time between attempts to connect, and between checks of a connection.
const INTERVAL: Duration = Duration::from_secs(1);
const CHECK: Duration = Duration::from_secs(1);
/// After this many requests in a row without an answer in time the connection counts as down.
const UNANSWERED: u32 = 3;

/// Why a command has no result.
pub(super) enum Fault {
    /// There is no connection, it was lost, or there was no answer in time.
    Unreachable,
    /// Redis answered with an error: out of memory, read-only, loading, a wrong type …
    Refused(RedisError),
}

/// The one connection of the process.
pub(crate) struct RedisConnection {
    shared: Arc<Shared>,
    _keeper: AbortOnDropHandle<()>,
}

struct Shared {
    reports: Arc<ChangeReports>,
    current: watch::Sender<State>,
    unanswered: AtomicU32,
}

#[derive(Clone)]
enum State {
    Starting,
    Up(Connection),
    Down,
}

impl RedisConnection {
    /// Connects in the background and stays connected until dropped; changes are passed to `reports`. Needs a Tokio
    /// runtime.
    pub(super) fn new(nodes: Nodes, reports: ChangeReports) -> Self {
        let current = watch::Sender::new(State::Starting);
        let shared = Arc::new(Shared { reports: Arc::new(reports), current, unanswered: AtomicU32::new(0) });
        let keeper = AbortOnDropHandle::new(tokio::spawn(keep_up(Arc::clone(&shared), nodes)));
        Self { shared, _keeper: keeper }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.shared.current().is_some()
    }

    /// Waits for the end of the first attempt to connect.
    pub(crate) async fn settled(&self) {
        let mut state = self.shared.current.subscribe();
        let _ = state.wait_for(|state| !matches!(state, State::Starting)).await;
    }

    /// Sends `command` and waits for the answer, within `limit` and the time that is left.
    pub(super) async fn query<T: FromRedisValue>(
        &self,
        command: &Cmd,
        limit: Duration,
        time: &mut TimeBudget,
    ) -> Result<T, Fault> {
        let answer = time.run(limit, self.send(command)).await;
        answer.unwrap_or_else(|| {
            if self.shared.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= UNANSWERED {
                self.shared.lose();
            }
            Err(Fault::Unreachable)
        })
    }

    /// Sends `command` and waits for the answer as long as the connection does: for commands that no request waits for.
    pub(super) async fn send<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let mut connection = self.shared.current().ok_or(Fault::Unreachable)?;
        let answer = connection.query(command).await;
        self.shared.unanswered.store(0, Ordering::Relaxed);
        answer.map_err(|error| match error.kind() {
            ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType => {
                Fault::Refused(error)
            }
            _ => {
                if !connection.recovers() {
                    self.shared.lose();
                }
                Fault::Unreachable
            }
        })
    }
}

impl Shared {
    fn current(&self) -> Option<Connection> {
        match &*self.current.borrow() {
            State::Up(connection) => Some(connection.clone()),
            State::Starting | State::Down => None,
        }
    }

    fn lose(&self) {
        self.current.send_replace(State::Down);
        self.reports.stop();
    }
}

/// Connects, watches the connection, and connects again when it is lost.
async fn keep_up(shared: Arc<Shared>, nodes: Nodes) {
    let mut logged = false;
    loop {
        match time::timeout(CHECK, nodes.connect(&shared.reports)).await {
            Ok(Ok(connection)) => {
                tracing::info!("connected to Redis");
                logged = false;
                shared.unanswered.store(0, Ordering::Relaxed);
                shared.current.send_replace(State::Up(connection.clone()));
                watch(&shared, connection).await;
                shared.lose();
                tracing::warn!("lost the connection to Redis: answering uncached");
            }
            outcome if !logged => {
                logged = true;
                shared.current.send_replace(State::Down);
                let reason = match outcome {
                    Ok(Err(error)) => error.to_string(),
                    _ => "no answer in time".to_owned(),
                };
                tracing::warn!(reason, "no connection to Redis: answering uncached");
            }
            _ => {}
        }
        time::sleep(INTERVAL).await;
    }
}

/// Returns when a request reports the connection as lost, or a check fails. Without checks, an idle service would notice
/// a restart of Redis only at its next request.
async fn watch(shared: &Shared, mut connection: Connection) {
    let mut state = shared.current.subscribe();
    while time::timeout(INTERVAL, state.wait_for(|state| !matches!(state, State::Up(_)))).await.is_err() {
        let ping = redis::cmd("PING");
        match time::timeout(CHECK, connection.query::<()>(&ping)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {}
            _ => return,
        }
    }
}
