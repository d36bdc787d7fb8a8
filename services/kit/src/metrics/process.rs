//! Metrics of the process and its runtime, read for each report. Names are those of the Prometheus client libraries.

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
    /// Read once, so that it does not change with the clock.
    start: Option<f64>,
}

impl Process {
    /// Of this process, and of the runtime that this is called in.
    pub(super) fn new() -> Self {
        Self { runtime: Handle::try_current().ok().map(|handle| handle.metrics()), start: start_seconds() }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut gauge = |name: &str, help: &str, value: Option<u64>| {
            let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else { return Ok(()) };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        gauge("process_resident_memory_bytes", "Resident memory.", status("VmRSS:").map(|kib| kib * 1024))?;
        gauge("process_virtual_memory_bytes", "Virtual memory.", status("VmSize:").map(|kib| kib * 1024))?;
        gauge("process_threads", "Threads.", status("Threads:"))?;
        gauge("process_open_fds", "Open file descriptors.", open_descriptors())?;
        gauge("process_max_fds", "Limit of open file descriptors.", crate::descriptors::limit())?;
        let runtime = self.runtime.as_ref();
        let count = |count: fn(&RuntimeMetrics) -> usize| runtime.map(|runtime| count(runtime) as u64);
        gauge("tokio_workers", "Worker threads.", count(RuntimeMetrics::num_workers))?;
        gauge("tokio_alive_tasks", "Tasks.", count(RuntimeMetrics::num_alive_tasks))?;
        gauge(
            "tokio_global_queue_depth",
            "Tasks that wait for a worker.",
            count(RuntimeMetrics::global_queue_depth),
        )?;

        let dropped = ConstCounter::new(crate::logging::dropped_lines());
        let help = "Log lines dropped because the writer could not keep up.";
        dropped.encode(encoder.encode_descriptor(
            "log_lines_dropped",
            help,
            None,
            dropped.metric_type(),
        )?)?;
        if let Some(seconds) = cpu_seconds() {
            let (cpu, help) = (ConstCounter::new(seconds), "User and system time.");
            cpu.encode(encoder.encode_descriptor("process_cpu_seconds", help, None, cpu.metric_type())?)?;
        }
        if let Some(seconds) = self.start {
            let (start, help) = (ConstGauge::new(seconds), "Start of the process, in Unix time.");
            let name = "process_start_time_seconds";
            start.encode(encoder.encode_descriptor(name, help, None, start.metric_type())?)?;
        }
        Ok(())
    }
}

fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn open_descriptors() -> Option<u64> {
    // The descriptor of the folder itself is one of them.
    Some((fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1))
}

/// Field `number` of `/proc/self/stat` as proc(5) counts them, in seconds.
#[expect(clippy::cast_precision_loss, reason = "ticks of a process stay far below 2^52")]
fn stat_seconds(number: usize) -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: u64 = fields.split(' ').nth(number.checked_sub(3)?)?.parse().ok()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn cpu_seconds() -> Option<f64> {
    Some(stat_seconds(14)? + stat_seconds(15)?)
}

/// When the process started, in Unix time. Not by `/proc/stat`, which may be hidden where `/proc/self` is not.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 stay far below 2^52")]
fn start_seconds() -> Option<f64> {
    let seconds = |clock| {
        let time = clock_gettime(clock);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    Some(seconds(ClockId::Realtime) - seconds(ClockId::Boottime) + stat_seconds(22)?)
}
