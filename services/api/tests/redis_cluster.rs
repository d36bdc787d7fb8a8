//! A Redis Cluster is used as one cache, and goes on being used after a failover.

mod support;

use e2e::{Origin, Page, RedisCluster, within};
use kit::Secret;
use redis::cmd;
use std::time::{Duration, Instant};
use support::{Service, cache_status, is_hit, settings};

struct Stage {
    origin: Origin,
    cluster: RedisCluster,
}

impl Stage {
    async fn set() -> Self {
        Self { origin: Origin::start().await, cluster: RedisCluster::start(1_000).await }
    }

    async fn service(&self, nodes: &[usize]) -> Service {
        let mut settings = settings();
        settings.redis_url = Some(Secret::from(self.cluster.url(nodes)));
        Service::with(settings).await
    }

    fn page(&self, number: usize) -> String {
        self.origin.page(&format!("/{number}"), Page::html("<a href=x>x</a>"))
    }

    /// The id of a node.
    async fn id(&self, node: usize) -> Vec<u8> {
        match self.cluster.nodes[node].command(cmd("CLUSTER").arg("MYID")).await {
            redis::Value::BulkString(id) => id,
            other => panic!("an id: {other:?}"),
        }
    }

    /// Pages that are in the slots of all masters, all of them stored.
    async fn store(&self, api: &Service, first: usize) -> Vec<String> {
        let pages: Vec<_> = (first..first + 20).map(|number| self.page(number)).collect();
        for page in &pages {
            let ask = async || api.get_with(page, "cache-control", "no-cache").await;
            within("the page to be stored", async {
                while cache_status(&ask().await) != "fwd=request; stored" {}
            })
            .await;
        }
        pages
    }
}

/// Returns when `api` hits all `pages` without a fetch.
async fn assert_hits(api: &Service, pages: &[String]) {
    for page in pages {
        let ask = async || api.get_with(page, "cache-control", "only-if-cached").await;
        within("a hit", async { while ask().await.status != 200 {} }).await;
    }
}

#[tokio::test]
async fn what_one_process_stores_another_hits() {
    let stage = Stage::set().await;
    let (one, other) = (stage.service(&[0, 1]).await, stage.service(&[0, 1]).await);
    let pages = stage.store(&one, 0).await;
    assert_eq!(stage.cluster.values().await, 20);
    let fetched = stage.origin.requests();
    assert_hits(&other, &pages).await;
    assert_eq!(stage.origin.requests(), fetched);
}

#[tokio::test]
async fn one_url_of_a_cluster_is_enough_even_of_a_replica() {
    let stage = Stage::set().await;
    for node in [0, 5] {
        let api = stage.service(&[node]).await;
        stage.store(&api, node * 100).await;
    }
    assert_eq!(stage.cluster.values().await, 40);
}

#[tokio::test]
async fn local_copies_follow_the_changes_in_all_masters() {
    let stage = Stage::set().await;
    let (one, other) = (stage.service(&[0, 1]).await, stage.service(&[0, 1]).await);
    let pages = stage.store(&one, 0).await;
    assert_hits(&other, &pages).await;
    // The copies are verified: they are hits although no master answers.
    let local = async |page: &String| {
        let answer = other.get_with(page, "cache-control", "only-if-cached").await;
        answer.status == 200 && cache_status(&answer).ends_with("detail=local")
    };
    for page in &pages {
        within("a local hit", async { while !local(page).await {} }).await;
    }
    for (number, page) in pages.iter().enumerate() {
        stage.origin.page(&format!("/{number}"), Page::html("<a href=x>new</a>"));
        let ask = async || one.get_with(page, "cache-control", "no-cache").await;
        within("the new result to be stored", async {
            while cache_status(&ask().await) != "fwd=request; stored" {}
        })
        .await;
        within("the new result", async { while other.get(page).await.json()[0]["text"] != "new" {} }).await;
    }
    for node in &stage.cluster.nodes[..3] {
        node.command(&cmd("FLUSHALL")).await;
    }
    for page in &pages {
        let ask = async || other.get_with(page, "cache-control", "only-if-cached").await;
        within("the copy to be gone", async { while ask().await.status == 200 {} }).await;
    }
}

/// Freezes a master and waits until its replica has replaced it; then Redis is used again within 5 s.
async fn assert_used_again_after_a_failover(seeds: &[usize]) {
    let stage = Stage::set().await;
    let api = stage.service(seeds).await;
    stage.store(&api, 0).await;
    stage.cluster.nodes[0].freeze();
    within("the Cluster's failover", async {
        while !stage.cluster.nodes[3].replication().await.contains("role:master") {
            // Meanwhile requests are answered.
            assert_eq!(api.get(&stage.page(1_000)).await.status, 200);
        }
    })
    .await;
    let failed_over = Instant::now();
    let pages = stage.store(&api, 100).await;
    assert!(failed_over.elapsed() < Duration::from_secs(5), "{:?}", failed_over.elapsed());
    let other = stage.service(seeds).await;
    assert_hits(&other, &pages).await;
    stage.cluster.nodes[0].thaw();
    stage.store(&api, 200).await;
}

#[tokio::test]
async fn a_frozen_master_that_is_a_seed_is_left_for_its_replica() {
    assert_used_again_after_a_failover(&[0, 1]).await;
}

#[tokio::test]
async fn a_frozen_master_that_is_no_seed_is_left_for_its_replica() {
    assert_used_again_after_a_failover(&[1, 2]).await;
}

#[tokio::test]
async fn a_seed_that_is_frozen_at_the_start_does_not_keep_the_others_from_being_used() {
    let stage = Stage::set().await;
    stage.cluster.nodes[3].freeze();
    let start = Instant::now();
    let api = stage.service(&[3, 0]).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    stage.store(&api, 0).await;
}

#[tokio::test]
async fn a_killed_master_and_a_manual_failover_are_followed() {
    let mut stage = Stage::set().await;
    let api = stage.service(&[0, 1]).await;
    let pages = stage.store(&api, 0).await;
    stage.cluster.nodes[4].command(cmd("CLUSTER").arg("FAILOVER")).await;
    within("the failover", async {
        while !stage.cluster.nodes[4].replication().await.contains("role:master") {}
    })
    .await;
    stage.store(&api, 100).await;
    stage.cluster.nodes[2].kill().await;
    within("the failover", async {
        while !stage.cluster.nodes[5].replication().await.contains("role:master") {}
    })
    .await;
    let failed_over = Instant::now();
    stage.store(&api, 200).await;
    assert!(failed_over.elapsed() < Duration::from_secs(5), "{:?}", failed_over.elapsed());
    for page in &pages {
        assert!(is_hit(&api.get(page).await));
    }
}

#[tokio::test]
async fn slots_that_move_are_followed() {
    let stage = Stage::set().await;
    let (one, other) = (stage.service(&[0, 1]).await, stage.service(&[0, 1]).await);
    let id = stage.id(0).await;
    // Empty slots of the third master become the first one's, so no key has to be moved.
    for slot in 10_922..11_100 {
        for node in [0, 2, 1] {
            let assign = cmd("CLUSTER").arg("SETSLOT").arg(slot).arg("NODE").arg(&id[..]).take();
            stage.cluster.nodes[node].command(&assign).await;
        }
    }
    let pages = stage.store(&one, 0).await;
    assert_hits(&other, &pages).await;
}

#[tokio::test]
async fn a_slot_that_is_moving_is_used_at_its_new_master() {
    let stage = Stage::set().await;
    let (one, other) = (stage.service(&[0, 1]).await, stage.service(&[0, 1]).await);
    let mut number = 0;
    // A page in a slot of the first master.
    let (page, slot) = loop {
        let page = stage.page(number);
        let key = format!("linkextractor:3:{page}");
        let slot = stage.cluster.nodes[0].command(cmd("CLUSTER").arg("KEYSLOT").arg(key)).await;
        if let redis::Value::Int(slot @ ..5_461) = slot {
            break (page, slot);
        }
        number += 1;
    };
    let (from, to) = (stage.id(0).await, stage.id(1).await);
    let import = cmd("CLUSTER").arg("SETSLOT").arg(slot).arg("IMPORTING").arg(&from[..]).take();
    stage.cluster.nodes[1].command(&import).await;
    let migrate = cmd("CLUSTER").arg("SETSLOT").arg(slot).arg("MIGRATING").arg(&to[..]).take();
    stage.cluster.nodes[0].command(&migrate).await;
    let ask = async || one.get_with(&page, "cache-control", "no-cache").await;
    within("the page to be stored", async { while cache_status(&ask().await) != "fwd=request; stored" {} })
        .await;
    assert_eq!(stage.cluster.nodes[1].values().await, 1);
    assert_hits(&other, &[page]).await;
}

#[tokio::test]
async fn the_documented_rights_are_enough_for_a_cluster() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let docs = std::fs::read_to_string(docs).expect("the docs");
    let rule = docs.lines().find_map(|line| line.strip_prefix("user linkextractor on >PASSWORD "));
    let rule: Vec<_> = rule.expect("the rule").split(' ').collect();
    let stage = Stage::set().await;
    for node in &stage.cluster.nodes {
        let user = cmd("ACL").arg("SETUSER").arg("linkextractor").arg("on").arg(">secret").arg(&rule).take();
        node.command(&user).await;
    }
    let mut settings = settings();
    let url = stage.cluster.url(&[0]).replace("redis://", "redis://linkextractor:secret@");
    settings.redis_url = Some(Secret::from(url));
    stage.store(&Service::with(settings).await, 0).await;
    for node in &stage.cluster.nodes {
        let log = node.command(cmd("ACL").arg("LOG")).await;
        assert_eq!(log, redis::Value::Array(vec![]), "something was denied");
    }
}
