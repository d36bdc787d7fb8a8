//! `linkextractor extract`: from targets to links on standard output.

use crate::{
    args::Extract,
    exit::Exit,
    note::note,
    output::Writer,
    progress,
    target::{Target, TargetError},
};
use fetch::Fetcher;
use futures_util::{StreamExt, stream};
use kit::CpuPool;
use links::Extraction;
use std::{
    fs, io,
    io::{BufWriter, Read},
    path::Path,
};

/// Prints the links of every target, in the order given; a target that fails is a line on standard error.
pub fn run(args: Extract) -> Exit {
    let targets = match targets(&args) {
        Ok(targets) => targets,
        Err(message) => {
            note(message);
            return Exit::Usage;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Exit::of_writing(runtime.and_then(|runtime| runtime.block_on(print(args, targets))))
}

/// The targets on the command line, then those in the file.
fn targets(args: &Extract) -> Result<Vec<Target>, String> {
    if args.targets.is_empty() && args.from.is_none() {
        return Err("no target: name a URL, a file, or - for standard input".to_owned());
    }
    let mut targets: Vec<_> = args.targets.iter().map(Target::parse).collect();
    if let Some(file) = &args.from {
        let list = read_list(file).map_err(|error| format!("{}: {error}", file.display()))?;
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
    if file == Path::new("-") {
        let mut list = String::new();
        io::stdin().read_to_string(&mut list)?;
        return Ok(list);
    }
    fs::read_to_string(file)
}

async fn print(args: Extract, targets: Vec<Target>) -> io::Result<Exit> {
    // Whoever asks for so many at once may mean pages of one host.
    let max_jobs_per_host = args.jobs.into();
    let settings =
        fetch::FetchSettings { allow_private: true, max_jobs_per_host, ..fetch::FetchSettings::default() };
    let fetcher = Fetcher::new(settings, CpuPool::per_processor()?).map_err(io::Error::other)?;
    let bar = progress::bar(targets.len());
    let mut writer = Writer::new(BufWriter::new(io::stdout()), args.format, targets.len() != 1);
    writer.start()?;
    let mut exit = Exit::Done;

    let work = |target: Target| {
        let (fetcher, base) = (&fetcher, args.base.clone());
        async move {
            let result = target.links(fetcher, base, args.raw).await;
            (target, result)
        }
    };
    let mut results = stream::iter(targets).map(work).buffered(args.jobs.into());
    while let Some((target, result)) = results.next().await {
        bar.inc(1);
        let page = target.to_string();
        bar.suspend(|| explain(&page, &result));
        match result {
            Ok(found) => writer.links(&page, &found.links)?,
            Err(error) => {
                exit = Exit::Failed;
                writer.failure(&page, &error)?;
            }
        }
    }
    bar.finish_and_clear();
    writer.finish()?;
    Ok(exit)
}

/// What a person should know about a target besides its links.
fn explain(page: &str, result: &Result<Extraction, TargetError>) {
    match result {
        Err(error) => note(format_args!("{page}: {error}")),
        Ok(found) if found.unresolved > 0 => note(format_args!(
            "{page}: hrefs left out because they do not resolve: {} (see --base and --raw)",
            found.unresolved
        )),
        Ok(_) => {}
    }
}
