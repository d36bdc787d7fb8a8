//! The command line's formats, exit status and messages.

use e2e::{Origin, Output, command, program, run, within};
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    process::Stdio,
};
use tempfile::tempdir;
use tokio::process::Command;

const PAGE: &[u8] = b"<a href=/a>A &amp; B</a><a href='x,\"y\"'>one\x00\x1b\ntwo</a><a href=#f><img></a>";

async fn format(format: &str) -> Output {
    let output =
        run("linkextractor", &["extract", "--format", format, "--base", "http://h/p", "-"], PAGE).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{format}");
    output
}

#[tokio::test]
async fn each_format_is_written_as_documented() {
    // The tree drops NUL; the line forms replace the escape character.
    let text = "one\u{fffd} two";
    assert_eq!(
        format("markdown").await.stdout,
        format!("[A & B](http://h/a)\n[{text}](http://h/x,%22y%22)\n[[IMG]](http://h/p#f)\n")
    );
    assert_eq!(format("text").await.stdout, "http://h/a\nhttp://h/x,%22y%22\nhttp://h/p#f\n");
    assert_eq!(
        format("csv").await.stdout,
        format!("text,href\r\nA & B,http://h/a\r\n{text},\"http://h/x,%22y%22\"\r\n[IMG],http://h/p#f\r\n")
    );
    let links = json!([
        { "text": "A & B", "href": "http://h/a" },
        { "text": "one\u{1b} two", "href": "http://h/x,%22y%22" },
        { "text": "[IMG]", "href": "http://h/p#f" }
    ]);
    assert_eq!(serde_json::from_str::<Value>(&format("json").await.stdout).unwrap(), links);
    let line = format("ndjson").await.stdout;
    let mut found: Value = serde_json::from_str(&line).unwrap();
    let fetched = found.as_object_mut().unwrap().remove("fetched").unwrap();
    assert!(fetched.as_str().unwrap().ends_with('Z'), "{fetched}");
    let page = json!({
        "page": "-", "url": "http://h/p", "title": null, "count": 3, "unresolved": 0, "approximate": false, "links": links
    });
    assert_eq!(found, page);
    assert_eq!(line.matches('\n').count(), 1);
}

#[tokio::test]
async fn raw_prints_every_href_as_written() {
    let page = b"<a href=' /x '>x</a><a href='https://[bad/'>bad</a><a>none</a>";
    let raw = run("linkextractor", &["--raw", "--format", "text", "-"], page).await;
    assert_eq!((raw.code, raw.stdout.as_str(), raw.stderr.as_str()), (Some(0), " /x \nhttps://[bad/\n", ""));
}

#[tokio::test]
async fn links_left_out_and_approximate_answers_are_reported_on_standard_error() {
    let unresolved = "<a href=/x>x</a><a href='https://[bad/'>bad</a>".to_owned();
    let nested = "<a href=http://h/>x</a>".to_owned() + &"<b><p>".repeat(50_000);
    let rows = [
        (unresolved, "linkextractor: -: links left out: 1, ", "--raw"),
        (nested, "linkextractor: -: the links are approximate", "nested"),
    ];
    for (page, beginning, reason) in rows {
        let output =
            run("linkextractor", &["--format", "text", "--base", "http://h/", "-"], page.as_bytes()).await;
        assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 1), "{}", output.stderr);
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
        assert!(!output.stderr.contains("--base"), "it is given: {}", output.stderr);
        assert!(output.stderr.starts_with(beginning) && output.stderr.contains(reason), "{}", output.stderr);
    }
    let page = "<a href=x>x</a>";
    let without = run("linkextractor", &["-"], page.as_bytes()).await;
    assert!(without.stderr.contains("--base"), "{}", without.stderr);
}

#[tokio::test]
async fn ndjson_has_the_title_the_counts_of_links_and_whether_the_answer_is_approximate() {
    let page = format!(
        "<title> A\n&amp; B</title><a href='https://[bad/'>bad</a>{}<a href=http://h/>x</a>",
        "<div>".repeat(5000)
    );
    let output = run("linkextractor", &["--format", "ndjson", "-"], page.as_bytes()).await;
    let line: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&line["count"], &line["unresolved"]), (&json!(1), &json!(1)));
    assert_eq!((&line["title"], &line["approximate"]), (&json!("A & B"), &json!(true)));
}

#[tokio::test]
async fn several_targets_are_printed_in_order_and_a_failure_is_reported() {
    let (origin, page) = Origin::with_link().await;
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<base href=http://f/><a href=y>y</a>").unwrap();
    let file = file.to_str().unwrap();
    let missing = format!("http://{}/missing", origin.address());

    let list = format!("# pages\n{page}\n\n{missing}\n{file}\n");
    let ndjson = run(
        "linkextractor",
        &["--from", "-", "--jobs", "3", "--format", "ndjson", "--ordered"],
        list.as_bytes(),
    )
    .await;
    assert_eq!(ndjson.code, Some(1));
    assert!(ndjson.stderr.contains(&missing) && ndjson.stderr.contains("404"), "{}", ndjson.stderr);
    let mut pages: Vec<Value> =
        ndjson.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(pages.len(), 3);
    for page in &mut pages {
        page.as_object_mut().unwrap().remove("fetched");
    }
    let line = |page: &str, url: &str, text: &str, href: String| {
        let links = [json!({ "text": text, "href": href })];
        json!({
            "page": page, "url": url, "title": null, "count": 1, "unresolved": 0, "approximate": false, "links": links
        })
    };
    assert_eq!(pages[0], line(&page, &page, "x", format!("{page}x")));
    assert_eq!(pages[1]["page"], missing);
    assert_eq!(pages[1]["error"]["code"], "upstream-status");
    assert!(pages[1]["error"]["detail"].as_str().unwrap().contains("404"));
    assert_eq!(pages[2], line(file, &format!("file://{file}"), "y", "http://f/y".into()));

    let csv = run("linkextractor", &["--format", "csv", &page, file], b"").await;
    assert_eq!(
        (csv.code, csv.stdout),
        (Some(0), format!("page,text,href\r\n{page},x,{page}x\r\n{file},y,http://f/y\r\n"))
    );
    let json = run("linkextractor", &["--format", "json", &page, file, &missing], b"").await;
    let links = json!([{ "text": "x", "href": format!("{page}x") }, { "text": "y", "href": "http://f/y" }]);
    assert_eq!((json.code, serde_json::from_str::<Value>(&json.stdout).unwrap()), (Some(1), links));
}

#[tokio::test]
async fn jobs_targets_are_fetched_at_once_even_from_one_host() {
    let (origin, page) = Origin::with_link().await;
    origin.hold();
    let list = format!("{page}\n").repeat(12);
    let answer = async {
        origin.wait_for_requests(12).await;
        origin.release();
    };
    let args = ["--from", "-", "--jobs", "12", "--jobs-per-host", "12"];
    let (output, ()) = tokio::join!(run("linkextractor", &args, list.as_bytes()), answer);
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 12), "{}", output.stderr);
}

#[tokio::test]
async fn wrong_usage_exits_with_2_and_a_failed_target_with_1() {
    let wrong: [&[&str]; 7] = [
        &["--format", "xml", "page.html"],
        &["--nonsense"],
        &[],
        &["extract"],
        &["--format", "json"],
        &["-", "-"],
        &["--base", "no url", "-"],
    ];
    for args in wrong {
        let output = run("linkextractor", args, b"").await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
    for target in ["no-such-file.html", "ftp://example.com/", "http://a..b/", "."] {
        let output = run("linkextractor", &[target], b"").await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{target}");
        assert!(output.stderr.contains(target), "{}", output.stderr);
    }
}

#[tokio::test]
async fn it_ends_with_status_0_when_its_reader_closes_the_pipe() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<a href=http://h/>link</a>".repeat(10_000)).unwrap();
    let file = file.to_str().unwrap();
    let (origin, page) = Origin::with_link().await;
    origin.hold();
    let rows: [&[&str]; 7] =
        [&[file], &["-"], &["--from", "-"], &["-", file], &[file, "-"], &[&page], &[&page, "-"]];
    for args in rows {
        let requests = origin.requests();
        let mut child = command("linkextractor")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let open = child.stdin.take();
        if args[0] == page {
            origin.wait_for_requests(requests + 1).await;
        }
        drop(child.stdout.take());
        let output = within(&format!("the end of {args:?}"), child.wait_with_output()).await.unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{args:?}");
        drop(open);
    }
}

#[tokio::test]
async fn output_that_cannot_be_written_is_a_failure() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<a href=http://h/>link</a>").unwrap();
    let file = file.to_str().unwrap();
    let rows: [&[&str]; 7] = [
        &[file],
        &["--raw", file, file],
        &["--format", "json", file],
        &["completions", "bash"],
        &["--version"],
        &["--help"],
        &["serve", "--help"],
    ];
    for args in rows {
        for redirection in [">&-", ">/dev/full"] {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {redirection}")).arg(program("linkextractor"));
            let output = within("the end", shell.args(args).output()).await.unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?} {redirection}: {stderr}");
            let reason = "linkextractor: cannot write to standard output: ";
            assert!(stderr.starts_with(reason) && stderr.lines().count() == 1, "{redirection}: {stderr}");
        }
    }
}

#[tokio::test]
async fn links_are_printed_even_if_standard_error_cannot_be_written() {
    let folder = tempdir().unwrap();
    // This name is not UTF-8.
    let file = folder.path().join(OsStr::from_bytes(b"caf\xe9.html"));
    fs::write(&file, "<a href=http://h/>link</a>").unwrap();
    let mut links = command("linkextractor");
    links.args(["--format", "text", "no-such-file.html"]).arg(&file).stdout(Stdio::piped());
    let links = links.stderr(File::options().write(true).open("/dev/full").unwrap()).spawn().unwrap();
    let output = within("the end", links.wait_with_output()).await.unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"http://h/\n".as_slice()));
}

#[tokio::test]
async fn a_list_may_have_a_byte_order_mark_comments_and_blank_lines() {
    let (_origin, page) = Origin::with_link().await;
    let folder = tempdir().unwrap();
    let file = folder.path().join("list.txt");
    let list = format!("\u{feff}{page}\r\n# comment\r\n\r\n  {page}  \r\n");
    fs::write(&file, &list).unwrap();
    for (name, input) in [(file.to_str().unwrap(), ""), ("-", list.as_str())] {
        let output = run("linkextractor", &["--from", name, "--format", "text"], input.as_bytes()).await;
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{name}");
        assert_eq!(output.stdout, format!("{page}x\n").repeat(2), "{name}");
    }
}

#[tokio::test]
async fn control_characters_of_a_target_do_not_reach_the_terminal() {
    let output = run("linkextractor", &["--from", "-"], b"no-such-file.html\nhttp://\x1b[2J/\n").await;
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.starts_with("linkextractor: no-such-file.html: no such file"), "{}", output.stderr);
    assert!(!output.stderr.contains('\x1b'), "{}", output.stderr);
    assert!(output.stderr.contains("http://\u{fffd}[2J/"), "{}", output.stderr);
}

#[tokio::test]
async fn version_help_and_completions_are_printed() {
    let version = run("linkextractor", &["--version"], b"").await;
    assert_eq!(version.stdout, format!("linkextractor {}\n", env!("CARGO_PKG_VERSION")));
    let help = run("linkextractor", &["--help"], b"").await;
    for word in ["extract", "serve", "check-config", "completions", "--format", "Exit status"] {
        assert!(help.stdout.contains(word), "{word}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run("linkextractor", &["completions", shell], b"").await;
        assert!(script.code == Some(0) && script.stdout.contains("linkextractor"), "{shell}");
    }
}
