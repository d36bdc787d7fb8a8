//! The metrics of the connection to Redis.

use super::fault::Fault;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use std::{fmt::Error, time::Duration};

/// The upper bounds of the buckets for the durations of commands, in seconds.
const DURATIONS: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];

/// A command, by its purpose.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) enum RedisCommand {
    Get,
    Claim,
    Set,
    Del,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum CommandResult {
    Ok,
    Late,
    Refused,
    Unreachable,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CommandLabels {
    command: RedisCommand,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabels {
    command: RedisCommand,
    result: CommandResult,
}

/// Clones share the values.
#[derive(Clone)]
pub(crate) struct RedisMetrics {
    /// The number of servers that are connected.
    pub(super) connections: Gauge,
    /// Connections that have ended.
    pub(super) lost: Counter,
    up: Gauge,
    commands: Family<ResultLabels, Counter>,
    durations: Family<CommandLabels, Histogram, fn() -> Histogram>,
    failed_writes: Counter,
}

impl Default for RedisMetrics {
    /// With all series at zero.
    fn default() -> Self {
        use CommandResult::{Late, Ok, Refused, Unreachable};
        let histogram: fn() -> Histogram = || Histogram::new(DURATIONS);
        let (commands, durations) = (Family::default(), Family::new_with_constructor(histogram));
        for command in [RedisCommand::Get, RedisCommand::Claim, RedisCommand::Set, RedisCommand::Del] {
            drop(durations.get_or_create(&CommandLabels { command }));
            for result in [Ok, Late, Refused, Unreachable] {
                drop(commands.get_or_create(&ResultLabels { command, result }));
            }
        }
        Self {
            connections: Gauge::default(),
            lost: Counter::default(),
            up: Gauge::default(),
            commands,
            durations,
            failed_writes: Counter::default(),
        }
    }
}

impl RedisMetrics {
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        let help = "Whether all servers of Redis that are needed are connected: 1 or 0";
        metrics.register("redis_up", help, self.up.clone());
        metrics.register("redis_connections", "Open connections to Redis", self.connections.clone());
        let help = "Connections to Redis that have ended, each followed by attempts to connect again";
        metrics.register("redis_connections_lost", help, self.lost.clone());
        metrics.register("redis_commands", "Commands to Redis, by result", self.commands.clone());
        let help = "Time of commands to Redis, whatever their result";
        metrics.register("redis_command_duration_seconds", help, self.durations.clone());
        let help = "Results that could not be stored in Redis";
        metrics.register("redis_failed_writes", help, self.failed_writes.clone());
    }

    pub(super) fn set_up(&self, up: bool) {
        self.up.set(i64::from(up));
    }

    /// A `command` that took `time`.
    pub(super) fn command<T>(&self, command: RedisCommand, time: Duration, answer: &Result<T, Fault>) {
        let result = match answer {
            Ok(_) => CommandResult::Ok,
            Err(Fault::Late) => CommandResult::Late,
            Err(Fault::Refused(_)) => CommandResult::Refused,
            Err(Fault::Unreachable | Fault::Elsewhere(_)) => CommandResult::Unreachable,
        };
        self.commands.get_or_create(&ResultLabels { command, result }).inc();
        self.durations.get_or_create(&CommandLabels { command }).observe(time.as_secs_f64());
    }

    pub(super) fn failed_write(&self) {
        self.failed_writes.inc();
    }
}

impl RedisCommand {
    /// Its name in logs and metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Claim => "claim",
            Self::Set => "set",
            Self::Del => "del",
        }
    }
}

impl EncodeLabelValue for RedisCommand {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        self.name().encode(encoder)
    }
}

impl EncodeLabelValue for CommandResult {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), Error> {
        let value = match self {
            Self::Ok => "ok",
            Self::Late => "late",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        };
        value.encode(encoder)
    }
}
