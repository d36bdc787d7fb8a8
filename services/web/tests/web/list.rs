//! The list as a tool: it is searched, sorted, narrowed and divided into pages, and every view has its own address.

use crate::harness::{Mock, Page, Site, about, json};
use linkextractor_web::WebSettings;

/// The links of `https://example.com/`.
const LINKS: [(&str, &str); 8] = [
    ("Zebra", "https://b.example/z.pdf"),
    ("apple", "https://example.com/apple"),
    ("Über uns", "https://example.com/about"),
    ("Mail", "mailto:a@b.example"),
    ("zebra again", "https://b.example/z.pdf"),
    ("[IMG]", "https://c.example/gr%C3%B6%C3%9Fe.PDF"),
    ("run", "javascript:void(0)"),
    ("banana", "https://b.example/z.pdf"),
];

async fn positions(site: &Site, choice: &str) -> Vec<usize> {
    site.get(&format!("/?url=example.com{choice}")).await.positions()
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_narrowed_in_every_combination() {
    let (site, _mock) = Site::with(&LINKS).await;
    let rows: [(&str, &[usize]); 16] = [
        ("&q=zebra", &[1, 5]),
        ("&q=PDF", &[1, 5, 6, 8]),
        ("&q=pdf+zebra", &[1, 5]),
        ("&q=gr%C3%B6%C3%9Fe", &[6]),
        ("&q=%C3%9CBER", &[3]),
        ("&q=nothing", &[]),
        ("&sort=text", &[6, 2, 8, 4, 7, 1, 5, 3]),
        ("&sort=address", &[1, 5, 8, 6, 3, 2, 7, 4]),
        ("&sort=count", &[1, 5, 8, 2, 3, 4, 6, 7]),
        ("&unique=1", &[1, 2, 3, 4, 6, 7]),
        ("&unique=0", &[1, 2, 3, 4, 5, 6, 7, 8]),
        ("&links=other&sort=address", &[7, 4]),
        ("&links=external&q=pdf&unique=1&sort=text", &[6, 1]),
        ("&domain=b.example&links=external&q=an&sort=text", &[8]),
        ("&domain=b.example&links=internal", &[]),
        ("&sort=text&size=3&page=2", &[4, 7, 1]),
    ];
    for (choice, expected) in rows {
        assert_eq!(positions(&site, choice).await, expected, "{choice}");
    }
}

#[tokio::test]
async fn each_kind_has_the_number_of_links_that_it_shows() {
    let (site, _mock) = Site::with(&LINKS).await;
    for (choice, all, internal, external, other) in [
        ("", 8, 2, 4, 2),
        ("&q=pdf", 4, 0, 4, 0),
        ("&unique=1", 6, 2, 2, 2),
        ("&q=an&unique=1", 0, 0, 0, 0),
        ("&links=internal", 8, 2, 4, 2),
        ("&links=internal&q=a&domain=b.example", 3, 0, 3, 0),
    ] {
        let page = site.get(&format!("/?url=example.com{choice}")).await;
        for (label, count) in [("All", all), ("Internal", internal), ("External", external), ("Other", other)]
        {
            assert!(page.text.contains(&format!("<b>{label}</b> {count}")), "{choice}: {label} {count}");
            let address = page.own_addresses();
            let kind = format!("links={}", label.to_lowercase());
            let own = address.iter().find(|address| address.contains(&kind) && !address.contains("format="));
            if let Some(address) = own.filter(|_| label != "All" && !choice.contains("links=")) {
                let shown = site.get(address.split('#').next().unwrap()).await.positions().len();
                assert_eq!(shown, count, "{address}");
            }
        }
    }
}

/// Kinds follow what else is selected, domains do not.
#[tokio::test]
async fn the_page_says_of_which_links_its_percentages_are() {
    let (site, _mock) = Site::with(&LINKS).await;
    for (choice, kinds, domains) in [
        ("", None, false),
        ("&sort=text&size=3", None, false),
        ("&links=external", None, true),
        ("&q=pdf", Some("the 4 links"), true),
        ("&q=apple&links=internal", Some("the 1 link"), true),
        ("&domain=b.example&unique=1", Some("the 1 link"), true),
        ("&q=nothing", None, true),
    ] {
        let page = site.get(&format!("/?url=example.com{choice}")).await;
        let said = page
            .text
            .split("The percentages are of ")
            .nth(1)
            .and_then(|rest| rest.split(" under “All”").next());
        assert_eq!(said, kinds, "{choice}");
        let heading = page.text.split("<h2 id=\"domains\">").nth(1).unwrap().split("</h2>").next().unwrap();
        assert_eq!(heading.contains("of the whole page"), domains, "{choice}: {heading}");
        assert!(page.text.contains("<td class=\"percent\">38 %<"), "{choice}");
    }
}

#[tokio::test]
async fn every_filter_on_the_page_keeps_the_others() {
    let (site, _mock) = Site::with(&LINKS).await;
    let page =
        site.get("/?url=example.com&q=pdf&links=external&domain=b.example&sort=text&unique=1&size=50").await;
    let kept = ["links=external", "q=pdf", "domain=b.example", "sort=text", "unique=1", "size=50"];
    let mut views = 0;
    // The last one shows all links.
    for address in page.own_addresses().iter().filter(|address| address.contains('&')) {
        let missing = kept.iter().filter(|part| !address.contains(**part)).count();
        let is_download = address.contains("format=");
        assert!(missing <= 1 + usize::from(is_download), "{address}");
        views += 1;
    }
    assert!(views > 15, "{views}");
    let form = page.text.split("<form class=\"tools\"").nth(1).unwrap().split("</form>").next().unwrap();
    for field in [
        "name=\"links\" value=\"external\"",
        "name=\"domain\" value=\"b.example\"",
        "name=\"q\" type=\"search\" value=\"pdf\"",
        "<option value=\"text\" selected>",
        "<option value=\"50\" selected>",
        "value=\"1\" checked",
    ] {
        assert!(form.contains(field), "{field} in {form}");
    }
}

#[tokio::test]
async fn repeated_addresses_say_how_often_they_occur() {
    let (site, _mock) = Site::with(&LINKS).await;
    for (choice, times) in [("", 3), ("&unique=1", 1), ("&q=apple", 0)] {
        let page = site.get(&format!("/?url=example.com{choice}")).await;
        assert_eq!(page.text.matches("<span class=\"times\">×3</span>").count(), times, "{choice}");
        assert_eq!(page.text.matches("class=\"times\"").count(), times, "{choice}");
    }
}

#[tokio::test]
async fn the_size_of_pages_is_chosen_and_pages_have_numbers() {
    let texts: Vec<_> = (1..=2000).map(|n| format!("link {n}")).collect();
    let links: Vec<_> = texts.iter().map(|text| (text.as_str(), "https://a.example/")).collect();
    let (site, _mock) = Site::with(&links).await;
    for (choice, shown, pages) in [
        ("", 500, 4),
        ("&size=50", 50, 40),
        ("&size=1000", 1000, 2),
        ("&size=100000", 1000, 2),
        ("&size=7", 7, 286),
    ] {
        let page = site.get(&format!("/?url=example.com{choice}")).await;
        assert_eq!(page.rows().len(), shown, "{choice}");
        assert!(page.text.contains(&format!("aria-label=\"Page {pages}\"")), "{choice}");
        assert!(!page.text.contains(&format!("aria-label=\"Page {}\"", pages + 1)), "{choice}");
    }
    let page = site.get("/?url=example.com&size=50&page=20").await;
    assert!(page.text.contains("Links 951 to 1,000 of 2,000"), "digits are grouped");
    let next = page.own_addresses().into_iter().find(|address| address.contains("page=21")).unwrap();
    assert_eq!(site.get(next.split('#').next().unwrap()).await.positions()[0], 1001);
}

#[tokio::test]
async fn the_addresses_of_the_shown_links_can_be_copied() {
    let long = format!("https://a.example/{}", "x".repeat(5000));
    let links = [("a", "https://a.example/?<&"), ("b", "javascript:alert(1)"), ("c", &long)];
    let (site, _mock) = Site::with(&links).await;
    let page = site.links("example.com").await;
    let (_, rest) = page.text.split_once("<textarea id=\"copy\"").unwrap();
    let (attributes, rest) = rest.split_once('>').unwrap();
    assert!(attributes.contains(" readonly"));
    assert!(rest.starts_with("\nhttps://a.example/?&lt;&amp;\njavascript:alert(1)\n</textarea>"), "{rest}");
    assert!(page.text.contains("1 very long one only in the downloads"));
}

#[tokio::test]
async fn the_call_of_a_public_api_selects_what_it_can() {
    let mock = Mock::of(&LINKS).await;
    let none = Site::start(mock.settings()).await;
    assert!(!none.links("example.com").await.text.contains("API"), "no public API is known");
    let url = Some("http://localhost:5000/".parse().unwrap());
    let site = Site::start(WebSettings { api_public_url: url, ..mock.settings() }).await;
    let start = "http://localhost:5000/api?url=https%3A%2F%2Fexample.com";
    for (choice, call, partial) in [
        ("", "", false),
        ("&links=internal&unique=1", "&amp;links=internal&amp;unique=1", false),
        ("&links=other", "", true),
        ("&q=x&links=external", "&amp;links=external", true),
        ("&sort=text", "", true),
    ] {
        let page = site.get(&format!("/?url=example.com{choice}")).await;
        assert!(page.text.contains(&format!("href=\"{start}{call}\"")), "{choice}: {}", page.text);
        assert_eq!(page.text.contains("the rest of this view"), partial, "{choice}");
    }
}

/// A page whose API states `title` as an extended value.
async fn titled(field: &'static str) -> Page {
    let mock = Mock::start(move |_| {
        let mut response = json(r#"[{"text":"t","href":"https://example.com/"}]"#);
        let field = format!("<https://example.com/>; rel=\"describes\"{field}");
        response.headers_mut().insert("link", field.parse().unwrap());
        response.headers_mut().insert("linkextractor-unresolved", "2".parse().unwrap());
        response.headers_mut().insert("linkextractor-approximate", "?1".parse().unwrap());
        std::future::ready(response)
    })
    .await;
    Site::start(mock.settings()).await.get(&about("https://example.com/")).await
}

#[tokio::test]
async fn a_page_whose_links_are_all_left_out_says_so() {
    for (unresolved, text) in [
        ("0", "This page has no links."),
        ("3", "This page has no links with a valid address: 3 are left out."),
    ] {
        let mock = Mock::start(move |_| {
            let mut response = json("[]");
            response.headers_mut().insert("linkextractor-unresolved", unresolved.parse().unwrap());
            std::future::ready(response)
        })
        .await;
        let page = Site::start(mock.settings()).await.get(&about("https://example.com/")).await;
        assert!(page.text.contains(text), "{}", page.text);
        assert!(!page.text.contains("approximate"));
    }
}

#[tokio::test]
async fn the_title_of_the_page_is_its_heading_and_without_one_its_host() {
    for (field, title) in [
        ("; title*=UTF-8''Gr%C3%B6%C3%9Fe%20%3Cb%3E", "Größe &lt;b&gt;"),
        ("; title*=UTF-8''%3C%2Ftitle%3E%3Cscript%3E", "&lt;/title&gt;&lt;script&gt;"),
        ("", "example.com"),
        ("; title*=broken", "example.com"),
    ] {
        let page = titled(field).await;
        assert!(
            page.text.contains(&format!("<h1 id=\"title\"><bdi>{title}</bdi></h1>")),
            "{field}: {}",
            page.text
        );
        assert!(!page.text.contains("<script") && page.text.contains("2 more are left out"));
        assert!(page.text.contains("The list is approximate"));
    }
    let page = titled("; title*=UTF-8''T").await;
    assert!(page.text.contains("<title>Links of T – Link Extractor</title>"));
}

#[tokio::test]
async fn the_pages_own_site_is_set_apart_with_its_share() {
    let (site, _mock) = Site::with(&LINKS).await;
    let page = site.links("example.com").await;
    let table =
        page.text.split("<table class=\"domains\">").nth(1).unwrap().split("</table>").next().unwrap();
    let rows: Vec<_> = table.split("<tr class=\"").skip(1).collect();
    let row = |name: &str| *rows.iter().find(|row| row.contains(&format!("<bdi>{name}</bdi>"))).unwrap();
    assert!(row("example.com").starts_with("internal") && row("example.com").contains("this site"));
    assert!(row("example.com").contains(">25 %<") && row("b.example").contains(">38 %<"));
    assert!(row("b.example").starts_with("external") && row("mailto:").starts_with("other"));
    assert_eq!(table.matches("this site").count(), 1);
}

#[tokio::test]
async fn internationalized_names_are_readable_beside_their_ascii_form() {
    let links = [("a", "https://xn--mnchen-3ya.de/x"), ("b", "https://xn--80ak6aa92e.com/")];
    let (site, _mock) = Site::with(&links).await;
    let page = site.links("https://xn--mnchen-3ya.de/").await;
    // In the head, in the list of domains and in the row of the link.
    assert_eq!(page.text.matches("<bdi class=\"readable\">münchen.de</bdi>").count(), 3, "{}", page.text);
    assert!(!page.text.contains("аррӏе"), "letters of two scripts can look like another name");
    assert!(page.text.contains("<bdi>xn--80ak6aa92e.com</bdi>"));
}
