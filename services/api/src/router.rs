//! Which endpoint a request target names.

use crate::target::{self, TargetError};
use http::Uri;
use kit::{Problem, Route, errors};

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/`: how to use the service.
    Usage,
    /// `/openapi.json`: the same, for programs.
    Description,
    /// `/api`: a page by the parameter `url`, or many by POST.
    Pages(Result<String, TargetError>),
    /// `/api/<url>`: a page by its URL.
    Page(Result<String, TargetError>),
}

impl Endpoint {
    /// The endpoint at `uri`.
    pub(crate) fn at(uri: &Uri) -> Result<Self, Problem> {
        let path = uri.path();
        match path {
            "/" => return Ok(Self::Usage),
            "/openapi.json" => return Ok(Self::Description),
            "/api" | "/api/" => return Ok(Self::Pages(target::url_in_query(uri.query()))),
            _ => {}
        }
        if let Some(url) = path.strip_prefix("/api/") {
            let whole = uri.path_and_query().map_or("", |target| target.as_str());
            let whole = whole.strip_prefix("/api/").unwrap_or(url);
            return Ok(Self::Page(target::url_in_path(whole, url, uri.query()).map(Into::into)));
        }
        match target::decode(path) {
            Ok(_) => Err(errors::not_found()),
            Err(error) => Err(errors::bad_request(error.to_string())),
        }
    }

    /// Its pattern, for logs and metrics.
    pub(crate) fn route(&self) -> Route {
        Route(match self {
            Self::Usage => "/",
            Self::Description => "/openapi.json",
            Self::Pages(_) => "/api",
            Self::Page(_) => "/api/{url}",
        })
    }

    /// The methods it has, as `Allow` lists them.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Usage | Self::Description | Self::Page(_) => "GET, HEAD, OPTIONS",
            Self::Pages(_) => "GET, HEAD, OPTIONS, POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(target: &str) -> Result<Endpoint, &'static str> {
        Endpoint::at(&target.parse().unwrap()).map_err(|problem| problem.code())
    }

    #[test]
    fn targets_name_endpoints() {
        let page = |url: &str| Ok(Endpoint::Page(Ok(url.to_owned())));
        let parameter = |url: &str| Ok(Endpoint::Pages(Ok(url.to_owned())));
        assert_eq!(at("/"), Ok(Endpoint::Usage));
        assert_eq!(at("/openapi.json?x"), Ok(Endpoint::Description));
        assert_eq!(at("/api/http://example.com/?a=1&b=2"), page("http://example.com/?a=1&b=2"));
        assert_eq!(at("/api/HTTP:/example.com?"), page("HTTP:/example.com?"));
        assert_eq!(at("/api/http%3A%2F%2Fe%2F%3Fa?b"), page("http://e/?a&b"));
        assert_eq!(at("/api/..%2f..%2fetc%2fpasswd"), page("../../etc/passwd"));
        assert_eq!(at("/api/é"), page("é"));
        assert_eq!(at("/api?url=http%3A%2F%2Fe"), parameter("http://e"));
        assert_eq!(at("/api/?url=http%3A%2F%2Fe"), parameter("http://e"));
        assert_eq!(at("http://h:5000/api/http://e/?q"), page("http://e/?q"));
        for target in ["/api", "/api/", "/api?", "/api?u=1"] {
            assert_eq!(at(target), Ok(Endpoint::Pages(Err(TargetError::Missing))), "{target}");
        }
        assert_eq!(at("/api/%zz"), Ok(Endpoint::Page(Err(TargetError::Percent))));
    }

    #[test]
    fn others_are_errors() {
        for (target, code) in [
            ("/apis", "not-found"),
            ("//api/http://e", "not-found"),
            ("/favicon.ico", "not-found"),
            ("/%zz", "bad-request"),
            ("/%ff%fe", "bad-request"),
        ] {
            assert_eq!(at(target), Err(code), "{target}");
        }
    }
}
