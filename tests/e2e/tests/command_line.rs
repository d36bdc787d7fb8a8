//! What scripts rely on: the formats, the exit status, and nothing but results on standard output.

use e2e::{Origin, Output, Page, command, run};
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    process::Stdio,
};
use tempfile::tempdir;

const PAGE: &[u8] = b"<a href=/a>A &amp; B</a><a href='x,\"y\"'>one\x00\x1b\ntwo</a><a href=#f><img></a>";

async fn format(format: &str) -> Output {
    let output =
        run("linkextractor", &["extract", "--format", format, "--base", "http://h/p", "-"], PAGE).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{format}");
    output
}

#[tokio::test]
async fn each_format_is_what_it_promises() {
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
    let page = json!({ "page": "-", "count": 3, "unresolved": 0, "approximate": false, "links": links });
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), page);
    assert_eq!(line.matches('\n').count(), 1);
}

#[tokio::test]
async fn raw_shows_every_href_as_written() {
    let page = b"<a href=' /x '>x</a><a href='https://[bad/'>bad</a><a>none</a>";
    let raw = run("linkextractor", &["--raw", "--format", "text", "-"], page).await;
    assert_eq!((raw.code, raw.stdout.as_str()), (Some(0), " /x \nhttps://[bad/\n"));
    let resolved = run("linkextractor", &["--format", "text", "--base", "http://h/", "-"], page).await;
    assert_eq!((resolved.code, resolved.stdout.as_str()), (Some(0), "http://h/x\n"));
    assert!(resolved.stderr.contains("left out"), "what is left out is said: {}", resolved.stderr);
}

#[tokio::test]
async fn ndjson_says_how_many_links_were_left_out_and_that_an_answer_is_approximate() {
    let page = format!("<a href='https://[bad/'>bad</a>{}<a href=http://h/>x</a>", "<div>".repeat(5000));
    let run = run("linkextractor", &["--format", "ndjson", "-"], page.as_bytes()).await;
    let line: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&line["count"], &line["unresolved"]), (&json!(1), &json!(1)));
    assert_eq!(line["approximate"], true);
}

#[tokio::test]
async fn several_targets_come_in_order_and_a_failure_is_said_and_counted() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=/x>x</a>"));
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<base href=http://f/><a href=y>y</a>").unwrap();
    let file = file.to_str().unwrap();
    let missing = format!("http://{}/missing", origin.address());

    let list = format!("# pages\n{page}\n\n{missing}\n{file}\n");
    let ndjson =
        run("linkextractor", &["--from", "-", "--jobs", "3", "--format", "ndjson"], list.as_bytes()).await;
    assert_eq!(ndjson.code, Some(1));
    assert!(ndjson.stderr.contains(&missing) && ndjson.stderr.contains("404"), "{}", ndjson.stderr);
    let pages: Vec<Value> = ndjson.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(pages.len(), 3);
    let line = |page: &str, text: &str, href: String| {
        let links = [json!({ "text": text, "href": href })];
        json!({ "page": page, "count": 1, "unresolved": 0, "approximate": false, "links": links })
    };
    assert_eq!(pages[0], line(&page, "x", format!("{page}x")));
    assert_eq!(pages[1]["page"], missing);
    assert_eq!(pages[1]["error"]["code"], "upstream-status");
    assert!(pages[1]["error"]["detail"].as_str().unwrap().contains("404"));
    assert_eq!(pages[2], line(file, "y", "http://f/y".into()));

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
async fn so_many_are_worked_on_at_once_though_they_be_of_one_host() {
    let origin = Origin::start().await;
    origin.hold();
    let page = origin.page("/", Page::html("<a href=/x>x</a>"));
    let list = format!("{page}\n").repeat(12);
    let answer = async {
        origin.wait_for_requests(12).await;
        origin.release();
    };
    let args = ["--from", "-", "--jobs", "12"];
    let (output, ()) = tokio::join!(run("linkextractor", &args, list.as_bytes()), answer);
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 12), "{}", output.stderr);
}

#[tokio::test]
async fn wrong_usage_is_2_and_a_target_that_fails_is_1() {
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
async fn a_closed_pipe_ends_it_quietly() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<a href=http://h/>link</a>".repeat(10_000)).unwrap();
    let mut child =
        command("linkextractor").arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = e2e::within("the end", child.wait_with_output()).await.unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[tokio::test]
async fn outputs_that_take_nothing_are_no_crash() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let folder = tempdir().unwrap();
    // A name that is not UTF-8.
    let file = folder.path().join(OsStr::from_bytes(b"caf\xe9.html"));
    fs::write(&file, "<a href=http://h/>link</a>").unwrap();
    let mut links = command("linkextractor");
    links.args(["--format", "text", "no-such-file.html"]).arg(&file).stdout(Stdio::piped()).stderr(full());
    let links = links.spawn().unwrap();
    let output = e2e::within("the end", links.wait_with_output()).await.unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"http://h/\n".as_slice()));

    for args in [["--raw", "-"], ["completions", "bash"]] {
        let mut unwritable = command("linkextractor");
        unwritable.args(args).stdin(File::open(&file).unwrap()).stdout(full()).stderr(Stdio::piped());
        let unwritable = unwritable.spawn().unwrap();
        let output = e2e::within("the end", unwritable.wait_with_output()).await.unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stderr.starts_with(b"linkextractor: "), "{args:?}");
    }
}

#[tokio::test]
async fn a_list_may_be_anybodys() {
    let list = "\u{feff}no-such-file.html\r\n\r\n  http://\x1b[2J/  \r\n";
    let output = run("linkextractor", &["--from", "-"], list.as_bytes()).await;
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert!(output.stderr.starts_with("linkextractor: no-such-file.html: no such file"), "{}", output.stderr);
    assert!(
        !output.stderr.contains('\x1b') && output.stderr.contains("http://\u{fffd}[2J/"),
        "{}",
        output.stderr
    );
}

#[tokio::test]
async fn it_says_who_it_is_and_how_it_is_used() {
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
