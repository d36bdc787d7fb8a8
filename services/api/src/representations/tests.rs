use super::*;
use crate::link_query::LinkQuery;
use futures_util::{FutureExt, future::join_all};
use http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};
use kit::{Client, ClientKey, CpuPool, SharedBudget};
use std::{sync::mpsc, time::Duration};

const JSON: &[u8] = br#"[{"text":"a","href":"http://a/"}]"#;

fn cached() -> Arc<CachedResult> {
    Arc::new(CachedResult::new(Ok(PageLinks::of_json(JSON)), Duration::from_mins(1)))
}

fn store(bytes: usize) -> Representations {
    Representations::new(
        &ExtractionPool::new(&CpuPool::new(1).unwrap(), 1 << 20, SharedBudget::new(1 << 20, 1 << 20)),
        bytes,
    )
}

async fn get(store: &Representations, cached: &Arc<CachedResult>, query: &str) -> Bytes {
    let form = AnswerForm::of(&LinkQuery::parse(Some(query)).unwrap(), &HeaderMap::new());
    store.get(cached, cached.result.as_ref().unwrap(), form, client(1)).await.unwrap().bytes
}

async fn text(store: &Representations, cached: &Arc<CachedResult>) -> Bytes {
    get(store, cached, "format=text").await
}

fn known(store: &Representations) -> usize {
    store.0.lock().known.len()
}

#[tokio::test]
async fn readers_at_the_same_time_and_later_ones_share_the_bytes() {
    let store = store(10_000);
    let cached = cached();
    let first = join_all([(); 10].map(|()| text(&store, &cached))).await;
    let address = first[0].as_ptr();
    assert!(first.iter().all(|bytes| bytes.as_ptr() == address));
    assert_eq!(first[0], "http://a/\n");
    drop(first);
    assert_eq!(text(&store, &cached).await.as_ptr(), address);
    let csv = get(&store, &cached, "format=csv").await;
    assert_eq!(csv, "text,href\r\na,http://a/\r\n");
}

#[tokio::test]
async fn one_that_several_preferences_lead_to_is_kept_once() {
    let accepting = |value: &'static str| {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        AnswerForm::of(&LinkQuery::parse(Some("format=text")).unwrap(), &headers)
    };
    let links: Vec<_> = (0..200).map(|n| format!(r#"{{"text":"a","href":"http://a/{n}"}}"#)).collect();
    let long = format!("[{}]", links.join(","));
    let (short, long) = (JSON, long.as_bytes());
    for (json, values, coded, kept) in [
        (short, ["identity", "gzip", "br", "zstd"], false, 1),
        (short, ["gzip, identity;q=0", "gzip", "gzip, br;q=0", "zstd"], false, 2),
        (long, ["gzip", "gzip, identity;q=0", "gzip, br;q=0", "br"], true, 2),
        (long, ["gzip, identity;q=0", "gzip", "gzip, br;q=0", "br"], true, 2),
    ] {
        let store = store(100_000);
        let cached =
            Arc::new(CachedResult::new(Ok(PageLinks::of_json(json.to_vec())), Duration::from_mins(1)));
        for value in values {
            let links = cached.result.as_ref().unwrap();
            let made = store.get(&cached, links, accepting(value), client(1)).await.unwrap();
            assert_eq!(made.coding.is_some(), coded || value.contains("identity;q=0"), "{value}");
        }
        assert_eq!(store.0.lock().kept.len(), kept, "{values:?}");
    }
}

#[tokio::test]
async fn one_that_is_too_large_to_be_kept_is_shared_while_it_is_read() {
    let store = store(0);
    let cached = cached();
    let (first, second) = (text(&store, &cached).await, text(&store, &cached).await);
    assert_eq!(first.as_ptr(), second.as_ptr());
    drop((first, second));
    assert_eq!(known(&store), 0);
}

#[tokio::test]
async fn results_with_the_same_links_have_representations_of_their_own() {
    let store = store(10_000);
    let (one, other) = (cached(), cached());
    assert_ne!(text(&store, &one).await.as_ptr(), text(&store, &other).await.as_ptr());
}

#[tokio::test]
async fn the_store_is_bounded_and_keeps_those_read_last() {
    let store = store(10_000);
    for _ in 0..1_000 {
        text(&store, &cached()).await;
    }
    assert_eq!(known(&store), 10_000 / (OVERHEAD + "http://a/\n".len()));
}

fn client(number: u32) -> ClientKey {
    Client::new(std::net::Ipv4Addr::from_bits(number).into()).key()
}

/// Links whose conversion is handed to another thread.
fn long() -> Arc<CachedResult> {
    let json = format!(r#"[{{"text":"{}","href":"http://a/"}}]"#, "a".repeat(100_000));
    Arc::new(CachedResult::new(Ok(PageLinks::of_json(json)), Duration::from_mins(1)))
}

#[tokio::test]
async fn a_client_has_no_more_links_wait_for_their_conversion_than_its_share() {
    let pool = CpuPool::new(1).unwrap();
    let store =
        Representations::new(&ExtractionPool::new(&pool, 1 << 20, SharedBudget::new(300_000, 150_000)), 0);
    let form = AnswerForm::of(&LinkQuery::parse(Some("format=text")).unwrap(), &HeaderMap::new());
    let (open, gate) = mpsc::channel::<()>();
    let busy = tokio::spawn(async move { pool.run(move || gate.recv().is_ok()).await });
    let links = [(); 3].map(|()| long());
    let get = async |number: usize, client: ClientKey| {
        let cached: &Arc<CachedResult> = &links[number];
        store.get(cached, cached.result.as_ref().unwrap(), form, client).await.map(|made| made.bytes)
    };
    let mut first = Box::pin(get(0, client(1)));
    while store.0.pool.reserve_waiting(100_000, client(1)).is_some() {
        assert!((&mut first).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(get(1, client(1)).await, Err(ApiError::ConversionsWait));
    let mut other = Box::pin(get(2, client(2)));
    assert!((&mut other).now_or_never().is_none());
    drop(open);
    busy.await.unwrap();
    for made in [first.await, other.await, get(1, client(1)).await] {
        assert_eq!(made.unwrap(), "http://a/\n");
    }
}

#[tokio::test]
async fn a_conversion_goes_on_when_its_reader_leaves() {
    let pool = CpuPool::new(1).unwrap();
    let store = Representations::new(
        &ExtractionPool::new(&pool, 1 << 20, SharedBudget::new(1 << 20, 1 << 20)),
        100_000,
    );
    let cached = long();
    let (open, gate) = mpsc::channel::<()>();
    let busy = tokio::spawn(async move { pool.run(move || gate.recv().is_ok()).await });
    assert!(text(&store, &cached).now_or_never().is_none());
    drop(open);
    busy.await.unwrap();
    let made = || !store.0.lock().kept.is_empty();
    while !made() {
        tokio::task::yield_now().await;
    }
    assert_eq!(text(&store, &cached).await, "http://a/\n");
}
