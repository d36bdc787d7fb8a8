//! Standard output: whether it is open, and whether its reader is still there.

use rustix::{
    event::{self, PollFd, PollFlags},
    io::{fcntl_getfd, retry_on_intr},
};
use std::{
    fs::File,
    future, io,
    os::{fd::AsFd, unix::fs::FileTypeExt},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::task;

static CLOSED_AT_START: AtomicBool = AtomicBool::new(false);

/// Runs before `main`: by then the standard library has opened `/dev/null` in place of a closed standard output, and
/// every write to it succeeds.
#[ctor::ctor]
fn check() {
    CLOSED_AT_START.store(fcntl_getfd(rustix::stdio::stdout()).is_err(), Relaxed);
}

/// Standard output without a buffer; an error if it was closed when the program started.
pub fn unbuffered() -> io::Result<File> {
    Ok(File::from(open()?.as_fd().try_clone_to_owned()?))
}

/// Standard output; an error if it was closed when the program started.
pub fn open() -> io::Result<io::Stdout> {
    if CLOSED_AT_START.load(Relaxed) { Err(io::Error::other("it is closed")) } else { Ok(io::stdout()) }
}

/// Waits until the reader of a pipe on standard output has closed it; forever if it is not a pipe.
pub async fn reader_closed() {
    if !has_reader() {
        return future::pending().await; // without a thread that waits
    }
    let poll = || {
        let stdout = io::stdout();
        // `poll` reports errors unasked.
        let mut descriptors = [PollFd::new(&stdout, PollFlags::empty())];
        let polled = retry_on_intr(|| event::poll(&mut descriptors, None));
        polled.is_ok() && descriptors[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
    };
    if !task::spawn_blocking(poll).await.unwrap_or(false) {
        future::pending::<()>().await;
    }
}

/// Whether standard output is a pipe or a socket, or may be one.
fn has_reader() -> bool {
    let kind = unbuffered().and_then(|stdout| stdout.metadata()).map(|metadata| metadata.file_type());
    kind.map_or(true, |kind| kind.is_fifo() || kind.is_socket())
}
