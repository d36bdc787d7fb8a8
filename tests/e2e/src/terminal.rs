//! A pseudo terminal on which a program runs, and what its screen shows.

use crate::{TIMEOUT, command};
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::File,
    io::{self, Read},
    num::NonZero,
    os::fd::OwnedFd,
    process::Stdio,
    thread,
    time::Duration,
};
use tokio::{process::Child, sync::watch, time::timeout};

const ROWS: NonZero<u16> = NonZero::new(24).expect("not zero");
const COLUMNS: NonZero<u16> = NonZero::new(100).expect("not zero");

/// A program whose standard error, and its standard output if nothing else is said, is a terminal.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    /// All that was written, as the terminal received it.
    written: watch::Receiver<Vec<u8>>,
}

impl Terminal {
    /// Starts `name`. `stdout` is the terminal too if there is none.
    pub fn start(name: &str, args: &[&str], stdin: Stdio, stdout: Option<Stdio>) -> Self {
        let (screen, device) = open().expect("a pseudo terminal");
        let device = || Stdio::from(device.try_clone().expect("a descriptor"));
        let mut command = command(name);
        command.args(args).stdin(stdin).stdout(stdout.unwrap_or_else(device)).stderr(device());
        let child = command.env("TERM", "xterm").spawn().expect("the program starts");
        let (sender, written) = watch::channel(Vec::new());
        thread::spawn(move || {
            let (mut screen, mut bytes) = (screen, [0; 4096]);
            // It fails when the last program has closed the terminal.
            while let Ok(length @ 1..) = screen.read(&mut bytes) {
                sender.send_modify(|written| written.extend_from_slice(&bytes[..length]));
            }
        });
        Self { child, written }
    }

    /// What the screen shows now.
    pub fn screen(&self) -> String {
        screen(&self.written.borrow())
    }

    /// Waits until the screen is as `condition` wants it, looking whenever something is written.
    pub async fn wait_for(&mut self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let found = self.written.wait_for(|written| condition(&screen(written)));
        let found = timeout(TIMEOUT, found).await.ok().and_then(Result::ok).map(|written| screen(&written));
        found.unwrap_or_else(|| panic!("waited for {what} on the screen:\n{}", self.screen()))
    }

    /// The process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the end; the exit status, and the screen at the end.
    pub async fn end(mut self) -> (Option<i32>, String) {
        let ended = crate::within("the end", self.child.wait()).await.expect("it can be waited for");
        // All is read once the sender is gone, as no other process has the terminal.
        let all = async { while self.written.changed().await.is_ok() {} };
        let _ = timeout(Duration::from_secs(10), all).await;
        (ended.code(), self.screen())
    }
}

fn screen(written: &[u8]) -> String {
    let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
    terminal.process(written);
    terminal.screen().contents()
}

/// Both sides of a new pseudo terminal.
fn open() -> io::Result<(File, OwnedFd)> {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&screen)?;
    unlockpt(&screen)?;
    let path = ptsname(&screen, Vec::new())?;
    // Not as the controlling terminal of the tests.
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let device = rustix::fs::open(path, flags, rustix::fs::Mode::empty())?;
    tcsetwinsize(&device, Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok((File::from(screen), device))
}
