//! The allocator, chosen so that the memory of a load goes back to the system after it. That of musl has one lock for all
//! threads, so mimalloc stands in; that of glibc is kept, with the settings below.

use std::{env, io, os::unix::process::CommandExt, path::Path, process::Command};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In the environment of a program that was started again: its allocator may have removed the settings that it has read.
const STARTED_AGAIN: &str = "KIT_ALLOCATOR";

/// `mallopt(3)`: blocks from 128 KiB on are mapped one by one, and unmapped when they are freed. glibc begins with these
/// values, but raises them up to 32 MiB with each such block that is freed; a value that is set stays.
#[cfg(not(target_env = "musl"))]
const SETTINGS: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// mimalloc gives memory back when it is next asked for some; after a load that would be never.
#[cfg(target_env = "musl")]
const SETTINGS: [(&str, &str); 1] = [("MIMALLOC_PURGE_DELAY", "0")];

/// The prefixes of variables with which an operator sets the allocator.
const PREFIXES: [&str; 3] = ["GLIBC_TUNABLES", "MALLOC_", "MIMALLOC_"];

/// Starts this program again, in the same process, with settings for its allocator, which reads them only at the start of
/// a program; safe Rust has no other way to it. Does nothing if the environment has such settings, or outside Linux.
///
/// To be called first in a server: before there are threads or open files, and before anything is read, since a pipe can be
/// read only once. Without the settings the program works as well, and holds more memory: that it cannot be started again
/// is no error.
pub fn configure_allocator() {
    let is_set = |name: &str| name == STARTED_AGAIN || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if !cfg!(target_os = "linux") || env::vars_os().any(|(name, _)| name.to_str().is_some_and(is_set)) {
        return;
    }
    let _: io::Result<()> = env::current_exe().and_then(|program| {
        if is_library(&program) {
            return Ok(());
        }
        let mut arguments = env::args_os();
        let mut command = Command::new(program);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        Err(command.args(arguments).envs(SETTINGS).env(STARTED_AGAIN, "set").exec())
    });
}

/// Whether `program` is the dynamic loader, a shared library that was told to run this program, as in `ld.so ./program`.
fn is_library(program: &Path) -> bool {
    program.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"))
}
