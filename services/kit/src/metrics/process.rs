//! Metrics of the process and its runtime, read for each scrape. After the prefix, the names are those of the Prometheus
//! client libraries.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};
use rustix::time::{ClockId, clock_gettime};
use std::{fmt, fs};
use tokio::runtime::{Handle, RuntimeMetrics};

/// Collects them.
#[derive(Debug)]
pub(super) struct Process {
    runtime: Option<RuntimeMetrics>,
    /// Read once, so that it does not change when the clock is set.
    start: Option<f64>,
}

impl Process {
    /// The metrics of this process and of the current runtime.
    pub(super) fn new() -> Self {
        Self { runtime: Handle::try_current().ok().map(|handle| handle.metrics()), start: start_seconds() }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let encoder = &mut encoder;
        let runtime = |count: fn(&RuntimeMetrics) -> usize| Some(count(self.runtime.as_ref()?) as u64);
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Resident memory.", status("VmRSS:").map(|kib| kib * 1024)),
            ("process_virtual_memory_bytes", "Virtual memory.", status("VmSize:").map(|kib| kib * 1024)),
            ("process_threads", "Threads.", status("Threads:")),
            ("process_open_fds", "Open file descriptors.", open_descriptors()),
            ("process_max_fds", "Limit of open file descriptors.", crate::descriptors::limit()),
            ("tokio_workers", "Worker threads.", runtime(RuntimeMetrics::num_workers)),
            ("tokio_alive_tasks", "Tasks.", runtime(RuntimeMetrics::num_alive_tasks)),
            (
                "tokio_global_queue_depth",
                "Tasks that wait for a worker.",
                runtime(RuntimeMetrics::global_queue_depth),
            ),
        ] {
            if let Some(value) = value.and_then(|value| i64::try_from(value).ok()) {
                add(encoder, name, help, &ConstGauge::new(value))?;
            }
        }
        let dropped = ConstCounter::new(crate::logging::dropped_lines());
        let help = "Log lines dropped because the writer could not keep up.";
        add(encoder, "log_lines_dropped", help, &dropped)?;
        if let Some(seconds) = cpu_seconds() {
            let time = ConstCounter::new(seconds);
            add(encoder, "process_cpu_seconds", "User and system time.", &time)?;
        }
        if let Some(seconds) = self.start {
            let (start, help) = (ConstGauge::new(seconds), "Start of the process, in Unix time.");
            add(encoder, "process_start_time_seconds", help, &start)?;
        }
        Ok(())
    }
}

fn add(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn open_descriptors() -> Option<u64> {
    // The descriptor that reads the directory is one of them.
    Some((fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1))
}

/// Field `number` of `/proc/self/stat` as proc(5) counts them, in seconds.
#[expect(clippy::cast_precision_loss, reason = "ticks of a process stay far below 2^52")]
fn stat_seconds(number: usize) -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may contain any character.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields.split(' ').nth(number.checked_sub(3)?)?.parse().ok()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn cpu_seconds() -> Option<f64> {
    Some(stat_seconds(14)? + stat_seconds(15)?)
}

/// The start of the process in Unix time, without `/proc/stat`: that file may be hidden where `/proc/self` is not.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 stay far below 2^52")]
fn start_seconds() -> Option<f64> {
    let seconds = |clock| {
        let time = clock_gettime(clock);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    Some(seconds(ClockId::Realtime) - seconds(ClockId::Boottime) + stat_seconds(22)?)
}
