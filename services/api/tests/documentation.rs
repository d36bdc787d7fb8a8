//! The examples of docs/api.md: each command prints what stands below it.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Origin, Page};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Stdio};
use support::Service;
use tokio::process::Command;

const DOCS: &str = include_str!("../../../docs/api.md");
const PAGE: &str = "<title>Example Domain</title>\
                    <a href=https://www.iana.org/domains/example>More information...</a>";

/// A command, and the lines that it prints.
type Example = (String, Vec<String>);

fn examples() -> Vec<Example> {
    let blocks = DOCS.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let example = |block: &str| {
        let (mut command, mut lines) = (String::new(), block.lines());
        for line in lines.by_ref() {
            command += line.strip_prefix("$ ").unwrap_or(line);
            command.push('\n');
            // A command goes on after a pipe.
            if !line.ends_with('|') {
                break;
            }
        }
        (command, lines.map(str::to_owned).collect())
    };
    blocks.map(example).collect()
}

/// Whether `line` is `expected`, in which `…` stands for anything and an age for any.
fn is_like(line: &str, expected: &str) -> bool {
    let expected = expected.replace("\"age\":12", "\"age\":…");
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|start| line.strip_prefix(start)) else { return false };
    let mut whole = true;
    for part in parts {
        whole = false;
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || (!whole && expected.ends_with('…'))
}

/// A folder with a `chromium` that also runs as root.
fn programs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script =
        |path: &Path| format!("#!/bin/sh\nexec '{}' --no-sandbox \"$@\" 2>/dev/null\n", path.display());
    if let Some(chromium) = e2e::installed("chromium") {
        let file = folder.path().join("chromium");
        fs::write(&file, script(&chromium)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[tokio::test]
async fn every_example_prints_what_the_documentation_says() {
    let (origin, api, programs) = (Origin::start().await, Service::start().await, programs());
    let page = origin.page("/", Page::html(PAGE));
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let examples = examples();
    assert!(examples.len() >= 4, "the examples are found");
    let adapted = |text: &str| {
        text.replace("http://localhost:5000", &format!("http://{}", api.address()))
            .replace("https://example.com/", &page)
    };
    for (command, expected) in examples {
        if command.contains("chromium") && !programs.path().join("chromium").exists() {
            continue;
        }
        let command = adapted(&command);
        let shell =
            Command::new("bash").args(["-c", &command]).env("PATH", &path).stderr(Stdio::null()).output();
        let output = e2e::within("the example", shell).await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (mut printed, mut expected): (Vec<_>, Vec<_>) =
            (text.lines().collect(), expected.iter().map(|line| adapted(line)).collect());
        // Pages of a batch are done in any order.
        printed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(printed.len(), expected.len(), "{command}{text}");
        for (line, expected) in printed.iter().zip(&expected) {
            assert!(is_like(line, expected), "{command}{line}\nexpected: {expected}");
        }
    }
}

#[test]
fn lines_are_compared_with_gaps() {
    assert!(is_like("a\"age\":7b", "a\"age\":12b") && is_like("a1b2c", "a…b…c") && is_like("ab", "a…"));
    assert!(!is_like("a1b2", "a…b") && !is_like("ab", "a") && !is_like("b", "…a"));
}
