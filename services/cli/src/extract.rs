//! `linkextractor extract`: from targets to links on standard output or in a file.

mod batch;
mod resume;
mod run;
mod scheduler;
mod sequencer;
mod source;
mod task;
mod usage;

use crate::{
    api_client::BatchClient,
    args::{Extract, OutputFormat, SelectedLinks},
    client::UserClient,
    exit::{self, Exit, cannot_write, io_error_text, note, written_to},
    interrupt,
    local_page::{LinkExtractor, LocalReader},
    output::Writer,
    output_file::OutputFile,
    page::PageReader,
    page_format::PageFormat,
    progress::{Progress, Shown},
    stdout,
    target::Target,
};
use kit::CpuPool;
use links::{HostScope, LinkSelection};
use resume::DoneSet;
use run::{Run, RunEnd};
use scheduler::Scheduler;
use source::TargetList;
use std::{
    io::{self, BufWriter, Write},
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    thread,
};
use weburl::WebUrl;

/// How many bytes of output are gathered, unless a page is done and no other one follows at once.
const OUTPUT_BUFFER: usize = 32 * 1024;

/// Prints the links of every target; a target that fails is a line on standard error.
pub fn run(args: Extract) -> Result<(), Exit> {
    let targets: Vec<_> = args.targets.iter().map(Target::parse).collect();
    let wrong = |message: String| Exit::Usage.because(message);
    usage::check(&args, &targets).map_err(wrong)?;
    let base = usage::base(&args).map_err(wrong)?;
    exit::block_on(async {
        let to_stdout = args.output_file().is_none();
        let reader_closed = async {
            if !to_stdout {
                std::future::pending::<()>().await;
            }
            stdout::reader_closed().await;
        };
        tokio::select! {
            // On the threads that fetch: to wake this one for each page takes a tenth of the time of a small one.
            result = tokio::spawn(extract(args, targets, base)) => {
                result.unwrap_or_else(|error| resume_unwind(error.into_panic()))
            }
            () = reader_closed => Ok(()),
        }
    })
}

async fn extract(args: Extract, targets: Vec<Target>, base: Option<WebUrl>) -> Result<(), Exit> {
    let failed = |error: &dyn std::fmt::Display| Exit::Failed.because(error);
    let usage = |message: String| Exit::Usage.because(message);
    let pool = CpuPool::per_processor().map_err(|error| failed(&error))?;
    let client = UserClient::new(&args.fetch, &args.list, pool.clone(), args.may_fetch(&targets))?;
    let api = args.list.api.as_deref().map(BatchClient::new).transpose().map_err(usage)?;
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
    let (out, file, done) = output(&args)?;
    let format = PageFormat { format: args.format(), several };
    let shown = Shown { several, quiet: args.output.quiet, summary: args.output.summary };
    let total = targets.len() as u64;
    let progress = Progress::new(shown, (!args.list_is_pipe()).then_some(total));
    count_list(&args, total, &progress);
    let local = LocalReader {
        links: LinkExtractor {
            raw: args.output.raw,
            hrefs_only: format.format == OutputFormat::Text,
            selection: args.selection(),
        },
        base,
        xhtml: args.xhtml,
        limit: client.limits.max_local_bytes,
        output: usage::output_id(&args),
    };
    // One is worked on while the result of another is written.
    let file_jobs = 2 * pool.threads();
    let reader = PageReader {
        client,
        api,
        pool,
        local: Arc::new(local),
        format,
        stdin_taken: AtomicBool::new(args.list_is_stdin()),
    };
    let targets = TargetList { targets, from, done, bar: progress.bar.clone() }.read();
    let output_name = args.output_name();
    let run = async {
        Run {
            reader: Arc::new(reader),
            targets,
            scheduler: Scheduler::new(args.jobs_per_host(), args.list.delay),
            writer: Writer::new(BufWriter::with_capacity(OUTPUT_BUFFER, out), format),
            progress,
            interrupted: interrupt::watch(several),
            jobs: args.jobs(),
            file_jobs,
            retries: args.fetch.retries.unwrap_or_default(),
            ordered: args.list.ordered || format.format != OutputFormat::Ndjson,
            quiet: args.output.quiet,
        }
        .complete()
        .await
    };
    let end = match (run.await, file) {
        (Ok(RunEnd::Complete), Some(file)) => file.complete().map(|()| RunEnd::Complete),
        (end, _) => end,
    };
    match written_to(output_name, end)? {
        RunEnd::Complete => Ok(()),
        RunEnd::Failed => Err(Exit::Failed),
        RunEnd::Interrupted => Err(Exit::Interrupted),
    }
}

/// Where results go, the file of `--output`, and the targets that are done already.
type Opened = (Box<dyn Write + Send>, Option<OutputFile>, Option<DoneSet>);

fn output(args: &Extract) -> Result<Opened, Exit> {
    if let Some(path) = &args.list.resume {
        let (file, done) =
            resume::open(path, args.list.retry_failed).map_err(|error| Exit::Failed.because(error))?;
        return Ok((Box::new(file), None, Some(done)));
    }
    let opened: io::Result<Opened> = match args.output_file() {
        Some(path) => OutputFile::open(path).map(|file| (Box::new(file.clone()) as _, Some(file), None)),
        None => stdout::unbuffered().map(|stdout| (Box::new(stdout) as _, None, None)),
    };
    opened.map_err(|error| cannot_write(args.output_name(), &error))
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

    /// Whether a page may be fetched from here.
    fn may_fetch(&self, targets: &[Target]) -> bool {
        self.list.api.is_none() && (self.from.is_some() || targets.iter().any(Target::is_url))
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
