//! Pages that are worked on one after the other in one job. A file takes less time than to hand it from thread to thread,
//! so files come in batches.

use super::task::Task;
use crate::{done_page::DonePage, page::PageReader, page_error::PageError, target::Source};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

/// The most files of a batch. It ends earlier after this time, or when its output takes these bytes.
pub const MOST_FILES: usize = 32;
const MOST_TIME: Duration = Duration::from_millis(5);
const MOST_BYTES: usize = 32 * 1024;
/// The most bytes of each buffer that a thread keeps for the next batch.
const KEPT: usize = 256 * 1024;

pub type PageResult = Result<DonePage, PageError>;

/// The tasks of a batch, each with its result if it was begun.
pub type BatchResult = Vec<(Task, Option<PageResult>)>;

/// Whether `task` may be one of several in a batch.
pub fn is_short(task: &Task) -> bool {
    matches!(task.target.source, Source::File(_)) && !task.may_block
}

/// Works on the pages of `tasks`, files which are short, on a thread of the pool.
pub async fn files(reader: Arc<PageReader>, tasks: Vec<Task>) -> BatchResult {
    let pool = reader.pool.clone();
    pool.run(move || read_files(&reader, tasks)).await.expect("panics are caught in the job")
}

/// Works on the pages of `tasks`, of any kind.
pub async fn others(reader: Arc<PageReader>, tasks: Vec<Task>) -> BatchResult {
    let mut pages = Vec::with_capacity(tasks.len());
    for task in tasks {
        let result = reader.page(&task.target).await;
        pages.push((task, Some(result)));
    }
    pages
}

/// Memory for one page after the other.
#[derive(Default)]
struct Buffers {
    page: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static BUFFERS: Cell<Buffers> = Cell::default();
}

fn read_files(reader: &PageReader, tasks: Vec<Task>) -> BatchResult {
    let start = Instant::now();
    let (mut bytes, mut is_over) = (0, false);
    let mut buffers = BUFFERS.take();
    let mut file = |mut task: Task| {
        let Source::File(path) = &task.target.source else { return (task, None) };
        if is_over {
            return (task, None);
        }
        let read = catch_unwind(AssertUnwindSafe(|| {
            let found = reader.local.regular_file(path, &mut buffers.page);
            let name = task.target.name();
            found.map(|found| found.map(|page| DonePage::new(page, name, reader.format, &mut buffers.output)))
        }));
        let Ok(result) = read.unwrap_or(Ok(Err(PageError::Panicked))) else {
            task.may_block = true;
            return (task, None);
        };
        bytes += result.as_ref().map_or(0, DonePage::bytes);
        is_over = bytes > MOST_BYTES || start.elapsed() > MOST_TIME;
        (task, Some(result))
    };
    let pages = tasks.into_iter().map(&mut file).collect();
    buffers.page.truncate(KEPT);
    buffers.page.shrink_to(KEPT);
    buffers.output.clear();
    buffers.output.shrink_to(KEPT);
    BUFFERS.set(buffers);
    pages
}
