//! The cookies that a job's redirects set, for its later requests (RFC 6265). They are forgotten with the job, so that
//! no list of public suffixes is needed: a site can give cookies only to the sites to which it redirects.

use cookie::{
    Cookie,
    time::{Duration, OffsetDateTime},
};
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use weburl::WebUrl;

/// Bytes of the names and values of a cookie, and of all. Older ones give way.
const MAX_COOKIE: usize = 4096;
const MAX_COOKIES: usize = 8 * 1024;

#[derive(Default)]
pub(crate) struct CookieJar(Vec<JobCookie>);

struct JobCookie {
    name: String,
    value: String,
    domain: String,
    is_host_only: bool,
    path: String,
    is_secure: bool,
}

impl CookieJar {
    /// Keeps the cookies that the response from `url` sets (section 5.3).
    pub(crate) fn store(&mut self, url: &WebUrl, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let text = std::str::from_utf8(value.as_bytes());
            let Some(cookie) = text.ok().and_then(|text| Cookie::parse(text).ok()) else { continue };
            let Some(new) = JobCookie::received(&cookie, url) else { continue };
            self.0.retain(|old| (&old.name, &old.domain, &old.path) != (&new.name, &new.domain, &new.path));
            if !is_expired(&cookie) {
                self.0.push(new);
            }
            while self.0.iter().map(JobCookie::length).sum::<usize>() > MAX_COOKIES {
                self.0.remove(0);
            }
        }
    }

    /// The value of `Cookie` in a request for `url` (section 5.4).
    pub(crate) fn header(&self, url: &WebUrl) -> Option<HeaderValue> {
        let mut cookies: Vec<&JobCookie> = self.0.iter().filter(|cookie| cookie.is_for(url)).collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs = cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let value = pairs.collect::<Vec<_>>().join("; ");
        HeaderValue::try_from(value).ok().filter(|value| !value.is_empty())
    }
}

impl JobCookie {
    /// The cookie that a response from `url` sets; `None` if it may not.
    fn received(cookie: &Cookie<'_>, url: &WebUrl) -> Option<Self> {
        let host = url.host_str()?;
        let domain = cookie.domain().filter(|domain| !domain.is_empty()).map(str::to_ascii_lowercase);
        let is_host_only = domain.is_none();
        let domain = domain.unwrap_or_else(|| host.to_owned());
        let path =
            cookie.path().filter(|path| path.starts_with('/')).unwrap_or_else(|| directory(url.path()));
        let new = Self {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            is_host_only,
            path: path.to_owned(),
            is_secure: cookie.secure() == Some(true),
            domain,
        };
        (new.is_of_host(url) && new.length() <= MAX_COOKIE).then_some(new)
    }

    fn is_for(&self, url: &WebUrl) -> bool {
        let is_below = |rest: &str| rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/');
        self.is_of_host(url)
            && url.path().strip_prefix(&*self.path).is_some_and(is_below)
            && (!self.is_secure || url.scheme() == "https")
    }

    /// "Domain-match" (section 5.1.3). An address has no domains.
    fn is_of_host(&self, url: &WebUrl) -> bool {
        let is_below = |host: &str| host.strip_suffix(&*self.domain).is_some_and(|rest| rest.ends_with('.'));
        url.host_str() == Some(&self.domain) || !self.is_host_only && url.domain().is_some_and(is_below)
    }

    fn length(&self) -> usize {
        self.name.len() + self.value.len() + "=; ".len()
    }
}

/// "Default-path" (section 5.1.4).
fn directory(path: &str) -> &str {
    match path.rfind('/') {
        Some(end) if end > 0 => &path[..end],
        _ => "/",
    }
}

fn is_expired(cookie: &Cookie<'_>) -> bool {
    match cookie.max_age() {
        Some(age) => age <= Duration::ZERO,
        None => cookie.expires_datetime().is_some_and(|time| time <= OffsetDateTime::now_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cookies sent to `to` after responses of `from` have set these.
    fn sent(from: &str, set: &[&str], to: &str) -> Option<String> {
        let mut jar = CookieJar::default();
        for value in set {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            jar.store(&WebUrl::parse(from).unwrap(), &headers);
        }
        jar.header(&WebUrl::parse(to).unwrap())
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    #[test]
    fn cookies_go_where_their_domain_path_and_scheme_match() {
        let page = "http://www.e.test/a/b";
        for (set, to, is_sent) in [
            ("c=1", page, true),
            ("c=1", "http://www.e.test/a", true),
            ("c=1", "http://www.e.test/ab", false),
            ("c=1; Path=/", "http://www.e.test/", true),
            ("c=1; path=x", "http://www.e.test/a/", true),
            ("c=1; Path=/a/", "http://www.e.test/a", false),
            ("c=1; Path=/", "http://e.test/", false),
            ("c=1; Path=/", "http://x.www.e.test/", false),
            ("c=1; Path=/; Domain=www.e.test", "http://x.www.e.test:81/", true),
            ("c=1; Path=/; Domain=.E.test", "https://o.e.test/", true),
            ("c=1; Path=/; Domain=e.test", "http://note.test/", false),
            ("c=1; Domain=other.test", page, false),
            ("c=1; Domain=x.www.e.test", page, false),
            ("c=1; Domain=w.e.test", page, false),
            ("c=1; Domain=", page, true),
            ("c=1; Secure", page, false),
            ("c=1; Secure; HttpOnly; SameSite=Strict", "https://www.e.test/a/", true),
            ("c=1; Max-Age=0", page, false),
            ("c=1; Max-Age=-5", page, false),
            ("c=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", page, true),
            ("c=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", page, false),
            ("c=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", page, true),
            ("c=1; Expires=never", page, true),
        ] {
            assert_eq!(sent(page, &[set], to).as_deref(), is_sent.then_some("c=1"), "{set} to {to}");
        }
        assert_eq!(sent("http://127.0.0.1/", &["c=1; Domain=0.0.1"], "http://127.0.0.1/"), None);
        assert_eq!(
            sent("http://127.0.0.1/", &["c=1; Domain=127.0.0.1"], "http://127.0.0.1/").unwrap(),
            "c=1"
        );
    }

    #[test]
    fn later_cookies_replace_and_delete_earlier_ones() {
        let page = "http://e.test/a/b";
        let all = ["c=1", "d=2; Path=/", "c=3", "e=ä", "c=4; Path=/", "nonsense"];
        assert_eq!(sent(page, &all, page).unwrap(), "c=3; e=ä; d=2; c=4");
        assert_eq!(sent(page, &["c=1", "c=; Max-Age=0"], page), None);
    }

    #[test]
    fn a_job_keeps_a_bounded_number_of_bytes() {
        let page = "http://e.test/";
        let large: Vec<String> = (0..9).map(|number| format!("c{number}={}", "x".repeat(2000))).collect();
        let set: Vec<&str> = large.iter().map(String::as_str).collect();
        let kept = sent(page, &set, page).unwrap();
        assert!(kept.len() <= MAX_COOKIES && kept.contains("c8=") && !kept.contains("c4="));
        assert_eq!(sent(page, &[&format!("c={}", "x".repeat(MAX_COOKIE))], page), None);
    }
}
