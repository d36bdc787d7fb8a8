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
    let Some(mut rest) = after_scheme(path) else { return &target[..path.len()] };
    while let Some(shorter) = SLASHES.iter().find_map(|slash| rest.strip_prefix(slash)) {
        rest = shorter;
    }
    let authority = first(rest, &SLASHES).map_or(rest, |end| &rest[..end]);
    let has_userinfo = first(authority, &["@", "%40"]).is_some();
    &target[..path.len() - if has_userinfo { rest.len() } else { 0 }]
}

/// What separates the parts of a URL, percent-encoded or not: a backslash counts as a slash (WHATWG URL).
const SLASHES: [&str; 4] = ["/", "%2f", "\\", "%5c"];

/// What follows the colon of the first URL in `path`, which is in lower case. After `http:` and `https:` no slash is needed.
fn after_scheme(path: &str) -> Option<&str> {
    let colons = [":", "%3a"].iter().flat_map(|colon| path.match_indices(colon));
    let ends = colons.filter_map(|(at, colon)| {
        let rest = &path[at + colon.len()..];
        let is_web = path[..at].ends_with("http") || path[..at].ends_with("https");
        (is_web || SLASHES.iter().any(|slash| rest.starts_with(slash))).then_some(rest)
    });
    ends.max_by_key(|rest| rest.len())
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
        assert_eq!(redacted("/a/https:user:secret@e/"), "/a/https:");
        assert_eq!(redacted("/a/http:%5C%5Cuser:secret@e/"), "/a/http:%5C%5C");
        assert_eq!(redacted("/a/http:\\user:secret@e\\b"), "/a/http:\\");
        assert_eq!(redacted("https:user:secret@e/"), "https:");
        assert_eq!(redacted("HTTP%3Auser%40e/b"), "HTTP%3A");
        assert_eq!(redacted("/a/https:e/@b"), "/a/https:e/@b");
        assert_eq!(redacted("/@a:b"), "/@a:b");
        assert_eq!(redacted("/é:/é@é"), "/é:/");
    }
}
