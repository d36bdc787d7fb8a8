//! The metrics of the local tier, read when they are asked for.

use super::local_tier::LocalTier;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};
use std::{
    fmt::{Error, Formatter},
    sync::Arc,
};

pub(super) struct LocalMetrics(pub(super) Arc<LocalTier>);

impl std::fmt::Debug for LocalMetrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result<(), Error> {
        f.write_str("LocalMetrics")
    }
}

impl Collector for LocalMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let usage = self.0.usage();
        let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        for (name, help, value) in [
            ("cache_local_bytes", "Bytes that the local tier takes.", usage.bytes),
            ("cache_local_entries", "Entries in the local tier.", usage.entries),
        ] {
            let gauge = gauge(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let (help, evictions) =
            ("Entries that left the local tier for others.", ConstCounter::new(usage.evictions));
        evictions.encode(encoder.encode_descriptor(
            "cache_local_evictions",
            help,
            None,
            evictions.metric_type(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cache_entry::CacheEntry, cache_key::CacheKey, cached_result::CachedResult};
    use fetch::{FetchError, PageUrl};
    use prometheus_client::{encoding::text, registry::Registry};
    use std::time::Duration;

    #[test]
    fn bytes_entries_and_evictions_are_reported() {
        let tier = Arc::new(LocalTier::new(10_000, Duration::ZERO));
        let failure = CachedResult::new(Err(FetchError::Dns), Duration::from_mins(1));
        for number in 0..100 {
            let key = CacheKey::of(&PageUrl::parse(&format!("http://a/{number}")).unwrap());
            tier.keep_new(&key, &CacheEntry::of(&Arc::new(failure.clone())));
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(LocalMetrics(tier)));
        let mut metrics = String::new();
        text::encode(&mut metrics, &registry).unwrap();
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse::<u64>().unwrap()
        };
        let (bytes, entries) = (value("cache_local_bytes"), value("cache_local_entries"));
        assert!(bytes <= 10_000 && entries > 5 && bytes > 256 * entries, "{metrics}");
        assert_eq!(value("cache_local_evictions_total"), 100 - entries);
    }
}
