//! Hot pages stay fast while Redis is away. `just bench outage` measures it at full size.

use e2e::{Client, Origin, Page, RedisServer, metric, within};
use std::{
    env,
    str::FromStr,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time};

/// What a fetch takes, so that an answer from the cache differs from it.
const FETCH: Duration = Duration::from_millis(200);
/// The median that is promised.
const MEDIAN: Duration = Duration::from_millis(5);

#[tokio::test]
async fn hot_pages_are_answered_at_once_while_redis_is_away() {
    let rates = env::var("OUTAGE_RATES").unwrap_or("300".to_owned());
    for rate in rates.split(',') {
        assert_no_outage(rate.parse().expect("requests a second")).await;
    }
}

/// The number in the environment variable `name`, or `default`.
fn size<T: FromStr<Err: std::fmt::Debug>>(name: &str, default: T) -> T {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

async fn assert_no_outage(rate: u32) {
    let (pages, seconds) = (size("OUTAGE_PAGES", 50_usize), size("OUTAGE_SECONDS", 2_u32));
    let origin = Origin::start().await;
    let mut redis = RedisServer::start().await;
    let api = e2e::api(&[("LINKEXTRACTOR_API_REDIS_URL", &redis.url())]).await;
    let client = Client::default();
    let address = api.address("service");
    let page = |number: usize| origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"));
    let pages: Vec<String> =
        (0..pages).map(|number| format!("http://{address}/api/{}", page(number))).collect();
    for page in &pages {
        assert_eq!(client.get(page).await.status, 200);
    }
    origin.delay(FETCH);
    let fetches = origin.requests();
    let mut answers = JoinSet::new();
    let mut ticks = time::interval(Duration::from_secs(1) / rate);
    for number in 0..(rate * seconds) as usize {
        ticks.tick().await;
        if number == 20 {
            redis.kill().await;
        }
        let (client, page) = (client.clone(), pages[number % pages.len()].clone());
        answers.spawn(async move {
            let start = Instant::now();
            let status = client.get(&page).await.status;
            (status, start.elapsed())
        });
    }
    let mut times = Vec::new();
    while let Some(answer) = answers.join_next().await {
        let (status, time) = answer.expect("no panic");
        assert_eq!(status, 200);
        times.push(time);
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    let (count, fetches) = (times.len(), origin.requests() - fetches);
    println!(
        "{rate}/s, Redis away for {seconds} s: {count} answers, none failed, {fetches} fetches; median {:?}, p99 {:?}, \
         longest {:?}",
        at(50),
        at(99),
        at(100),
    );
    assert!(at(50) < MEDIAN, "{:?}", at(50));
    redis.restart().await;
    within("Redis to be used again", async { while metric(&api, "linkextractor_redis_up").await == 0 {} })
        .await;
}
