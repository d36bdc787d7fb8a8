//! Where results are written: an input is never written over, and what a file held stays until there is a result.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

use e2e::{Output, command, program, run, within};
use std::{fs, os::unix::fs::symlink, path::Path, process::Stdio};
use tempfile::{TempDir, tempdir};
use tokio::process::Command;

const PAGE: &str = "<a href=http://h/>x</a>";

/// A folder with a page, and a list that names it.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("page.html"), PAGE).unwrap();
    fs::write(folder.path().join("list"), "page.html\n").unwrap();
    symlink("page.html", folder.path().join("link.html")).unwrap();
    fs::hard_link(folder.path().join("list"), folder.path().join("same-list")).unwrap();
    folder
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

/// The end of `command` in `folder`.
async fn end(folder: &Path, command: &mut Command) -> Output {
    let output = within("the end", command.current_dir(folder).stdin(Stdio::null()).output()).await.unwrap();
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn an_input_is_never_written_over() {
    let folder = folder();
    let url = format!("file://{}/page.html", folder.path().display());
    let rows: [&[&str]; 8] = [
        &["page.html", "-o", "page.html"],
        &["page.html", "-o", "./link.html"],
        &["link.html", "list", "-o", "page.html"],
        &[&url, "-o", "page.html"],
        &["--from", "list", "-o", "same-list"],
        &["--from", "list", "--resume", "list"],
        &["page.html", "--resume", "page.html"],
        &["page.html", "--resume", "-"],
    ];
    for args in rows {
        let output = end(folder.path(), command("linkextractor").args(args)).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}: {}", output.stderr);
        assert_eq!(output.stderr.lines().count(), 1, "{args:?}: {}", output.stderr);
    }
    let args = ["http://127.0.0.1:1/", "--cacert", "page.html", "-o", "page.html"];
    let output = end(folder.path(), command("linkextractor").args(args)).await;
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("page.html is read"), "{}", output.stderr);
    for redirections in [
        "--from - -o list < list",
        "--from - >> list < list",
        "- -o page.html < page.html",
        "page.html >> page.html",
    ] {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec \"$0\" {redirections}")).arg(program("linkextractor"));
        let output = within("the end", shell.current_dir(folder.path()).output()).await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{redirections}");
    }
    assert_eq!(
        (read(folder.path(), "page.html").as_str(), read(folder.path(), "list").as_str()),
        (PAGE, "page.html\n")
    );
    assert!(!folder.path().join("-").exists());
}

#[tokio::test]
async fn a_page_of_a_list_that_is_the_output_is_a_failure() {
    let folder = folder();
    fs::write(folder.path().join("other.html"), PAGE).unwrap();
    fs::write(folder.path().join("list"), "page.html\nother.html\n").unwrap();
    let args = ["--from", "list", "-f", "text", "-o", "page.html"];
    let output = end(folder.path(), command("linkextractor").args(args)).await;
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("page.html: the links are written to this file"), "{}", output.stderr);
    assert_eq!(read(folder.path(), "page.html"), "http://h/\n");
}

#[tokio::test]
async fn a_file_keeps_what_it_held_until_there_is_a_result() {
    let folder = folder();
    fs::write(folder.path().join("old"), "what was there").unwrap();
    for format in ["markdown", "text", "json", "csv"] {
        let args = ["-f", format, "-o", "old", "no-such-page.html"];
        let output = end(folder.path(), command("linkextractor").args(args)).await;
        assert_eq!(output.code, Some(1));
        assert_eq!(read(folder.path(), "old"), "what was there", "{format}");
    }
    fs::write(folder.path().join("empty.html"), "no links").unwrap();
    let output = end(folder.path(), command("linkextractor").args(["-o", "old", "empty.html"])).await;
    assert_eq!((output.code, read(folder.path(), "old").as_str()), (Some(0), ""), "{}", output.stderr);
    for device in ["/dev/null", "/dev/stdout"] {
        let output = run("linkextractor", &["-o", device, "-"], PAGE.as_bytes()).await;
        assert_eq!(output.code, Some(0), "{device}: {}", output.stderr);
    }
}

#[tokio::test]
async fn user_and_password_of_a_base_are_left_out() {
    for base in [
        "http://me:s3cret@h/p",
        "http:/me:s3cret@h/p",
        "http:me:s3cret@h/p",
        "http:///me:s3cret@h/p",
        "http://:s3cret@h/p",
    ] {
        let output = run("linkextractor", &["--base", base, "-f", "ndjson", "-"], b"<a href=/x>x</a>").await;
        assert!(output.stdout.contains("\"url\":\"http://h/p\""), "{base}: {}", output.stdout);
        assert!(output.stdout.contains("\"http://h/x\""), "{}", output.stdout);
        assert!(!output.stdout.contains("s3cret"), "{}", output.stdout);
    }
    for args in [
        ["--base", "http://me:s3cret@[/", "-"],
        ["--api", "http://me:s3cret@[/", "http://h/"],
        ["--api", "http:/me:s3cret@h/", "http://h/"],
        ["--api", "http:/:s3cret@h/", "http://h/"],
    ] {
        let output = run("linkextractor", &args, b"").await;
        assert_eq!(output.code, Some(2), "{args:?}");
        assert!(!output.stderr.contains("s3cret") && output.stderr.contains(args[0]), "{}", output.stderr);
    }
}
