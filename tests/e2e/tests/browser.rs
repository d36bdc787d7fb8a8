//! A person's way: open the page, type an address, press the button, read the table. Also on a phone.

use e2e::{Browser, Origin, Page, Program};
use serde_json::json;

async fn serve() -> (Program, String) {
    let serve = Program::start(
        "linkextractor",
        &["serve", "--allow-private", "--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"],
        &[],
        2,
    )
    .await;
    let page = format!("http://{}/", serve.address_of("linkextractor-web", "service"));
    (serve, page)
}

#[tokio::test]
async fn type_an_address_press_the_button_read_the_table() {
    let origin = Origin::start().await;
    let page = origin.page(
        "/start",
        Page::html(
            "<a href=/one>One</a> <a href=https://example.org/>Elsewhere</a> <a href='javascript:x()'>X</a>",
        ),
    );
    let (_serve, home) = serve().await;
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
        "a script is shown, not linked"
    );
    assert_eq!(browser.ask("return document.querySelector('input[name=url]').value").await, json!(page));
}

#[tokio::test]
async fn an_error_is_a_page_that_says_what_is_wrong() {
    let origin = Origin::start().await;
    let missing = format!("http://{}/missing", origin.address());
    let (_serve, home) = serve().await;
    let browser = Browser::start(1200, 900).await;
    browser.open(&home).await;
    browser.type_into("input[name=url]", &missing).await;
    browser.press("button[type=submit]").await;
    browser.wait_for("[role=alert]").await;
    let alert = browser.ask("return document.querySelector('[role=alert]').textContent").await;
    assert!(alert.as_str().unwrap().contains("404"), "{alert}");
}

#[tokio::test]
async fn nothing_is_wider_than_a_phone() {
    let origin = Origin::start().await;
    let long = "x".repeat(3000);
    let page =
        origin.page("/", Page::html(format!("<a href=/{long}>{long}</a> <a href=https://{long}.org/>y</a>")));
    let (_serve, home) = serve().await;
    let browser = Browser::start(360, 740).await;
    for url in
        [home.clone(), format!("{home}?url={page}"), format!("{home}?url=http://{}/404", origin.address())]
    {
        browser.open(&url).await;
        let width = browser.ask("return document.documentElement.scrollWidth").await;
        assert!(width.as_u64().unwrap() <= 360, "{url} is {width} wide");
    }
}
