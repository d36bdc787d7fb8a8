//! The command line's choice of links and of where they are written.

use e2e::{Origin, run};
use std::fs;
use tempfile::tempdir;

const PAGE: &[u8] =
    b"<a href=/a>a</a><a href='//b.example/'>b</a><a href=mailto:x@h>m</a><a href='http://h:8/#f'>f</a>\
<a href=/a>again</a><a href='http://[bad/'>bad</a>";

async fn selected(args: &[&str]) -> Vec<String> {
    let args = [&["-qf", "text", "--base", "http://h/p"], args, &["-"]].concat();
    let output = run("linkextractor", &args, PAGE).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    output.stdout.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn internal_external_and_unique_links_are_selected() {
    let a = "http://h/a";
    let (b, f, m) = ("http://b.example/", "http://h:8/#f", "mailto:x@h");
    assert_eq!(selected(&["--links", "all"]).await, [a, b, m, f, a]);
    assert_eq!(selected(&["--links", "internal"]).await, [a, f, a]);
    assert_eq!(selected(&["--links", "external"]).await, [b]);
    assert_eq!(selected(&["--unique"]).await, [a, b, m, f]);
    assert_eq!(selected(&["--links=internal", "--unique"]).await, [a, f]);
    let bad = "http://[bad/";
    assert_eq!(selected(&["--raw", "--links", "internal"]).await, ["/a", "http://h:8/#f", "/a"]);
    assert_eq!(selected(&["--raw", "--links", "external"]).await, ["//b.example/"]);
    assert_eq!(selected(&["--raw", "--unique"]).await, ["/a", "//b.example/", m, f, bad]);
}

#[tokio::test]
async fn output_goes_to_a_file() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("links.txt");
    let path = file.to_str().unwrap();
    fs::write(&file, "what was there is replaced, however long").unwrap();
    let output =
        run("linkextractor", &["-o", path, "-f", "text", "--base", "http://h/", "-q", "-"], PAGE).await;
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (Some(0), "", ""));
    assert!(fs::read_to_string(&file).unwrap().starts_with("http://h/a\n"));
    let output = run("linkextractor", &["-o", "-", "-"], b"<a href=http://h/>x</a>").await;
    assert_eq!(output.stdout, "[x](http://h/)\n");
    for full in ["/dev/full", "/no/such/folder/file"] {
        let output = run("linkextractor", &["-o", full, "-"], PAGE).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
        assert!(output.stderr.contains(&format!("cannot write to {full}: ")), "{}", output.stderr);
    }
}

#[tokio::test]
async fn quiet_leaves_failures_alone_on_standard_error() {
    let output = run("linkextractor", &["-q", "--summary", "--from", "-"], b"no-such-file\n").await;
    assert_eq!(output.stderr, "linkextractor: no-such-file: no such file\n");
    let output = run("linkextractor", &["--quiet", "--base", "http://h/", "-"], PAGE).await;
    assert_eq!(output.stderr, "");
}

#[tokio::test]
async fn file_urls_are_files() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("a page.html");
    fs::write(&file, "<a href=b.html>b</a>").unwrap();
    let target = format!("file://{}/a%20page.html#top", folder.path().display());
    let output = run("linkextractor", &["-f", "text", &target], b"").await;
    assert_eq!(output.stdout, format!("file://{}/b.html\n", folder.path().display()), "{}", output.stderr);
    for (url, words) in [
        ("file://elsewhere/x", "as in file:///"),
        ("file:///no/such/example.com", "example.com: no such file\n"),
    ] {
        let output = run("linkextractor", &[url], b"").await;
        assert_eq!(output.code, Some(1));
        assert!(output.stderr.contains(words), "{}", output.stderr);
    }
}

#[tokio::test]
async fn media_and_documents_are_an_error_as_files_and_as_urls() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("page.html");
    let path = file.to_str().unwrap();
    for (body, kind) in
        [(&b"%PDF-1.7 <a href=x>"[..], "a PDF"), (b"\x89PNG\r\n\x1a\n<a href=x>", "a PNG image")]
    {
        fs::write(&file, body).unwrap();
        for target in [path, "-"] {
            let output = run("linkextractor", &["-f", "ndjson", target], body).await;
            assert_eq!(output.code, Some(1));
            assert!(output.stdout.contains("\"code\":\"not-html\""), "{}", output.stdout);
            assert!(
                output.stderr.contains(&format!("this is {kind}, not an HTML page")),
                "{}",
                output.stderr
            );
        }
    }
    let origin = Origin::start().await;
    let image =
        origin.page("/i", e2e::Page::new(http::StatusCode::OK, "x").header("content-type", "image/png"));
    let output = run("linkextractor", &["-f", "ndjson", &image], b"").await;
    assert!(output.code == Some(1) && output.stdout.contains("\"code\":\"not-html\""), "{}", output.stdout);
    for text in ["", "plain text", "\0\0\0 <a href=http://h/>x</a>"] {
        assert_eq!(run("linkextractor", &["-"], text.as_bytes()).await.code, Some(0), "{text}");
    }
}

#[tokio::test]
async fn the_short_help_fits_a_terminal_and_the_long_one_has_groups() {
    let short = run("linkextractor", &["-h"], b"").await.stdout;
    assert!(short.lines().count() <= 40, "{short}");
    assert!(short.lines().all(|line| line.chars().count() <= 80), "{short}");
    let long = run("linkextractor", &["--help"], b"").await.stdout;
    assert!(long.starts_with("Examples:\n"), "{long}");
    assert!(long.lines().all(|line| line.chars().count() <= 80), "{long}");
    for group in ["Output:", "Fetching:", "Lists:", "Exit status:"] {
        assert!(long.contains(&format!("\n{group}")), "{group}");
    }
}
