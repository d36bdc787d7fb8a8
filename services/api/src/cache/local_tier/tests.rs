use super::*;
use crate::cached_result::{CachedResult, PageLinks};
use fetch::PageUrl;

fn key(number: usize) -> CacheKey {
    CacheKey::of(&PageUrl::parse(&format!("http://example.com/{number}")).unwrap())
}

fn cached(bytes: usize, lifetime: Duration) -> CacheEntry {
    let links = PageLinks::of_json(vec![b' '; bytes]);
    CacheEntry::of(&Arc::new(CachedResult::new(Ok(links), lifetime)))
}

fn a_minute() -> CacheEntry {
    cached(1, Duration::from_mins(1))
}

/// A tracked tier with a verified copy of `key(1)`.
fn tracked() -> LocalTier {
    let tier = LocalTier::new(1_000_000, Duration::ZERO);
    tier.start_tracking();
    tier.keep_read(&key(1), &a_minute(), tier.mark(&key(1)));
    assert!(matches!(tier.find(key(1).url()), Local::Verified(_)));
    tier
}

#[test]
fn the_tier_is_bounded_by_bytes_and_admits_every_new_copy() {
    let tier = LocalTier::new(100_000, Duration::ZERO);
    for number in 0..1_000 {
        assert!(tier.keep_new(&key(number), &cached(1_000, Duration::from_mins(1))));
        assert!(matches!(tier.find(key(number).url()), Local::Unverified(_)), "{number}");
    }
    tier.copies.run_pending_tasks();
    assert!(tier.copies.weighted_size() <= 100_000);
    assert!(tier.copies.entry_count() > 20);
    assert!(matches!(tier.find(key(0).url()), Local::Absent));
    assert!(!tier.keep_new(&key(1), &cached(100_000, Duration::from_mins(1))));
}

#[test]
fn replacing_an_expired_copy_starts_a_new_lifetime() {
    let tier = LocalTier::new(100_000, Duration::ZERO);
    tier.keep_new(&key(1), &cached(1, Duration::ZERO));
    assert!(matches!(tier.find(key(1).url()), Local::Absent));
    tier.keep_new(&key(1), &a_minute());
    assert!(matches!(tier.find(key(1).url()), Local::Unverified(_)));
}

#[test]
fn a_reported_change_removes_the_copy_of_its_key() {
    let tier = tracked();
    tier.invalidate(key(2).as_str());
    assert!(matches!(tier.find(key(1).url()), Local::Verified(_)));
    tier.invalidate(key(1).as_str());
    assert!(matches!(tier.find(key(1).url()), Local::Absent));
    let flushed = tracked();
    flushed.invalidate_all();
    assert!(matches!(flushed.find(key(1).url()), Local::Absent));
}

#[test]
fn without_reports_copies_stay_unverified() {
    let tier = tracked();
    tier.unverify_all();
    tier.unverify_all();
    assert!(matches!(tier.find(key(1).url()), Local::Unverified(_)));
    tier.start_tracking();
    assert!(matches!(tier.find(key(1).url()), Local::Unverified(_)), "changes in between were not reported");
    let Local::Unverified(copy) = tier.find(key(1).url()) else { panic!("it stays") };
    assert!(tier.verify(&key(1), &copy, tier.mark(&key(1))));
    assert!(!tier.verify(&key(1), &copy, tier.mark(&key(1))), "only once");
    assert!(matches!(tier.find(key(1).url()), Local::Verified(_)));
    tier.start_tracking();
    assert!(matches!(tier.find(key(1).url()), Local::Unverified(_)), "on another connection");
}

#[test]
fn a_value_that_changes_while_it_is_read_is_not_kept() {
    let tier = tracked();
    let mark = tier.mark(&key(1));
    tier.invalidate(key(1).as_str());
    tier.keep_read(&key(1), &a_minute(), mark);
    assert!(matches!(tier.find(key(1).url()), Local::Absent));
}

#[test]
fn a_value_that_was_read_before_a_session_is_not_verified_in_it() {
    let tier = tracked();
    let mark = tier.mark(&key(2));
    tier.start_tracking();
    tier.keep_read(&key(2), &a_minute(), mark);
    assert!(matches!(tier.find(key(2).url()), Local::Unverified(_)));
    let Local::Unverified(copy) = tier.find(key(2).url()) else { panic!("it is kept") };
    assert!(!tier.verify(&key(2), &copy, mark));
    assert!(matches!(tier.find(key(2).url()), Local::Unverified(_)));
}

#[test]
fn bytes_entries_and_evictions_are_known() {
    let tier = LocalTier::new(30_000, Duration::ZERO);
    for number in 0..100 {
        tier.keep_new(&key(number), &a_minute());
    }
    let (entries, bytes) = tier.held();
    assert!(bytes <= 30_000 && entries > 5 && bytes > 256 * entries, "{entries} entries, {bytes} bytes");
    assert_eq!(tier.evictions.get(), 100 - entries);
}
