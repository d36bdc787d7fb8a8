//! The page shows the links in order, counts them by domain, and selects some of them.

use crate::harness::{Mock, Site, json};
use http::StatusCode;

const LINKS: [(&str, &str); 6] = [
    ("one", "https://b.example/1"),
    ("two", "https://example.com/"),
    ("[IMG]", "https://b.example/2"),
    ("four", "mailto:a@b.example"),
    ("one", "https://b.example/1"),
    ("six", "javascript:void(0)"),
];

#[tokio::test]
async fn every_link_is_a_row_in_the_order_of_the_page() {
    let (site, _mock) = Site::with(&LINKS).await;
    let page = site.links("example.com").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.field("content-type"), "text/html; charset=utf-8");
    let rows = page.rows();
    assert_eq!(rows.len(), LINKS.len());
    for ((text, href), row) in LINKS.iter().zip(rows) {
        assert!(row.contains(&format!("<bdi>{text}</bdi>")), "{row}");
        assert!(row.contains(&format!("<bdi>{href}</bdi>")), "{row}");
    }
    assert!(page.text.contains("6 links <span class=\"note\">to 5 addresses</span>"), "{}", page.text);
}

#[tokio::test]
async fn the_heading_leads_to_the_page_however_its_address_was_entered() {
    let (site, _mock) = Site::with(&LINKS).await;
    for (input, target) in [
        // Browsers would resolve it against the address of this page.
        ("http:example.com", "http://example.com/"),
        ("EXAMPLE.com/ü", "https://example.com/%C3%BC"),
    ] {
        let page = site.links(input).await;
        assert!(page.text.contains(&format!("<a class=\"url\" href=\"{target}\"")), "{}", page.text);
    }
}

#[tokio::test]
async fn domains_are_counted_most_first_with_the_scheme_for_links_without_host() {
    let (site, _mock) = Site::with(&LINKS).await;
    let page = site.links("example.com").await;
    let table =
        page.text.split("<table class=\"domains\">").nth(1).unwrap().split("</table>").next().unwrap();
    let row = |row: &str| -> Option<(String, usize)> {
        let name = row.split("<bdi>").nth(1)?.split('<').next()?.to_owned();
        Some((name, row.split("class=\"count\">").nth(1)?.split('<').next()?.parse().ok()?))
    };
    let rows: Vec<_> = table.split("<tr").filter_map(row).collect();
    let expected = [("b.example", 3), ("example.com", 1), ("javascript:", 1), ("mailto:", 1)];
    assert_eq!(rows, expected.map(|(name, count)| (name.to_owned(), count)));
    assert!(table.contains("Total</th><td class=\"count\">6</td>"));
    assert!(table.contains(r#"<rect class="value" width="33%""#), "a bar in proportion");
}

#[tokio::test]
async fn links_are_selected_by_domain_and_scope() {
    let (site, _mock) = Site::with(&LINKS).await;
    let rows: [(&str, &[usize]); 7] = [
        ("&links=other", &[4, 6]),
        ("&domain=b.example", &[1, 3, 5]),
        ("&domain=mailto%3A", &[4]),
        ("&links=internal", &[2]),
        ("&links=external", &[1, 3, 5]),
        ("&links=external&domain=example.com", &[]),
        ("&domain=nowhere.example", &[]),
    ];
    for (choice, expected) in rows {
        let page = site.get(&format!("/?url=example.com{choice}")).await;
        assert_eq!(page.status, StatusCode::OK, "{choice}");
        assert_eq!(page.positions(), expected, "{choice}");
        assert!(page.text.contains("6 links <span"), "the total stays: {choice}");
    }
}

#[tokio::test]
async fn internal_links_lead_to_the_host_after_redirects() {
    let mock = Mock::start(async |_| {
        let mut response = json(r#"[{"text":"t","href":"https://www.example.com/x"}]"#);
        let field = r#"<https://www.example.com/>; rel="describes""#.parse().unwrap();
        response.headers_mut().insert("link", field);
        response
    })
    .await;
    let site = Site::start(mock.settings()).await;
    let page = site.get("/?url=example.com&links=internal").await;
    assert_eq!(page.positions(), [1]);
    assert!(page.text.contains("Redirected from <bdi class=\"url\">https://example.com</bdi>"));
    let page = site.links("https://www.example.com/#part").await;
    assert!(!page.text.contains("Redirected"), "a fragment is not a redirect");
}

#[tokio::test]
async fn long_lists_are_split_into_pages() {
    let texts: Vec<_> = (1..=25).map(|n| format!("link {n}")).collect();
    let links: Vec<_> = texts.iter().map(|text| (text.as_str(), "https://a.example/")).collect();
    let mock = Mock::of(&links).await;
    let site = Site::start(linkextractor_web::WebSettings { page_size: 10, ..mock.settings() }).await;
    let rows = [
        ("", 1..=10, false, true),
        ("&page=2", 11..=20, true, true),
        ("&page=3", 21..=25, true, false),
        ("&page=99", 21..=25, true, false),
    ];
    for (query, expected, previous, next) in rows {
        let page = site.get(&format!("/?url=example.com{query}")).await;
        assert_eq!(page.positions(), expected.collect::<Vec<_>>(), "{query}");
        assert_eq!(page.text.contains("rel=\"prev\""), previous, "{query}");
        assert_eq!(page.text.contains("rel=\"next\""), next, "{query}");
    }
    let first = site.get("/?url=example.com&links=external").await;
    let next = "href=\"/?url=https%3A%2F%2Fexample.com&amp;links=external&amp;page=2#links\"";
    assert!(first.text.contains(next), "the next page keeps the selection");
}

#[tokio::test]
async fn a_page_without_links_is_not_an_error() {
    let (site, _mock) = Site::with(&[]).await;
    let page = site.links("example.com").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("0 links") && page.text.contains("This page has no links."));
}
