//! The fields of a request that depend on the page: those of a known version, and those that a user adds.

use crate::conditional::KnownVersion;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use weburl::WebUrl;

/// Fields that describe the connection or the message, which is not the user's to change.
const OWN: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Fields besides those that every request has. `Debug` is not derived: they may hold secrets.
#[derive(Clone, Copy, Default)]
pub(crate) struct RequestFields<'a> {
    /// The version that the caller has.
    pub(crate) known: Option<KnownVersion<'a>>,
    /// The cookies that redirects have set.
    pub(crate) cookies: Option<&'a HeaderValue>,
    /// The user's fields, for the origin of the page alone.
    pub(crate) user: Option<(&'a HeaderMap, &'a WebUrl)>,
}

/// Whether a user may set the field `name`.
pub fn may_be_set(name: &HeaderName) -> bool {
    !OWN.contains(name)
}

impl RequestFields<'_> {
    /// Adds the fields to a request for `url`, the user's in place of those of the same name, but for cookies.
    pub(crate) fn add_to<B>(self, request: &mut Request<B>, url: &WebUrl) {
        self.add_fields(request, url);
        let Some(cookies) = self.cookies else { return };
        let own = request.headers().get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let all = own.chain([cookies.as_bytes()]).collect::<Vec<_>>().join(&b"; "[..]);
        if let Ok(all) = HeaderValue::from_bytes(&all) {
            request.headers_mut().insert(header::COOKIE, all);
        }
    }

    fn add_fields<B>(self, request: &mut Request<B>, url: &WebUrl) {
        let headers = request.headers_mut();
        headers.extend(self.known.into_iter().flat_map(KnownVersion::fields));
        let Some((fields, page)) = self.user else { return };
        let origin = |url: &WebUrl| (url.scheme().to_owned(), url.host_and_port().to_owned());
        if fields.is_empty() || origin(url) != origin(page) {
            return;
        }
        for name in fields.keys() {
            headers.remove(name);
        }
        for (name, value) in fields {
            headers.append(name, value.clone());
        }
        // HTTP/2 has `:authority` in place of `Host` (RFC 9113, section 8.3.1).
        if request.version() == http::Version::HTTP_2
            && let Some(host) = request.headers_mut().remove(header::HOST)
        {
            let mut uri = std::mem::take(request.uri_mut()).into_parts();
            uri.authority = host.to_str().ok().and_then(|host| host.parse().ok()).or(uri.authority);
            *request.uri_mut() = http::Uri::from_parts(uri).unwrap_or_default();
        }
    }
}
