//! Converts the `OpenMetrics` text of the library to the Prometheus text format 0.0.4, which every collector reads: a
//! counter's family is named with `_total`, and there are no units and no end marker.

use std::collections::HashSet;

pub(super) fn prometheus(open_metrics: &str) -> String {
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
                let rest = if kind == "TYPE" && rest == "unknown" { "untyped" } else { rest };
                text.extend(["# ", kind, " ", name, total, " ", rest, "\n"]);
            }
            _ if line.starts_with('#') => {}
            _ => text.extend([line, "\n"]),
        }
    }
    text
}
