//! Removes what may be secret from request targets, for logs.

/// The start of a URL or a request target, up to the first part that may be secret: the query, the fragment, or the
/// userinfo, its own or those of a URL in its path.
pub fn redacted(target: &str) -> &str {
    if !target.contains(['?', '#', '%', '@']) {
        return target;
    }
    let lower = target.to_ascii_lowercase();
    let first =
        |text: &str, patterns: &[&str]| patterns.iter().filter_map(|pattern| text.find(pattern)).min();
    let path = first(&lower, &["?", "%3f", "#", "%23"]).map_or(&*lower, |end| &lower[..end]);
    let Some(colon) = first(path, &[":/", ":%2f", "%3a/", "%3a%2f"]) else { return &target[..path.len()] };
    let after_scheme = &path[colon..];
    let mut rest = after_scheme.strip_prefix(':').unwrap_or_else(|| &after_scheme["%3a".len()..]);
    while let Some(shorter) = rest.strip_prefix('/').or_else(|| rest.strip_prefix("%2f")) {
        rest = shorter;
    }
    let authority = first(rest, &["/", "%2f"]).map_or(rest, |end| &rest[..end]);
    let has_userinfo = first(authority, &["@", "%40"]).is_some();
    &target[..path.len() - if has_userinfo { rest.len() } else { 0 }]
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn queries_and_fragments_are_left_out() {
        assert_eq!(redacted("/a/b"), "/a/b");
        assert_eq!(redacted("/a?token=x"), "/a");
        assert_eq!(redacted("/a/https%3A%2F%2Fe%2F%3Ftoken%3Dx"), "/a/https%3A%2F%2Fe%2F");
        assert_eq!(redacted("/a/%3ftoken?x"), "/a/");
        assert_eq!(redacted("/a/https%3A%2F%2Fe%2F%23token"), "/a/https%3A%2F%2Fe%2F");
    }

    #[test]
    fn userinfo_is_left_out() {
        assert_eq!(redacted("/a/http://user:secret@e/b"), "/a/http://");
        assert_eq!(redacted("/a/http:/secret@e"), "/a/http:/");
        assert_eq!(redacted("/a/https%3a%2F%2fuser%3Asecret%40e%2Fb?c"), "/a/https%3a%2F%2f");
        assert_eq!(redacted("/a/http://e/@b:/c@d"), "/a/http://e/@b:/c@d");
        assert_eq!(redacted("/a/http://e?@"), "/a/http://e");
        assert_eq!(redacted("/@a:b"), "/@a:b");
        assert_eq!(redacted("/é:/é@é"), "/é:/");
    }
}
