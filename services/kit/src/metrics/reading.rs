//! Gauges that are read for each scrape, so that what they show needs no counting.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};
use std::fmt::{Debug, Error, Formatter};

type ReadValue = Box<dyn Fn() -> u64 + Send + Sync>;

/// One gauge.
pub(super) struct GaugeReading(ReadValue);

impl GaugeReading {
    pub(super) fn new(read: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Box::new(read))
    }
}

impl Debug for GaugeReading {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result<(), Error> {
        f.write_str("GaugeReading")
    }
}

impl EncodeMetric for GaugeReading {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), Error> {
        encoder.encode_gauge(&gauge_value((self.0)()))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

/// A part of the memory of a service.
pub(super) struct BudgetReading {
    pub(super) budget: &'static str,
    /// In bytes.
    pub(super) limit: u64,
    pub(super) used: ReadValue,
    /// Parts of it that were refused, where the part counts them.
    pub(super) refused: Option<ReadValue>,
}

impl Debug for BudgetReading {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result<(), Error> {
        f.debug_struct("BudgetReading").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// All parts, as families with a label `budget`. The parts are of several crates, so a family cannot be registered by
/// one of them.
#[derive(Debug)]
pub(super) struct BudgetReadings(pub(super) Vec<BudgetReading>);

impl Collector for BudgetReadings {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut family = |name, help, value: &dyn Fn(&BudgetReading) -> u64| {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            self.0.iter().try_for_each(|part| {
                let labels = [("budget", part.budget)];
                family.encode_family(&labels)?.encode_gauge(&gauge_value(value(part)))
            })
        };
        family("memory_used_bytes", "Memory in use, by the part of limits.memory.", &|part| (part.used)())?;
        family("memory_limit_bytes", "The parts of limits.memory.", &|part| part.limit)?;
        let help = "Refusals for lack of memory, by the part of limits.memory.";
        let mut family = encoder.encode_descriptor("memory_refusals", help, None, MetricType::Counter)?;
        self.0.iter().try_for_each(|part| {
            let Some(refused) = &part.refused else { return Ok(()) };
            let labels = [("budget", part.budget)];
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&refused(), None)
        })
    }
}

fn gauge_value(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
