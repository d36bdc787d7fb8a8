//! The formats of `/metrics`: `OpenMetrics` 1.0 where a collector asks for it, as Prometheus does, and otherwise the
//! Prometheus text format 0.0.4, which every collector reads.

use http::{HeaderMap, header};
use std::collections::HashSet;

const OPEN_METRICS: &str = "application/openmetrics-text";

/// A text format for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricsFormat {
    /// Version 1.0.0.
    OpenMetrics,
    /// Version 0.0.4.
    Prometheus,
}

impl MetricsFormat {
    /// The format that `Accept` in `headers` prefers. Only a range that names `OpenMetrics` asks for it.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let ranges = || {
            let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(','))
        };
        let best = |media_type: &str| {
            let named = ranges().filter_map(|range| {
                let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
                name.trim().eq_ignore_ascii_case(media_type).then(|| weight(parameters))
            });
            named.fold(0.0, f32::max)
        };
        let open_metrics = best(OPEN_METRICS);
        if open_metrics > 0.0 && open_metrics >= best("text/plain") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The same metrics in this format.
    pub(super) fn of_open_metrics(self, text: String) -> String {
        if self == Self::OpenMetrics { text } else { prometheus(&text) }
    }
}

/// The weight among the parameters of a media range (RFC 9110, section 12.4.2); an invalid one is 0.
fn weight(parameters: &str) -> f32 {
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let weight = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.map_or(1.0, |(_, weight)| weight.trim().parse().unwrap_or(0.0))
}

/// Converts the library's `OpenMetrics` text: in Prometheus text a counter's family is named with `_total`, and there are
/// no units and no end marker.
fn prometheus(open_metrics: &str) -> String {
    let counters: HashSet<&str> = open_metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open_metrics.len() + 64);
    for line in open_metrics.lines() {
        match line.strip_prefix("# ").and_then(|comment| comment.split_once(' ')) {
            Some((kind @ ("HELP" | "TYPE"), rest)) => {
                let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let total = if counters.contains(name) { "_total" } else { "" };
                text.extend(["# ", kind, " ", name, total, " ", rest, "\n"]);
            }
            _ if line.starts_with('#') => {}
            _ => text.extend([line, "\n"]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{MetricsFormat::*, *};
    use http::HeaderValue;

    #[test]
    fn the_format_with_the_higher_weight_is_chosen_and_open_metrics_only_by_name() {
        let from_prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        for (accept, format) in [
            (from_prometheus, OpenMetrics),
            ("application/openmetrics-text", OpenMetrics),
            ("text/plain, Application/OpenMetrics-Text; version=1.0.0", OpenMetrics),
            ("application/openmetrics-text;q=0.2, text/plain;q=0.3", Prometheus),
            ("application/openmetrics-text;q=0", Prometheus),
            ("application/openmetrics-text;q=x", Prometheus),
            ("text/plain;version=0.0.4", Prometheus),
            ("application/*, */*", Prometheus),
            ("", Prometheus),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(MetricsFormat::preferred(&headers), format, "{accept}");
        }
        assert_eq!(MetricsFormat::preferred(&HeaderMap::new()), Prometheus);
    }
}
