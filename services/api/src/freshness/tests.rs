use super::*;
use crate::cached_result::PageLinks;
use fetch::Phase;

const LIMITS: StaleLimits =
    StaleLimits { while_revalidate: Duration::from_mins(1), if_error: Duration::from_hours(1) };

/// Links with a lifetime of 100 s that were fetched `ago`.
fn links(ago: u64) -> CacheEntry {
    let result = CachedResult::new(Ok(PageLinks::of_json("")), Duration::from_secs(100));
    CacheEntry::of(&Arc::new(result.created_earlier(Duration::from_secs(ago))))
}

/// A failure with a lifetime of 30 s of 5 s ago.
fn failure(error: FetchError) -> Arc<CachedResult> {
    let result = CachedResult::new(Err(error), Duration::from_secs(30));
    Arc::new(result.created_earlier(Duration::from_secs(5)))
}

fn judge(entry: Option<&CacheEntry>, directives: &CacheDirectives) -> &'static str {
    match LIMITS.judge(entry, directives) {
        Verdict::Fresh(result, _) if result.result.is_ok() => "fresh",
        Verdict::Fresh(..) => "failure",
        Verdict::Stale { refresh: true, .. } => "refresh",
        Verdict::Stale { refresh: false, .. } => "stale",
        Verdict::StaleIfError(_) => "if error",
        Verdict::Fetch(FetchReason::Miss) => "miss",
        Verdict::Fetch(FetchReason::Stale) => "fetch",
        Verdict::Fetch(FetchReason::Request) => "request",
    }
}

#[test]
fn expired_links_are_used_within_the_limits() {
    let any = CacheDirectives::default();
    let down = failure(FetchError::Connect);
    let gone = failure(FetchError::UpstreamStatus { status: 404, retry_after: None });
    for (age, alone, beside_down, beside_gone) in [
        (50, "fresh", "fresh", "fresh"),
        (150, "refresh", "stale", "failure"),
        (170, "fetch", "if error", "failure"),
        (3_600, "fetch", "if error", "failure"),
        (3_800, "fetch", "failure", "failure"),
    ] {
        assert_eq!(judge(Some(&links(age)), &any), alone, "{age}");
        assert_eq!(judge(Some(&links(age).with_failure(&down)), &any), beside_down, "{age}");
        assert_eq!(judge(Some(&links(age).with_failure(&gone)), &any), beside_gone, "{age}");
    }
    assert_eq!(judge(None, &any), "miss");
    assert_eq!(judge(Some(&CacheEntry::of(&down)), &any), "failure");
}

#[test]
fn a_failure_in_the_background_is_not_shown_while_links_are_revalidated() {
    let limits = StaleLimits { if_error: Duration::ZERO, ..LIMITS };
    let down = failure(FetchError::Connect);
    let judge = |age| limits.judge(Some(&links(age).with_failure(&down)), &CacheDirectives::default());
    assert!(matches!(judge(150), Verdict::Stale { refresh: false, .. }));
    assert!(matches!(judge(170), Verdict::Fresh(failure, _) if failure.result.is_err()));
}

#[test]
fn the_directives_of_a_request_turn_stale_answers_off() {
    let down = failure(FetchError::Connect);
    let late = failure(FetchError::Timeout(Phase::Queue));
    let no_cache = CacheDirectives { no_cache: true, ..CacheDirectives::default() };
    let max_age = |seconds| CacheDirectives {
        max_age: Some(Duration::from_secs(seconds)),
        ..CacheDirectives::default()
    };
    for (entry, directives, expected) in [
        (links(50), no_cache.clone(), "request"),
        (links(150), no_cache, "request"),
        (links(50), max_age(60), "fresh"),
        (links(50), max_age(40), "request"),
        (links(150), max_age(1_000), "fetch"),
        (links(150).with_failure(&down), max_age(1_000), "failure"),
        (links(50).with_failure(&down), max_age(40), "failure"),
        (links(50).with_failure(&down), max_age(1), "request"),
        (links(50).with_failure(&late), max_age(40), "request"),
        (links(150).with_failure(&late), max_age(1_000), "fetch"),
        (CacheEntry::of(&down), max_age(1), "request"),
    ] {
        assert_eq!(judge(Some(&entry), &directives), expected, "{directives:?}");
    }
}

#[test]
fn failures_that_say_nothing_about_the_page_are_passing() {
    let status = |status| FetchError::UpstreamStatus { status, retry_after: None };
    for error in [
        FetchError::Dns,
        FetchError::Connect,
        FetchError::Incomplete,
        FetchError::Timeout(Phase::Body),
        FetchError::Timeout(Phase::Queue),
        FetchError::Overloaded,
        status(429),
        status(500),
        status(503),
    ] {
        assert!(is_passing(&error), "{error:?}");
    }
    for error in [
        FetchError::Blocked,
        FetchError::NotHtml,
        FetchError::TooLarge,
        FetchError::BadEncoding,
        FetchError::BadRedirect,
        FetchError::TooManyRedirects,
        status(304),
        status(404),
        status(410),
    ] {
        assert!(!is_passing(&error), "{error:?}");
    }
}
