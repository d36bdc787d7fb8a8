//! Installed tools that are not part of the workspace.

use std::{env, path::PathBuf};

/// The path of an installed program. If it is missing, prints that the test is skipped and returns `None`; with `CI=true`
/// that is a failure instead.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian installs servers here, and not every PATH has it.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(env::var("CI").as_deref() != Ok("true"), "{name} is not installed");
        eprintln!("SKIPPED, not tested: {name} is not installed");
    }
    found
}
