//! What an answer's `Cache-Status` (RFC 9211) says of the cache nearest to the client.

/// `hit`, or the reason why it went forward (`miss`, `stale`, `bypass` …).
pub(super) fn outcome(field: &str) -> Option<&str> {
    let nearest = field.rsplit(',').next()?;
    let mut parameters = nearest.split(';').skip(1).map(str::trim);
    parameters.find_map(|parameter| match parameter {
        "hit" => Some("hit"),
        other => other.strip_prefix("fwd="),
    })
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn the_last_cache_of_the_list_counts() {
        assert_eq!(outcome("one; hit; ttl=30"), Some("hit"));
        assert_eq!(outcome("one;fwd=miss;stored"), Some("miss"));
        assert_eq!(outcome("origin; hit, one; fwd=stale; fwd-status=304"), Some("stale"));
        assert_eq!(outcome("one"), None);
        assert_eq!(outcome(""), None);
    }
}
