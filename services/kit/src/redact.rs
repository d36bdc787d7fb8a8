//! Request targets without what may be secret, for logs.

/// The part of a request target that holds no secret: it ends before the query or fragment, those of a URL in its path
/// included, and before the userinfo of such a URL.
pub(crate) fn redacted(target: &str) -> &str {
    let before = |text: &'static [&str]| {
        let bytes = target.as_bytes();
        (0..bytes.len()).find(|at| prefix(&bytes[*at..], text).is_some())
    };
    let mut end = before(&["?", "%3f", "#", "%23"]).unwrap_or(target.len());
    let bytes = &target.as_bytes()[..end];
    // After the scheme come one slash or more, then the authority, up to the next slash.
    if let Some(colon) = before(&[":/", ":%2f", "%3a/", "%3a%2f"]).filter(|colon| *colon < end) {
        let mut start = colon + prefix(&bytes[colon..], &[":", "%3a"]).unwrap_or(1);
        while let Some(slash) = prefix(&bytes[start..], &["/", "%2f"]) {
            start += slash;
        }
        let mut authority = (start..end).take_while(|at| prefix(&bytes[*at..], &["/", "%2f"]).is_none());
        if authority.any(|at| prefix(&bytes[at..], &["@", "%40"]).is_some()) {
            end = start;
        }
    }
    &target[..end]
}

/// The length of the first of `texts` that `bytes` start with, in any case.
fn prefix(bytes: &[u8], texts: &[&str]) -> Option<usize> {
    let fits = |text: &&&str| {
        bytes.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    };
    texts.iter().find(fits).map(|text| text.len())
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
