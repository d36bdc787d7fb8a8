//! The progress bar and the summary on standard error.

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    io::{IsTerminal, Write as _, stderr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// How often the bar is drawn.
const DRAWN_PER_SECOND: u8 = 8;
/// How long the bar stays as it is while no page is done.
const REDRAWN_AFTER: Duration = Duration::from_millis(500);

/// A bar on standard error, if it is drawn: a bar that is hidden would still measure its rate for each page.
#[derive(Clone, Debug, Default)]
pub struct Bar(Option<ProgressBar>);

/// Counts what is done.
pub struct Progress {
    pub bar: Bar,
    counts: Arc<ProgressCounts>,
    since: Instant,
    summary: bool,
}

#[derive(Debug, Default)]
struct ProgressCounts {
    pages: AtomicU64,
    failed: AtomicU64,
    links: AtomicU64,
}

/// What is shown on standard error besides failures.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Whether there may be more than one page.
    pub several: bool,
    pub quiet: bool,
    /// Whether the summary is wanted without a terminal too.
    pub summary: bool,
}

impl Progress {
    /// A bar and a summary as far as `shown` and the terminal allow; `total` is the number of pages, if it is known.
    pub fn new(shown: Shown, total: Option<u64>) -> Self {
        let counts = Arc::new(ProgressCounts::default());
        let on_terminal = shown.several && !shown.quiet && stderr().is_terminal();
        let bar = Bar(on_terminal.then(|| visible(total, &counts)));
        let summary = !shown.quiet && (on_terminal || shown.summary);
        Self { bar, counts, since: Instant::now(), summary }
    }

    /// Whether the bar is drawn.
    pub fn is_visible(&self) -> bool {
        self.bar.0.as_ref().is_some_and(|bar| !bar.is_hidden())
    }

    /// Counts a page that is done, with its number of links.
    pub fn done(&self, links: usize) {
        self.counts.pages.fetch_add(1, Relaxed);
        self.counts.links.fetch_add(links as u64, Relaxed);
        self.bar.inc();
    }

    /// Counts a page that failed.
    pub fn failed(&self) {
        self.counts.failed.fetch_add(1, Relaxed);
        self.done(0);
    }

    /// Whether a page failed.
    pub fn has_failures(&self) -> bool {
        self.counts.failed.load(Relaxed) > 0
    }

    /// Removes the bar and writes the summary.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar.0 {
            bar.finish_and_clear();
        }
        if self.summary {
            // Standard error may be closed.
            let _ = writeln!(stderr(), "{}", self.counts.text(self.since.elapsed()));
        }
    }
}

impl Bar {
    /// Adds one to what is done.
    pub fn inc(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }

    /// Says how much there is to do.
    pub fn set_length(&self, length: u64) {
        if let Some(bar) = &self.0 {
            bar.set_length(length);
        }
    }

    /// Runs `write`, which writes to standard error, without the bar there.
    pub fn suspend(&self, write: impl FnOnce()) {
        match &self.0 {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl ProgressCounts {
    fn text(&self, time: Duration) -> String {
        let count = |count: &AtomicU64, one: &str, many: &str| {
            let count = count.load(Relaxed);
            format!("{} {}", HumanCount(count), if count == 1 { one } else { many })
        };
        let pages = count(&self.pages, "page", "pages");
        let failed = count(&self.failed, "failed", "failed");
        let links = count(&self.links, "link", "links");
        format!("{pages}, {failed}, {links} in {}", duration(time))
    }
}

/// A time in the unit that fits: `0.3 s`, `24 s`, `2 min 5 s`, `1 h 3 min`.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn visible(total: Option<u64>, counts: &Arc<ProgressCounts>) -> ProgressBar {
    let rates = Arc::clone(counts);
    let since = Instant::now();
    let rates = move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
        let (pages, links) = (rates.pages.load(Relaxed), rates.links.load(Relaxed));
        let per_second = |count: u64| HumanCount(count / since.elapsed().as_secs().max(1));
        let _ = write!(line, "{} pages/s, {} links/s", per_second(pages), per_second(links));
    };
    let failures = Arc::clone(counts);
    let failures = move |_: &ProgressState, line: &mut dyn std::fmt::Write| {
        let _ = write!(line, "{} failed", HumanCount(failures.failed.load(Relaxed)));
    };
    let left = |state: &ProgressState, line: &mut dyn std::fmt::Write| {
        if state.len().is_some() && state.pos() > 0 {
            let _ = write!(line, ", {} left", HumanDuration(state.eta()));
        }
    };
    let template = if total.is_some() {
        "{bar:20} {human_pos}/{human_len} {wide_msg}{rates}, {failures}{left}"
    } else {
        "{spinner} {human_pos} {wide_msg}{rates}, {failures}"
    };
    let style = ProgressStyle::with_template(template)
        .expect("a literal template")
        .with_key("rates", rates)
        .with_key("failures", failures)
        .with_key("left", left);
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
    let bar = bar.with_style(style);
    // Drawn before the first page is done, and while none is.
    bar.enable_steady_tick(REDRAWN_AFTER);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_groups_digits_and_names_the_time_in_the_unit_that_fits() {
        let counts = ProgressCounts { pages: 2000.into(), failed: 60.into(), links: 48_113.into() };
        assert_eq!(
            counts.text(Duration::from_millis(24_400)),
            "2,000 pages, 60 failed, 48,113 links in 24 s"
        );
        let counts = ProgressCounts { pages: 1.into(), failed: 0.into(), links: 1.into() };
        assert_eq!(counts.text(Duration::from_millis(340)), "1 page, 0 failed, 1 link in 0.3 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(duration(Duration::from_mins(63)), "1 h 3 min");
    }
}
