//! The web page in a browser: form, table, error, and layout on a phone.

use e2e::{Browser, Origin, Page, Program};
use serde_json::json;

async fn start() -> (Program, String) {
    let serve = e2e::serve(&["--allow-private"], &[]).await;
    let page = format!("http://{}/", serve.address_of("linkextractor-web", "service"));
    (serve, page)
}

#[tokio::test]
async fn the_form_leads_to_a_table_of_links() {
    let origin = Origin::start().await;
    let page = origin.page(
        "/start",
        Page::html(
            "<a href=/one>One</a> <a href=https://example.org/>Elsewhere</a> <a href='javascript:x()'>X</a>",
        ),
    );
    let (_serve, home) = start().await;
    let browser = Browser::start(1200, 900).await;
    browser.open(&home).await;
    browser.type_into("input[name=url]", &page).await;
    browser.press("button[type=submit]").await;
    browser.wait_for("table.links").await;

    let texts = "return Array.from(document.querySelectorAll('table.links tbody .text'), cell => cell.textContent.trim())";
    assert_eq!(browser.ask(texts).await, json!(["One", "Elsewhere", "X"]));
    let clickable =
        "return Array.from(document.querySelectorAll('table.links tbody a'), a => a.getAttribute('href'))";
    assert_eq!(
        browser.ask(clickable).await,
        json!([format!("http://{}/one", origin.address()), "https://example.org/"]),
        "a javascript: URL is text, not a link"
    );
    assert_eq!(browser.ask("return document.querySelector('input[name=url]').value").await, json!(page));
}

#[tokio::test]
async fn an_error_page_names_the_status_of_the_fetched_page() {
    let origin = Origin::start().await;
    let missing = format!("http://{}/missing", origin.address());
    let (_serve, home) = start().await;
    let browser = Browser::start(1200, 900).await;
    browser.open(&home).await;
    browser.type_into("input[name=url]", &missing).await;
    browser.press("button[type=submit]").await;
    browser.wait_for("[role=alert]").await;
    let alert = browser.ask("return document.querySelector('[role=alert]').textContent").await;
    assert!(alert.as_str().unwrap().contains("404"), "{alert}");
}

#[tokio::test]
async fn no_page_is_wider_than_a_phone_screen() {
    let origin = Origin::start().await;
    let long = "x".repeat(3000);
    let page =
        origin.page("/", Page::html(format!("<a href=/{long}>{long}</a> <a href=https://{long}.org/>y</a>")));
    let (_serve, home) = start().await;
    let browser = Browser::start(360, 740).await;
    for url in
        [home.clone(), format!("{home}?url={page}"), format!("{home}?url=http://{}/404", origin.address())]
    {
        browser.open(&url).await;
        let width = browser.ask("return document.documentElement.scrollWidth").await;
        assert!(width.as_u64().unwrap() <= 360, "{url} is {width} wide");
    }
}
