//! Wrong usage that clap cannot find.

use crate::{
    args::{Extract, OutputFormat},
    file_id::FileId,
    target::{Source, Target},
};
use std::path::Path;
use weburl::WebUrl;

/// Checks arguments that each are right.
pub fn check(args: &Extract, targets: &[Target]) -> Result<(), String> {
    let stdin = targets.iter().filter(|target| target.source == Source::Stdin).count();
    let wrong = [
        (targets.is_empty() && args.from.is_none(), "no target: name a URL, a file, or - for standard input"),
        (stdin + usize::from(args.list_is_stdin()) > 1, "standard input can be read only once"),
        (
            args.base.is_some() && args.from.is_none() && targets.iter().all(Target::is_url),
            "--base is for HTML from a file or standard input; a URL is its own base",
        ),
        (
            args.list.api.is_some() && !targets.iter().all(Target::is_web_page),
            "--api is asked for http and https pages alone",
        ),
        (
            args.list.resume.is_some() && !matches!(args.output.format, None | Some(OutputFormat::Ndjson)),
            "--resume writes NDJSON, and no other format",
        ),
        (
            args.list.resume.as_deref() == Some(Path::new("-")),
            "--resume needs a file that can be read again; standard output cannot",
        ),
    ];
    if let Some((_, message)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
        return Err(message.to_owned());
    }
    output_is_no_input(args, targets)
}

/// The URL of `--base`. What it has of user and password is left out: the links would have them too.
pub fn base(args: &Extract) -> Result<Option<WebUrl>, String> {
    let parse = |text: &String| {
        // The parser knows them in every form, as in `http:/user:password@host`.
        let mut url = WebUrl::parse(text).map_err(|_| "--base: not a valid URL".to_owned())?;
        url.remove_credentials();
        Ok(url)
    };
    args.base.as_ref().map(parse).transpose()
}

/// The file that results are written to, if it is there and a regular one.
pub fn output_id(args: &Extract) -> Option<FileId> {
    args.output_file().map_or_else(FileId::of_stdout, |path| FileId::at(path))
}

fn output_is_no_input(args: &Extract, targets: &[Target]) -> Result<(), String> {
    let Some(output) = output_id(args) else { return Ok(()) };
    let files = targets.iter().filter_map(|target| match &target.source {
        Source::File(path) => Some((target.name(), FileId::at(path))),
        Source::Stdin => Some(("standard input", FileId::of_stdin())),
        Source::Url { .. } => None,
    });
    let list = args.from.as_deref().map(|path| match path.to_str() {
        Some("-") => ("standard input", FileId::of_stdin()),
        name => (name.unwrap_or("the list"), FileId::at(path)),
    });
    let certificates = args
        .fetch
        .cacert
        .iter()
        .map(|path| (path.to_str().unwrap_or("the file of --cacert"), FileId::at(path)));
    match files.chain(list).chain(certificates).find(|(_, id)| *id == Some(output)) {
        Some((name, _)) => Err(format!("{name} is read, so nothing can be written to it")),
        None => Ok(()),
    }
}
