//! Installed tools that are not part of the workspace.

use crate::within;
use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{io::AsyncWriteExt, process::Command};

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

/// Runs `tool` with `input` on standard input; its exit status and all that it printed.
pub async fn output_of(tool: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = Command::new(tool);
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("an installed tool");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may end without reading all.
    let feed = async move { drop(stdin.write_all(input.as_bytes()).await) };
    let name = tool.display().to_string();
    let (output, ()) = within(&name, async { tokio::join!(child.wait_with_output(), feed) }).await;
    let output = output.expect("output");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}
