//! One open connection to a Redis server, and how it ended. Errors of one connection never touch another.

use super::{servers::Server, tracking::Tracking};
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, PushInfo, RedisError, RedisResult, Value,
    aio::MultiplexedConnection,
};
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long connecting may take: name resolution, TLS, login.
const CONNECT: Duration = Duration::from_secs(1);
/// After this many commands in a row without an answer in time, none is sent until a check is answered.
const UNANSWERED: u32 = 3;

pub(super) struct ServerLink {
    connection: MultiplexedConnection,
    end: Arc<End>,
    /// Whether the server reports changes of what was read here.
    pub(super) tracking: bool,
    /// Whether the server is a node of a Cluster.
    pub(super) cluster: bool,
    replica: AtomicBool,
    unanswered: AtomicU32,
}

#[derive(Default)]
struct End {
    token: CancellationToken,
    reason: OnceLock<String>,
}

impl ServerLink {
    /// Opens a connection and checks that it answers. A server that can do so reports changes to `tracking`.
    pub(super) async fn open(server: &Server, tracking: &Arc<Tracking>) -> RedisResult<Self> {
        let end = Arc::new(End::default());
        let (reports, pushed) = (Arc::clone(tracking), Arc::clone(&end));
        let on_push = move |push: PushInfo| {
            if reports.on_push(&push) {
                pushed.token.cancel();
            }
            Ok::<(), Infallible>(())
        };
        // Callers have time limits of their own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None)
            .set_push_sender(on_push);
        let client = server.client().await?;
        let opening = client.get_multiplexed_async_connection_with_config(&config);
        let connection = opening.await?;
        let mut link = Self {
            connection,
            end,
            tracking: false,
            cluster: false,
            replica: AtomicBool::default(),
            unanswered: AtomicU32::default(),
        };
        link.cluster = link.check().await?;
        link.tracking = link.send::<()>(&Tracking::command()).await.is_ok();
        Ok(link)
    }

    /// Asks the server what it is: `HELLO` needs no permission and is answered while Redis loads its data. Returns
    /// whether it is a node of a Cluster.
    pub(super) async fn check(&self) -> RedisResult<bool> {
        let about: HashMap<String, Value> = self.send(&redis::cmd("HELLO")).await?;
        let is = |key: &str, value: &str| {
            about.get(key).and_then(|found| String::from_redis_value_ref(found).ok()).as_deref()
                == Some(value)
        };
        self.replica.store(!is("role", "master"), Ordering::Relaxed);
        self.unanswered.store(0, Ordering::Relaxed);
        Ok(is("mode", "cluster"))
    }

    pub(super) async fn send<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let answer = command.query_async(&mut self.connection.clone()).await;
        if !answer.as_ref().is_err_and(|error: &RedisError| error.kind() == ErrorKind::Io) {
            self.unanswered.store(0, Ordering::Relaxed);
        }
        answer
    }

    /// Sends `command` for a key that is moving to this node from another one.
    pub(super) async fn send_asking<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("ASKING").ignore().add_command(command.clone());
        pipeline.query_async::<(T,)>(&mut self.connection.clone()).await.map(|(value,)| value)
    }

    /// Notes a command without an answer in time; returns whether the connection should be checked now.
    pub(super) fn note_unanswered(&self) -> bool {
        self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 == UNANSWERED
    }

    /// Whether commands should not be sent until a check is answered: they would only wait.
    pub(super) fn is_stalled(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed) >= UNANSWERED
    }

    /// Whether the server takes no writes.
    pub(super) fn is_replica(&self) -> bool {
        self.replica.load(Ordering::Relaxed)
    }

    pub(super) fn note_replica(&self) {
        self.replica.store(true, Ordering::Relaxed);
    }

    /// Ends the connection: no further command is sent on it.
    pub(super) fn end(&self, reason: String) {
        let _ = self.end.reason.set(reason);
        self.end.token.cancel();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.token.is_cancelled()
    }

    /// Waits for the end of the connection and returns its reason.
    pub(super) async fn ended(&self) -> String {
        self.end.token.cancelled().await;
        self.end.reason.get().cloned().unwrap_or_else(|| "Redis closed the connection".to_owned())
    }
}
