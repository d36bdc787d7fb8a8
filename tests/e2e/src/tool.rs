//! Tools that are not part of the workspace.

use std::{env, path::PathBuf};

/// The path of an installed program; none, with a word about it, where it is missing. With `CI=true` nothing is
/// passed over: there it is a failure.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Where Debian puts what root runs; not everyone's PATH has it.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(env::var("CI").as_deref() != Ok("true"), "{name} is not installed");
        eprintln!("SKIPPED, not tested: {name} is not installed");
    }
    found
}
