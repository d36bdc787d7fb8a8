//! The extraction log: a line for each extraction, also after a rotation.

mod support;

use e2e::{Origin, Page};
use std::fs;
use support::{Service, settings};

#[tokio::test]
async fn the_log_continues_in_a_new_file_after_a_rotation() {
    let origin = Origin::start().await;
    let page = origin.page("/?q=%09", Page::html("<a href=x>x</a>"));
    let folder = tempfile::tempdir().unwrap();
    let (log, old) = (folder.path().join("log"), folder.path().join("log.1"));
    let mut settings = settings();
    settings.extraction_log = Some(log.clone());
    let api = Service::with(settings).await;
    let written = async |path: &std::path::Path| {
        e2e::within("a line", async {
            loop {
                match fs::read_to_string(path) {
                    Ok(text) if text.ends_with('\n') => break text,
                    _ => tokio::task::yield_now().await,
                }
            }
        })
        .await
    };
    api.get(&page).await;
    assert!(written(&log).await.ends_with(&format!("\tMISS\t{page}\n")));
    fs::rename(&log, &old).unwrap();
    assert_eq!(api.get("http://10.0.0.1/").await.status, 403, "no extraction: no line");
    api.get(&page).await;
    assert!(written(&log).await.ends_with(&format!("\tHIT\t{page}\n")));
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 1);
    assert_eq!(fs::read_to_string(&old).unwrap().lines().count(), 1);
}

#[tokio::test]
async fn a_full_disk_never_stops_an_answer() {
    let origin = Origin::start().await;
    let page = origin.page("/", Page::html("<a href=x>x</a>"));
    let mut settings = settings();
    settings.extraction_log = Some("/dev/full".into());
    let api = Service::with(settings).await;
    for _ in 0..100 {
        assert_eq!(api.get(&page).await.status, 200);
    }
}
