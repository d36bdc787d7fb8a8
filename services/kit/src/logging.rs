//! Logs: structured lines on standard error, written by a thread of their own so that no request waits for a disk.

mod json_lines;
mod log_queue;
mod short_access;

use crate::{Log, LogFormat, inherited};
use json_lines::JsonLines;
use log_queue::{LogQueue, QueueGuard};
use short_access::ShortAccess;
use std::{
    fs::File,
    io::{self, IsTerminal, Write, stderr},
    os::fd::AsFd,
    panic::PanicHookInfo,
    sync::{Arc, OnceLock},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::LevelFilter, fmt, layer::SubscriberExt, reload,
    util::SubscriberInitExt,
};

/// Libraries whose lines do not say what they are about. What matters of them is in our own lines.
const LIBRARIES: [&str; 5] = ["h2", "hickory_net", "hickory_proto", "hickory_resolver", "hyper_util"];

struct Logs {
    level: reload::Handle<EnvFilter, Registry>,
    queue: Arc<LogQueue>,
}

static LOGS: OnceLock<Logs> = OnceLock::new();

/// Writes the queued lines when it is dropped: keep it until the end of `main`.
#[must_use]
pub struct LogGuard(#[expect(dead_code, reason = "held for its drop")] QueueGuard);

/// Starts the process's logs. Call it once, before other threads start. An error names the setting that is invalid.
pub fn init(log: &Log) -> Result<LogGuard, String> {
    start(log, stderr(), false)
}

/// As [`init`], for a program that a person starts: on a terminal the access log has short lines. They are written to
/// `stderr`, which may share the terminal with other output.
pub fn init_for_a_person(log: &Log, stderr: impl Write + Send + 'static) -> Result<LogGuard, String> {
    start(log, stderr, log.format == LogFormat::Auto && io::stderr().is_terminal())
}

fn start(log: &Log, writer: impl Write + Send + 'static, short: bool) -> Result<LogGuard, String> {
    // This removes environment variables, which is sound only before the writer's thread starts.
    inherited::read();
    let (filter, level) = reload::Layer::new(filter(&log.level)?);
    let is_file = output().and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file());
    let (queue, guard) = LogQueue::start(writer, is_file)
        .map_err(|error| format!("cannot start the log's thread: {error}"))?;
    let json = match log.format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Text => false,
    };
    let text = fmt::layer().with_writer(Arc::clone(&queue));
    let lines = if json {
        JsonLines(Arc::clone(&queue)).boxed()
    } else if short {
        text.with_ansi(true).event_format(ShortAccess(fmt::format().with_target(false))).boxed()
    } else {
        text.with_target(false).with_ansi(stderr().is_terminal()).boxed()
    };
    let registry = tracing_subscriber::registry().with(filter).with(lines);
    registry.try_init().map_err(|error| error.to_string())?;
    let _ = LOGS.set(Logs { level, queue });
    std::panic::set_hook(Box::new(log_panic));
    Ok(LogGuard(guard))
}

/// What standard error leads to.
fn output() -> io::Result<File> {
    Ok(stderr().as_fd().try_clone_to_owned()?.into())
}

/// Checks that [`init`] can use `log`.
pub(crate) fn check(log: &Log) -> Result<(), String> {
    filter(&log.level).map(drop)
}

/// Changes the log level: a level, or directives of `EnvFilter`.
pub fn set_level(level: &str) -> Result<(), String> {
    let filter = filter(level)?;
    let logs = LOGS.get().ok_or("logs were not started by this program")?;
    logs.level.reload(filter).map_err(|error| error.to_string())
}

/// The number of lines dropped because the writer could not keep up.
pub(crate) fn dropped_lines() -> u64 {
    LOGS.get().map_or(0, |logs| logs.queue.dropped())
}

/// Logs a panic as a structured line.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("a payload that is not text");
    let place = panic.location().map(ToString::to_string);
    tracing::error!(what, place, "panic");
}

fn filter(level: &str) -> Result<EnvFilter, String> {
    let expected = "expected off, error, warn, info, debug, trace or directives such as `info,h2=warn`";
    // `EnvFilter` would read a mistyped level as a target, and turn all logs off.
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    if let Some(word) =
        level.split(',').map(str::trim).find(|word| !word.contains(['=', '[']) && !is_level(word))
    {
        return Err(format!("log.level: found `{word}`; {expected}"));
    }
    let most = level.split(',').filter_map(|word| word.trim().parse::<LevelFilter>().ok()).max();
    let quiet = match most {
        Some(LevelFilter::DEBUG | LevelFilter::TRACE) => String::new(),
        // A directive of `level` for the same target replaces these.
        _ => LIBRARIES.map(|library| format!("{library}=off,")).concat(),
    };
    EnvFilter::try_new(quiet + level)
        .map_err(|error| format!("log.level: found `{level}` ({error}); {expected}"))
}

#[cfg(test)]
mod tests {
    use super::{LIBRARIES, filter};
    use tracing::Level;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn libraries_are_quiet_unless_asked() {
        let library = || tracing::enabled!(target: "h2::proto", Level::WARN);
        let own = || tracing::enabled!(target: "kit", Level::WARN);
        for (level, expected) in [
            ("info", (true, false)),
            ("warn", (true, false)),
            ("error,kit=info", (true, false)),
            ("info,h2=warn", (true, true)),
            ("debug", (true, true)),
            ("off", (false, false)),
        ] {
            let subscriber = tracing_subscriber::registry().with(filter(level).unwrap());
            let enabled = tracing::subscriber::with_default(subscriber, || (own(), library()));
            assert_eq!(enabled, expected, "{level}");
        }
    }

    #[test]
    fn every_library_that_logs_is_known() {
        let lock: toml::Table = include_str!("../../../Cargo.lock").parse().unwrap();
        let logs = |package: &&toml::Value| {
            let uses = package.get("dependencies").and_then(toml::Value::as_array);
            let is_ours = package.get("source").is_none();
            let writes_logs = package["name"].as_str().unwrap().starts_with("tracing");
            !is_ours
                && !writes_logs
                && uses.is_some_and(|uses| uses.iter().any(|name| name.as_str() == Some("tracing")))
        };
        let names = lock["package"].as_array().unwrap().iter().filter(logs);
        for name in names.map(|package| package["name"].as_str().unwrap().replace('-', "_")) {
            assert!(LIBRARIES.contains(&&*name), "{name}");
        }
    }

    #[test]
    fn a_mistyped_level_is_refused_by_name() {
        for level in ["info", "INFO", "off", "info,h2=warn", "kit::server=debug", "warn,access=off"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        for level in ["verbose", "warning", "infoo", "info,,", "", "info,h2=loud"] {
            let error = filter(level).unwrap_err();
            assert!(error.contains("log.level") && error.contains("expected"), "{level}: {error}");
        }
    }
}
