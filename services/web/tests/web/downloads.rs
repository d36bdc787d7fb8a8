//! Downloads hold all links, or the selected ones.

use crate::harness::Site;
use http::StatusCode;

const LINKS: [(&str, &str); 3] =
    [("a, \"b\"", "https://a.example/"), ("x", "https://example.com/"), ("[IMG]", "mailto:c@a.example")];

#[tokio::test]
async fn each_format_is_downloaded_with_a_safe_file_name() {
    let (site, _mock) = Site::with(&LINKS).await;
    let rows = [
        ("json", "application/json", "json", r#"[{"text":"a, \"b\"","href":"https://a.example/"}"#),
        (
            "csv",
            "text/csv; charset=utf-8",
            "csv",
            "\u{feff}\"text\",\"href\"\r\n\"a, \"\"b\"\"\",\"https://a.example/\"\r\n",
        ),
        (
            "text",
            "text/plain; charset=utf-8",
            "txt",
            "https://a.example/\nhttps://example.com/\nmailto:c@a.example\n",
        ),
        ("markdown", "text/markdown; charset=utf-8", "md", "[a, \"b\"](https://a.example/)\n"),
    ];
    for (format, media_type, extension, begin) in rows {
        let file = site.get(&format!("/?url=example.com:8080/%22/../x.exe&format={format}")).await;
        assert_eq!(file.status, StatusCode::OK, "{format}");
        assert_eq!(file.field("content-type"), media_type);
        let name = format!("attachment; filename=\"links-example.com.{extension}\"");
        assert_eq!(file.field("content-disposition"), name);
        assert!(file.text.starts_with(begin), "{}", file.text);
        assert!(file.text.contains("mailto:c@a.example"), "{}", file.text);
    }
}

#[tokio::test]
async fn a_download_holds_the_selected_links_of_all_pages() {
    let (site, _mock) = Site::with(&LINKS).await;
    let file = site.get("/?url=example.com&links=external&page=2&format=json").await;
    let links: Vec<serde_json::Value> = serde_json::from_str(&file.text).unwrap();
    assert_eq!(links, [serde_json::json!({ "text": LINKS[0].0, "href": LINKS[0].1 })]);
}

#[tokio::test]
async fn the_page_links_to_downloads_of_its_selection() {
    let (site, _mock) = Site::with(&LINKS).await;
    let page = site.get("/?url=example.com&domain=a.example&page=1").await;
    let address = "/?url=https%3A%2F%2Fexample.com&amp;domain=a.example&amp;format=csv";
    assert!(page.text.contains(&format!("href=\"{address}\"")));
    let file = site.get(&address.replace("&amp;", "&")).await;
    assert_eq!(file.text, "\u{feff}\"text\",\"href\"\r\n\"a, \"\"b\"\"\",\"https://a.example/\"\r\n");
}

#[tokio::test]
async fn a_spreadsheet_finds_no_formula_in_a_csv_download() {
    let links = [("=HYPERLINK(\"http://x/\")", "https://a.example/"), ("-1;=1", "@x"), ("ü", "+1")];
    let (site, _mock) = Site::with(&links).await;
    let file = site.get("/?url=example.com&format=csv").await;
    let rows = "\"'=HYPERLINK(\"\"http://x/\"\")\",\"https://a.example/\"\r\n\"'-1;'=1\",\"'@x\"\r\n\"ü\",\"'+1\"\r\n";
    assert_eq!(file.text, format!("\u{feff}\"text\",\"href\"\r\n{rows}"));
}

#[tokio::test]
async fn a_download_is_searched_and_sorted_as_the_page() {
    let links = [
        ("b", "https://a.example/2"),
        ("a", "https://a.example/1"),
        ("b", "https://a.example/2"),
        ("c", "https://b.example/"),
    ];
    let (site, _mock) = Site::with(&links).await;
    let file =
        site.get("/?url=example.com&q=a.example&sort=address&unique=1&page=9&size=1&format=text").await;
    assert_eq!(file.text, "https://a.example/1\nhttps://a.example/2\n");
}
