//! The `Cache-Control` directives of a request (RFC 9111, section 5.2.1).

use http::{HeaderMap, header};
use std::time::Duration;

/// The supported directives; others are ignored (section 5.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheDirectives {
    pub(crate) no_cache: bool,
    pub(crate) only_if_cached: bool,
    pub(crate) max_age: Option<Duration>,
}

impl CacheDirectives {
    /// The directives in `headers`. `Pragma: no-cache` counts where there is no `Cache-Control` (RFC 9111,
    /// section 5.4).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let pragma = headers
            .get(header::PRAGMA)
            .is_some_and(|pragma| pragma.as_bytes().eq_ignore_ascii_case(b"no-cache"));
        let no_cache = pragma && !headers.contains_key(header::CACHE_CONTROL);
        let mut directives = Self { no_cache, ..Self::default() };
        let values = headers.get_all(header::CACHE_CONTROL).iter();
        for directive in values.flat_map(|value| value.to_str().unwrap_or_default().split(',')) {
            directives.read(directive);
        }
        directives
    }

    fn read(&mut self, directive: &str) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" => self.no_cache = true,
            "only-if-cached" => self.only_if_cached = true,
            "max-age" => {
                let digits = value.trim().trim_matches('"');
                let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                // A number that overflows counts as the largest (section 1.2.2), an invalid one as 0.
                let seconds = if number { digits.parse().unwrap_or(u64::MAX) } else { 0 };
                let age = Duration::from_secs(seconds);
                self.max_age = Some(self.max_age.map_or(age, |other| other.min(age)));
            }
            _ => {}
        }
    }

    /// Whether an expired result may be used.
    pub(crate) fn allow_stale(&self) -> bool {
        !self.no_cache && self.max_age.is_none()
    }

    /// Whether a cached result of `age` may be used; with `max-age=0` none may, however young.
    pub(crate) fn allow_age(&self, age: Duration) -> bool {
        !self.no_cache && self.max_age.is_none_or(|limit| !limit.is_zero() && age <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(values: &[&'static str]) -> CacheDirectives {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CACHE_CONTROL, HeaderValue::from_static(value));
        }
        CacheDirectives::of(&headers)
    }

    #[test]
    fn supported_directives_are_parsed_and_others_ignored() {
        assert_eq!(of(&[]), CacheDirectives::default());
        assert!(of(&["No-Cache"]).no_cache);
        assert!(of(&["max-stale=3, only-if-cached"]).only_if_cached);
        assert!(of(&["no-store", "only-if-cached"]).only_if_cached);
        assert_eq!(of(&["max-age=60"]).max_age, Some(Duration::from_mins(1)));
        assert_eq!(of(&["max-age=\"60\", max-age=5"]).max_age, Some(Duration::from_secs(5)));
        assert_eq!(of(&["max-age=99999999999999999999999"]).max_age, Some(Duration::from_secs(u64::MAX)));
        for nonsense in ["max-age", "max-age=", "max-age=-1", "max-age=1.5"] {
            assert_eq!(of(&[nonsense]).max_age, Some(Duration::ZERO), "{nonsense}");
        }
        assert_eq!(of(&["no-cachex, x-max-age=3"]), CacheDirectives::default());
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        let mut headers = HeaderMap::new();
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        assert!(CacheDirectives::of(&headers).no_cache);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=1"));
        assert!(!CacheDirectives::of(&headers).no_cache);
    }
}
