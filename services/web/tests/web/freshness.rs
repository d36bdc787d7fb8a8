//! A result shows its age and can be fetched again; the API gets the request's id.

use crate::harness::{Mock, Site, json};

async fn aged(age: Option<&'static str>) -> (Site, Mock) {
    let mock = Mock::start(move |_| async move {
        let mut response = json("[]");
        if let Some(age) = age {
            response.headers_mut().insert("age", age.parse().unwrap());
        }
        response
    })
    .await;
    (Site::start(mock.settings()).await, mock)
}

#[tokio::test]
async fn the_age_is_shown_if_the_api_states_it() {
    for (age, text) in
        [("0", "Fetched just now"), ("42", "Fetched 42 seconds ago"), ("3599", "Fetched 59 minutes ago")]
    {
        let (site, _mock) = aged(Some(age)).await;
        assert!(site.links("example.com").await.text.contains(text), "{age}");
    }
    for age in [None, Some("-1"), Some("soon")] {
        let (site, _mock) = aged(age).await;
        let page = site.links("example.com").await;
        assert!(!page.text.contains("Fetched") && page.text.contains("Fetch again"), "{age:?}");
    }
}

#[tokio::test]
async fn fetch_again_bypasses_the_cache() {
    let (site, mock) = aged(None).await;
    site.get("/?url=example.com").await;
    let page = site.get("/?url=example.com&fresh=1").await;
    let fields: Vec<_> =
        mock.requests().iter().map(|parts| parts.headers.get("cache-control").cloned()).collect();
    assert_eq!(fields, [None, Some("no-cache".parse().unwrap())]);
    let form = "<input type=\"hidden\" name=\"url\" value=\"https://example.com\">\n<input type=\"hidden\" name=\"fresh\" value=\"1\">";
    assert!(page.text.contains(form));
    assert!(!page.text.contains("fresh=1"), "other addresses on the page do not fetch again");
    let page = site.get("/?url=example.com&links=external&q=a+%22b&sort=text&unique=1&size=50&page=2").await;
    let form = page.text.split("name=\"fresh\"").nth(1).unwrap().split("</form>").next().unwrap();
    for (name, value) in [
        ("links", "external"),
        ("q", "a &quot;b"),
        ("sort", "text"),
        ("unique", "1"),
        ("size", "50"),
        ("page", "2"),
    ] {
        let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        assert!(form.contains(&field), "{field} in {form}");
    }
}

#[tokio::test]
async fn the_request_id_is_sent_to_the_api() {
    let (site, mock) = aged(None).await;
    let page = site.get_with("/?url=example.com", &[("x-request-id", "abc-123")]).await;
    assert_eq!(mock.requests()[0].headers["x-request-id"], "abc-123");
    assert_eq!(page.field("x-request-id"), "abc-123");
    let page = site.get("/?url=example.com").await;
    assert_eq!(mock.requests()[1].headers["x-request-id"], page.field("x-request-id"));
}

#[tokio::test]
async fn the_client_is_reported_to_the_api_and_not_what_it_claims() {
    let (site, mock) = aged(None).await;
    let forged = [("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1")];
    site.get_with("/?url=example.com", &forged).await;
    let headers = &mock.requests()[0].headers;
    assert_eq!(headers["forwarded"], "for=127.0.0.1");
    assert!(!headers.contains_key("x-forwarded-for"));
}
