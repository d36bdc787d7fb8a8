//! Hot pages stay fast while Redis is away.

mod support;

use e2e::{Origin, Page, RedisServer};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Service, settings_with};
use tokio::{task::JoinSet, time};

const PAGES: usize = 50;
const RATE: u32 = 300;

#[tokio::test]
async fn hot_pages_are_answered_at_once_while_redis_is_away() {
    let origin = Origin::start().await;
    let redis = RedisServer::start().await;
    let api = Arc::new(Service::with(settings_with(&redis)).await);
    let page = |number: usize| origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"));
    let pages: Vec<String> = (0..PAGES).map(page).collect();
    for page in &pages {
        assert_eq!(api.get(page).await.status, 200);
    }
    origin.delay(Duration::from_millis(200));
    let mut redis = Some(redis);
    let mut answers = JoinSet::new();
    let mut ticks = time::interval(Duration::from_secs(1) / RATE);
    for number in 0..2 * RATE as usize {
        ticks.tick().await;
        if number == 20 {
            drop(redis.take());
        }
        let (api, page) = (Arc::clone(&api), pages[number % PAGES].clone());
        answers.spawn(async move {
            let start = Instant::now();
            let status = api.get(&page).await.status;
            (status, start.elapsed())
        });
    }
    let mut times = Vec::new();
    while let Some(answer) = answers.join_next().await {
        let (status, time) = answer.unwrap();
        assert_eq!(status, 200);
        times.push(time);
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    assert!(median < Duration::from_millis(5), "{median:?}");
}
