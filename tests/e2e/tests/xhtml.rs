//! XHTML is read as XML: by its media type, a file's name, or `--xhtml`.

use e2e::{Client, Origin, Page, run};
use http::StatusCode;
use std::fs;

/// To an HTML parser all of it is a script.
const PAGE: &str = "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><script src=\"s.js\"/></head><body><a href=\"/x\">x</a></body></html>";
const RSS: &str = "<rss><a href=\"/x\">x</a></rss>";

#[tokio::test]
async fn the_media_type_decides() {
    let origin = Origin::start().await;
    let server = e2e::api(&[]).await;
    let api = server.address("service");
    let client = Client::default();
    for (index, (media_type, body, expected)) in [
        ("application/xhtml+xml", PAGE, Some(1)),
        ("text/xml", PAGE, Some(1)),
        ("application/xml; charset=utf-8", PAGE, Some(1)),
        ("text/html", PAGE, Some(0)),
        ("text/xml", RSS, None),
    ]
    .into_iter()
    .enumerate()
    {
        let page = Page::new(StatusCode::OK, body).header("content-type", media_type);
        let url = origin.page(&format!("/{index}"), page);
        let answer = client.get(&format!("http://{api}/api/{url}")).await;
        assert_eq!(answer.json().as_array().map(Vec::len), expected, "{media_type}: {}", answer.text());
        let by_command = run("linkextractor", &["--format", "text", &url], b"").await;
        assert_eq!(by_command.stdout.lines().count(), expected.unwrap_or(0), "{media_type}");
    }
    assert_eq!(
        e2e::metric(&server, "linkextractor_extraction_duration_seconds_count{method=\"xml\"}").await,
        3
    );
}

#[tokio::test]
async fn a_file_named_xhtml_and_the_option_decide() {
    let folder = tempfile::tempdir().unwrap();
    for (name, options, input, expected) in [
        ("a.xhtml", &[][..], "", "/x\n"),
        ("a.XHT", &[], "", "/x\n"),
        ("a.html", &[], "", ""),
        ("a.html", &["--xhtml"], "", "/x\n"),
        ("-", &[], PAGE, ""),
        ("-", &["--xhtml"], PAGE, "/x\n"),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, PAGE).unwrap();
        let target = if name == "-" { name } else { file.to_str().unwrap() };
        let arguments = [&["extract", "--raw", "--format", "text"][..], options, &[target]].concat();
        let output = run("linkextractor", &arguments, input.as_bytes()).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(0), expected), "{name} {options:?}");
    }
}
