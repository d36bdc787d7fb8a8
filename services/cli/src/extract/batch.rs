//! Pages that are worked on one after the other in one job. A file takes less time than to hand it from thread to thread,
//! so files come in batches.

use super::task::Task;
use crate::{
    found_page::FoundPage, local_page::LocalReader, page::PageReader, page_error::PageError, target::Source,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

/// The most files of a batch. It ends earlier after this time, or when its links take these bytes.
pub const MOST_FILES: usize = 32;
const MOST_TIME: Duration = Duration::from_millis(5);
const MOST_BYTES: usize = 128 * 1024;

pub type PageResult = Result<FoundPage, PageError>;

/// What has become of a batch.
#[derive(Debug)]
pub struct BatchResult {
    /// Its tasks, each with its result if it was begun.
    pub pages: Vec<(Task, Option<PageResult>)>,
    pub of_files: bool,
}

/// Whether `task` may be one of several in a batch.
pub fn is_short(task: &Task) -> bool {
    matches!(task.target.source, Source::File(_)) && !task.may_block
}

/// Works on `tasks`: short ones, which are `of_files`, or a single one of any kind.
pub async fn run(reader: Arc<PageReader>, tasks: Vec<Task>, of_files: bool) -> BatchResult {
    let pages = if of_files && reader.api.is_none() {
        let local = Arc::clone(&reader.local);
        let results = reader.pool.run(move || files(&local, tasks)).await;
        results.expect("panics are caught in the job")
    } else {
        let mut pages = Vec::with_capacity(tasks.len());
        for task in tasks {
            let result = reader.links(&task.target).await;
            pages.push((task, Some(result)));
        }
        pages
    };
    BatchResult { pages, of_files }
}

fn files(reader: &LocalReader, tasks: Vec<Task>) -> Vec<(Task, Option<PageResult>)> {
    let start = Instant::now();
    let (mut buffer, mut bytes, mut is_over) = (Vec::new(), 0, false);
    let mut file = |mut task: Task| {
        let Source::File(path) = &task.target.source else { return (task, None) };
        if is_over {
            return (task, None);
        }
        let read = catch_unwind(AssertUnwindSafe(|| reader.regular_file(path, &mut buffer)));
        let Ok(result) = read.unwrap_or(Ok(Err(PageError::Panicked))) else {
            task.may_block = true;
            return (task, None);
        };
        bytes += result.as_ref().map_or(0, |page| page.found.links.bytes());
        is_over = bytes > MOST_BYTES || start.elapsed() > MOST_TIME;
        (task, Some(result))
    };
    tasks.into_iter().map(&mut file).collect()
}
