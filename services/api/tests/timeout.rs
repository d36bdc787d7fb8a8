//! `fetch.timeout` takes every duration that the configuration can name.

mod support;

use e2e::{Origin, Page};
use std::time::Duration;
use support::{Service, settings};

#[tokio::test]
async fn the_longest_timeout_works() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let mut settings = settings();
    let year = 31_557_600;
    settings.fetch.timeout = Duration::from_secs(300_000_000_000 * year);
    let api = Service::with(settings).await;
    assert_eq!(api.get(&page).await.status, 200);
    assert_eq!(api.post("text/uri-list", page).await.status, 200);
}
