//! The run: targets are read, begun as the limits allow, and written when they are done.

use super::{
    batch::{self, BatchResult, PageResult},
    scheduler::Scheduler,
    sequencer::Sequencer,
    task::{Again, Task},
};
use crate::{
    done_page::{DonePage, PageReport},
    exit::note,
    interrupt::GRACE,
    output::Writer,
    page::PageReader,
    progress::Progress,
    target::Target,
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{
    future::pending,
    io::{self, Write},
    sync::Arc,
};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinSet, yield_now},
    time::{Instant, sleep_until},
};

/// What a run is made of.
pub struct Run<W> {
    pub reader: Arc<PageReader>,
    pub targets: mpsc::Receiver<Result<Vec<Target>, String>>,
    pub scheduler: Scheduler,
    pub writer: Writer<W>,
    pub progress: Progress,
    pub interrupted: watch::Receiver<bool>,
    pub jobs: usize,
    /// How many of the jobs may be batches of files.
    pub file_jobs: usize,
    pub retries: u32,
    /// Whether pages are written in the order of the list.
    pub ordered: bool,
    pub quiet: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunEnd {
    #[default]
    Complete,
    /// A target failed, or the list could not be read to its end.
    Failed,
    Interrupted,
}

/// The jobs in progress, with the number of their pages.
#[derive(Default)]
struct RunningJobs {
    /// Batches of files: their threads wake the run itself, without a task between them.
    files: FuturesUnordered<BoxFuture<'static, BatchResult>>,
    others: JoinSet<BatchResult>,
    pages: usize,
}

impl RunningJobs {
    fn len(&self) -> usize {
        self.files.len() + self.others.len()
    }

    /// The next one that is done; `None` if there are none. Jobs are cancelled only where the program ends, as when its
    /// reader has gone.
    async fn next(&mut self) -> Option<Result<BatchResult, JoinError>> {
        tokio::select! {
            Some(batch) = self.files.next() => Some(Ok(batch)),
            Some(result) = self.others.join_next() => match result {
                Err(error) if error.is_cancelled() => pending().await,
                result => Some(result),
            },
            else => None,
        }
    }
}

impl<W: Write> Run<W> {
    /// Works until all is done. An error is one of the output.
    pub async fn complete(mut self) -> io::Result<RunEnd> {
        let mut jobs = RunningJobs::default();
        let mut sequencer = Sequencer::default();
        let (mut begun, mut reading, mut list_failed) = (0, true, false);
        let (mut deadline, mut unflushed) = (None, false);
        loop {
            self.begin(&mut jobs, &sequencer, deadline.is_some());
            let idle = jobs.len() == 0 && (deadline.is_some() || !reading && self.scheduler.is_empty());
            if idle {
                break;
            }
            tokio::select! {
                Some(result) = jobs.next() => {
                    let mut finished = Some(result);
                    while let Some(result) = finished {
                        // A job does not panic, as its work is done elsewhere.
                        let batch = result.map_err(io::Error::other)?;
                        jobs.pages -= batch.len();
                        self.finished(batch, &mut sequencer)?;
                        finished = jobs.next().now_or_never().flatten();
                    }
                    unflushed = true;
                }
                // Other tasks run first: their pages are written by the same call.
                () = yield_now(), if unflushed => {
                    self.writer.flush()?;
                    unflushed = false;
                }
                targets = self.targets.recv(), if reading && deadline.is_none() && self.scheduler.has_room() => {
                    match targets {
                        Some(Ok(targets)) => {
                            for target in targets {
                                self.scheduler.push(Task::new(begun, target), Instant::now());
                                begun += 1;
                            }
                        }
                        Some(Err(error)) => {
                            list_failed = true;
                            self.progress.bar.suspend(|| note(error));
                        }
                        None => reading = false,
                    }
                }
                () = at(self.scheduler.wakes_at()), if deadline.is_none() => {}
                () = interrupt(&mut self.interrupted), if deadline.is_none() => {
                    deadline = Some(Instant::now() + GRACE);
                    self.stopping(jobs.pages);
                }
                () = at(deadline), if deadline.is_some() => break,
            }
        }
        for (page, result) in sequencer.rest() {
            self.write(&page, result)?;
        }
        self.progress.finish();
        self.writer.finish()?;
        Ok(match deadline {
            Some(_) => RunEnd::Interrupted,
            None if list_failed || self.progress.has_failures() => RunEnd::Failed,
            None => RunEnd::Complete,
        })
    }

    fn begin(&mut self, jobs: &mut RunningJobs, sequencer: &Sequencer<(Target, PageResult)>, stopping: bool) {
        if stopping {
            return;
        }
        let now = Instant::now();
        // Also if nothing can be begun: the run would be woken at once again.
        self.scheduler.promote(now);
        while jobs.len() < self.jobs {
            let allowed = |index, more| !self.ordered || sequencer.may_begin(index, jobs.pages + more);
            let mut tasks = Vec::new();
            let next_is_short = self.scheduler.local().is_some_and(batch::is_short);
            let files_must_wait = next_is_short && jobs.files.len() == self.file_jobs;
            while let Some(task) = self.scheduler.local().filter(|task| batch::is_short(task))
                && !files_must_wait
                && tasks.len() < batch::MOST_FILES
                && allowed(task.index, tasks.len())
            {
                tasks.extend(self.scheduler.take_local());
            }
            let of_files = !tasks.is_empty();
            if files_must_wait {
                tasks.extend(self.scheduler.next_of_host(now, |index| allowed(index, 0)));
            } else if !of_files {
                tasks.extend(self.scheduler.next(now, |index| allowed(index, 0)));
            }
            if tasks.is_empty() {
                return;
            }
            jobs.pages += tasks.len();
            let reader = Arc::clone(&self.reader);
            if of_files && reader.api.is_none() {
                jobs.files.push(batch::files(reader, tasks).boxed());
            } else {
                jobs.others.spawn(batch::others(reader, tasks).boxed());
            }
        }
    }

    /// Writes what is done, and keeps what was not begun.
    fn finished(
        &mut self,
        batch: BatchResult,
        sequencer: &mut Sequencer<(Target, PageResult)>,
    ) -> io::Result<()> {
        let now = Instant::now();
        for (task, result) in batch {
            match result {
                Some(result) => self.page_finished(task, result, sequencer, now)?,
                None => self.scheduler.put_back(task),
            }
        }
        Ok(())
    }

    /// Writes a page that is done, or arranges that it is tried again.
    fn page_finished(
        &mut self,
        mut task: Task,
        result: PageResult,
        sequencer: &mut Sequencer<(Target, PageResult)>,
        now: Instant,
    ) -> io::Result<()> {
        self.scheduler.finished(task.host.as_ref(), now);
        let again = result.as_ref().err().and_then(|error| task.again(error, self.retries));
        // What is tried again is not done: an interrupted run leaves it to the next one.
        match again {
            Some(Again::After(pause)) => self.scheduler.push_again(task, now + pause, false, now),
            Some(Again::HostAfter(pause)) => self.scheduler.push_again(task, now + pause, true, now),
            None if self.ordered => {
                let bytes = result.as_ref().map_or(0, DonePage::bytes);
                sequencer.push(task.index, (task.target, result), bytes);
                while let Some((target, result)) = sequencer.pop() {
                    self.write(&target, result)?;
                }
            }
            None => self.write(&task.target, result)?,
        }
        Ok(())
    }

    fn write(&mut self, target: &Target, result: PageResult) -> io::Result<()> {
        match result {
            Ok(page) => {
                self.progress.done(page.report.links);
                if !self.quiet && page.report.is_incomplete() {
                    self.progress
                        .bar
                        .suspend(|| warn(target, &page.report, self.reader.local.base.is_some()));
                }
                self.writer.page(target.name(), &page)
            }
            Err(error) => {
                self.progress.failed();
                let text = error.text(target, &self.reader.client.limits);
                self.progress.bar.suspend(|| note(format_args!("{target}: {text}")));
                self.writer.failure(target.name(), &error, text)
            }
        }
    }

    fn stopping(&self, in_progress: usize) {
        if !self.quiet && self.progress.is_visible() {
            self.progress.bar.suspend(|| {
                note(format_args!("finishing {in_progress} pages in progress; Ctrl-C again stops at once"));
            });
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

async fn interrupt(interrupted: &mut watch::Receiver<bool>) {
    // The sender ends with the program, or at once if there are no signals here.
    if interrupted.wait_for(|interrupted| *interrupted).await.is_err() {
        pending::<()>().await;
    }
}

/// Reports on standard error that the links of a page are incomplete; `has_base` if `--base` is given.
fn warn(target: &Target, report: &PageReport, has_base: bool) {
    if report.unresolved > 0 {
        // The options that can be used with the target.
        let options = if report.is_of_api {
            ""
        } else if has_base || target.is_url() {
            "; --raw prints every href as written"
        } else {
            "; --base names the URL of a file or standard input, --raw prints every href as written"
        };
        let why = "as their hrefs do not resolve or take too much memory";
        note(format_args!("{target}: links left out: {}, {why}{options}", report.unresolved));
    }
    if report.unparsed_chunks > 0 {
        let chunks = report.unparsed_chunks;
        note(format_args!("{target}: links are missing: {chunks} parts of the page could not be parsed"));
    }
    if report.is_approximate {
        note(format_args!(
            "{target}: the links are approximate: the page is nested too deeply to be read exactly"
        ));
    }
}
