//! Tests that need a process of their own.

use std::{env, process::Command};

/// The environment variable that is set in that process.
const ALONE: &str = "FETCH_TEST_ALONE";

/// Whether this process was started by [`run`].
pub(crate) fn is_alone() -> bool {
    env::var_os(ALONE).is_some()
}

/// Runs the test `name` alone in the process that `command` starts.
pub(crate) fn run(mut command: Command, name: &str) {
    let status = command.args(["--exact", name, "--nocapture"]).env(ALONE, "1").status().unwrap();
    assert!(status.success(), "{name} failed in its own process");
}
