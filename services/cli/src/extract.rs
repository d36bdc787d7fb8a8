//! `linkextractor extract`: from targets to links on standard output or in a file.

mod resume;
mod run;
mod scheduler;
mod sequencer;
mod source;
mod task;

use crate::{
    api_client::BatchClient,
    args::{Extract, OutputFormat, SelectedLinks},
    client::UserClient,
    exit::{self, Exit, cannot_write, io_error_text, note, written_to},
    interrupt,
    output::Writer,
    page::PageReader,
    progress::{Progress, Shown},
    stdout,
    target::{Source, Target},
};
use kit::CpuPool;
use links::{HostScope, LinkSelection};
use resume::DoneSet;
use run::{Run, RunEnd};
use scheduler::Scheduler;
use source::TargetList;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    thread,
};

/// Prints the links of every target; a target that fails is a line on standard error.
pub fn run(args: Extract) -> Result<(), Exit> {
    let targets: Vec<_> = args.targets.iter().map(Target::parse).collect();
    check(&args, &targets).map_err(|message| Exit::Usage.because(message))?;
    exit::block_on(async {
        let to_stdout = args.output_file().is_none();
        let reader_closed = async {
            if !to_stdout {
                std::future::pending::<()>().await;
            }
            stdout::reader_closed().await;
        };
        tokio::select! {
            result = extract(args, targets) => result,
            () = reader_closed => Ok(()),
        }
    })
}

/// What clap cannot check.
fn check(args: &Extract, targets: &[Target]) -> Result<(), String> {
    if targets.is_empty() && args.from.is_none() {
        return Err("no target: name a URL, a file, or - for standard input".to_owned());
    }
    let stdin = targets.iter().filter(|target| target.source == Source::Stdin).count();
    if stdin + usize::from(args.list_is_stdin()) > 1 {
        return Err("standard input can be read only once".to_owned());
    }
    if args.base.is_some() && args.from.is_none() && targets.iter().all(Target::is_url) {
        return Err("--base is for HTML from a file or standard input; a URL is its own base".to_owned());
    }
    if args.list.api.is_some() && targets.iter().any(|target| !target.is_url()) {
        return Err("--api is asked for http and https pages alone".to_owned());
    }
    if args.list.resume.is_some() && !matches!(args.output.format, None | Some(OutputFormat::Ndjson)) {
        return Err("--resume writes NDJSON, and no other format".to_owned());
    }
    Ok(())
}

async fn extract(args: Extract, targets: Vec<Target>) -> Result<(), Exit> {
    let failed = |error: &dyn std::fmt::Display| Exit::Failed.because(error);
    let usage = |message: String| Exit::Usage.because(message);
    let pool = CpuPool::per_processor().map_err(|error| failed(&error))?;
    let client = UserClient::new(&args.fetch, &args.list, pool.clone())?;
    let api = args
        .list
        .api
        .as_ref()
        .map(BatchClient::new)
        .transpose()
        .map_err(|error| Exit::Usage.because(error))?;
    if args.fetch.insecure && !args.output.quiet {
        note("warning: --insecure: certificates are not verified");
    }
    let from = args.from.as_deref().map(|path| {
        let list =
            source::open(path).map_err(|error| format!("{}: {}", path.display(), io_error_text(&error)));
        list.map(|list| (path.to_owned(), list))
    });
    let from = from.transpose().map_err(usage)?;
    let several = targets.len() != 1 || from.is_some();
    let (out, done) = output(&args)?;
    let format = args.format();
    let shown = Shown { several, quiet: args.output.quiet, summary: args.output.summary };
    let total = targets.len() as u64;
    let progress = Progress::new(shown, (!args.list_is_pipe()).then_some(total));
    count_list(&args, total, &progress);
    let reader = PageReader {
        client,
        api,
        pool,
        base: args.base.clone(),
        xhtml: args.xhtml,
        raw: args.output.raw,
        selection: args.selection(),
        stdin_taken: AtomicBool::new(args.list_is_stdin()),
    };
    let targets = TargetList { targets, from, done, bar: progress.bar.clone() }.read();
    let output_name = args.output_name();
    let run = async {
        Run {
            reader: Arc::new(reader),
            targets,
            scheduler: Scheduler::new(args.jobs_per_host(), args.list.delay),
            writer: Writer::new(BufWriter::new(out), format, several)?,
            progress,
            interrupted: interrupt::watch(several),
            jobs: args.jobs(),
            retries: args.fetch.retries.unwrap_or_default(),
            ordered: args.list.ordered || format != OutputFormat::Ndjson,
            quiet: args.output.quiet,
        }
        .complete()
        .await
    };
    match written_to(output_name, run.await)? {
        RunEnd::Complete => Ok(()),
        RunEnd::Failed => Err(Exit::Failed),
        RunEnd::Interrupted => Err(Exit::Interrupted),
    }
}

/// Where results go, and the targets that are done already.
fn output(args: &Extract) -> Result<(Box<dyn Write>, Option<DoneSet>), Exit> {
    if let Some(path) = &args.list.resume {
        let (file, done) =
            resume::open(path, args.list.retry_failed).map_err(|error| Exit::Failed.because(error))?;
        return Ok((Box::new(file), Some(done)));
    }
    let opened = match args.output_file() {
        Some(path) => File::create(path).map(|file| Box::new(file) as Box<dyn Write>),
        None => stdout::open().map(|stdout| Box::new(stdout) as Box<dyn Write>),
    };
    opened.map(|out| (out, None)).map_err(|error| cannot_write(args.output_name(), &error))
}

/// Counts the list for the bar, beside the work.
fn count_list(args: &Extract, others: u64, progress: &Progress) {
    if let Some(path) = args.from.clone().filter(|_| progress.is_visible()) {
        let bar = progress.bar.clone();
        thread::spawn(move || source::count(&path).map(|count| bar.set_length(others + count)));
    }
}

impl Extract {
    fn format(&self) -> OutputFormat {
        let default = if self.list.resume.is_some() { OutputFormat::Ndjson } else { OutputFormat::Markdown };
        self.output.format.unwrap_or(default)
    }

    /// The file that results are written to, if it is not standard output.
    fn output_file(&self) -> Option<&PathBuf> {
        self.list.resume.as_ref().or(self.output.output.as_ref().filter(|path| *path != Path::new("-")))
    }

    fn output_name(&self) -> String {
        self.output_file().map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
    }

    fn jobs(&self) -> usize {
        let default = if self.list.api.is_some() { 64 } else { 16 };
        self.list.jobs.unwrap_or(default).into()
    }

    /// The API has limits of its own for each host.
    fn jobs_per_host(&self) -> usize {
        if self.list.api.is_some() { usize::MAX } else { self.list.jobs_per_host.into() }
    }

    fn list_is_stdin(&self) -> bool {
        self.from.as_deref() == Some(Path::new("-"))
    }

    /// Whether the number of targets cannot be known.
    fn list_is_pipe(&self) -> bool {
        self.from.as_ref().is_some_and(|path| !path.is_file())
    }

    fn selection(&self) -> LinkSelection {
        let scope = match self.output.links {
            SelectedLinks::All => None,
            SelectedLinks::Internal => Some(HostScope::Internal),
            SelectedLinks::External => Some(HostScope::External),
        };
        LinkSelection { scope, unique: self.output.unique }
    }
}
