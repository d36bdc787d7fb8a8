//! `linkextractor extract`: from targets to links on standard output.

use crate::{
    args::Extract,
    exit::{self, Exit, note, written},
    output::Writer,
    progress, stdout,
    target::{Target, TargetError, blocking},
};
use fetch::Fetcher;
use futures_util::{StreamExt, stream};
use kit::CpuPool;
use links::{Extraction, Method};
use std::{
    fs,
    io::{self, BufWriter},
    path::Path,
};

/// Prints the links of every target, in the order given; a target that fails is a line on standard error.
pub fn run(args: Extract) -> Result<(), Exit> {
    exit::block_on(async {
        tokio::select! {
            result = extract(args) => result,
            () = stdout::reader_closed() => Ok(()),
        }
    })
}

async fn extract(args: Extract) -> Result<(), Exit> {
    let targets = targets(&args).await.map_err(|message| Exit::Usage.because(message))?;
    let fetcher = fetcher(args.jobs).map_err(|error| Exit::Failed.because(error))?;
    match written(print(args, targets, &fetcher).await)? {
        0 => Ok(()),
        _failures => Err(Exit::Failed),
    }
}

/// The targets on the command line, then those in the file.
async fn targets(args: &Extract) -> Result<Vec<Target>, String> {
    if args.targets.is_empty() && args.from.is_none() {
        return Err("no target: name a URL, a file, or - for standard input".to_owned());
    }
    let mut targets: Vec<_> = args.targets.iter().map(Target::parse).collect();
    if let Some(file) = &args.from {
        let path = file.clone();
        let list = blocking(move || read_list(&path)).await;
        let list = list.map_err(|error| format!("{}: {error}", file.display()))?;
        targets.extend(fetch::url_list::entries(&list).map(Target::parse));
    }
    let stdin = targets.iter().filter(|target| **target == Target::Stdin).count();
    let list_is_stdin = args.from.as_deref() == Some(Path::new("-"));
    if stdin + usize::from(list_is_stdin) > 1 {
        return Err("standard input can be read only once".to_owned());
    }
    if args.base.is_some() && !targets.is_empty() && targets.iter().all(|t| matches!(t, Target::Url(_))) {
        return Err("--base is for HTML from a file or standard input; a URL is its own base".to_owned());
    }
    Ok(targets)
}

fn read_list(file: &Path) -> io::Result<String> {
    if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) }
}

fn fetcher(jobs: u8) -> Result<Fetcher, String> {
    let settings = fetch::FetchSettings {
        allow_private: true,
        // All targets may be pages of one host.
        max_jobs_per_host: jobs.into(),
        ..fetch::FetchSettings::default()
    };
    let pool = CpuPool::per_processor().map_err(|error| error.to_string())?;
    Fetcher::new(settings, pool)
}

/// Returns the number of targets that failed.
async fn print(args: Extract, targets: Vec<Target>, fetcher: &Fetcher) -> io::Result<usize> {
    let bar = progress::bar(targets.len());
    let mut writer = Writer::new(BufWriter::new(stdout::open()?), args.format, targets.len() != 1)?;
    let mut failures = 0;

    let work = async |target: Target| {
        let result = target.links(fetcher, args.base.clone(), args.xhtml, args.raw).await;
        (target, result)
    };
    let mut results = stream::iter(targets).map(work).buffered(args.jobs.into());
    while let Some((target, result)) = results.next().await {
        bar.inc(1);
        let page = target.to_string();
        bar.suspend(|| explain(&page, &result));
        match result {
            Ok(found) => writer.links(&page, &found)?,
            Err(error) => {
                failures += 1;
                writer.failure(&page, &error)?;
            }
        }
    }
    bar.finish_and_clear();
    writer.finish()?;
    Ok(failures)
}

/// Reports on standard error that a target failed, or that its links are incomplete.
fn explain(page: &str, result: &Result<Extraction, TargetError>) {
    let found = match result {
        Ok(found) => found,
        Err(error) => return note(format_args!("{page}: {error}")),
    };
    if found.unresolved > 0 {
        let options = "--base names the URL of a file or standard input, --raw prints every href as written";
        let why = "as their hrefs do not resolve or take too much memory";
        note(format_args!("{page}: links left out: {}, {why}; {options}", found.unresolved));
    }
    if found.unparsed_chunks > 0 {
        let chunks = found.unparsed_chunks;
        note(format_args!("{page}: links are missing: {chunks} parts of the page could not be parsed"));
    }
    if found.method == Method::Approximate {
        note(format_args!(
            "{page}: the links are approximate: the page is nested too deeply to be read exactly"
        ));
    }
}
