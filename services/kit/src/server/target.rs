//! A request's target for the log.

/// A target as far as everybody may read it: it ends before its query or fragment, those of a URL in its path included,
/// and before the userinfo of such a URL. Secrets are in these.
pub(super) fn public(target: &str) -> &str {
    let before = |text: &'static [&str]| {
        let bytes = target.as_bytes();
        (0..bytes.len()).find(|at| starts(&bytes[*at..], text).is_some())
    };
    let mut end = before(&["?", "%3f", "#", "%23"]).unwrap_or(target.len());
    let bytes = &target.as_bytes()[..end];
    // After the scheme come one slash or more, and then the authority, up to the next slash.
    if let Some(colon) = before(&[":/", ":%2f", "%3a/", "%3a%2f"]).filter(|colon| *colon < end) {
        let mut start = colon + starts(&bytes[colon..], &[":", "%3a"]).unwrap_or(1);
        while let Some(slash) = starts(&bytes[start..], &["/", "%2f"]) {
            start += slash;
        }
        let authority = (start..end).take_while(|at| starts(&bytes[*at..], &["/", "%2f"]).is_none());
        if authority.into_iter().any(|at| starts(&bytes[at..], &["@", "%40"]).is_some()) {
            end = start;
        }
    }
    &target[..end]
}

/// The length of the first of `texts` that `bytes` start with, in any case.
fn starts(bytes: &[u8], texts: &[&str]) -> Option<usize> {
    let fits = |text: &&&str| {
        bytes.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    };
    texts.iter().find(fits).map(|text| text.len())
}

#[cfg(test)]
mod tests {
    use super::public;

    #[test]
    fn queries_are_not_public() {
        assert_eq!(public("/a/b"), "/a/b");
        assert_eq!(public("/a?token=x"), "/a");
        assert_eq!(public("/a/https%3A%2F%2Fe%2F%3Ftoken%3Dx"), "/a/https%3A%2F%2Fe%2F");
        assert_eq!(public("/a/%3ftoken?x"), "/a/");
        assert_eq!(public("/a/https%3A%2F%2Fe%2F%23token"), "/a/https%3A%2F%2Fe%2F");
    }

    #[test]
    fn nor_is_userinfo() {
        assert_eq!(public("/a/http://user:secret@e/b"), "/a/http://");
        assert_eq!(public("/a/http:/secret@e"), "/a/http:/");
        assert_eq!(public("/a/https%3a%2F%2fuser%3Asecret%40e%2Fb?c"), "/a/https%3a%2F%2f");
        assert_eq!(public("/a/http://e/@b:/c@d"), "/a/http://e/@b:/c@d");
        assert_eq!(public("/a/http://e?@"), "/a/http://e");
        assert_eq!(public("/@a:b"), "/@a:b");
        assert_eq!(public("/é:/é@é"), "/é:/");
    }
}
