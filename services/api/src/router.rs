//! From a request target to an endpoint.

use crate::{
    link_query::LinkQuery,
    problem_types::ProblemType,
    request_target::{self, RequestTargetError},
};
use http::{Uri, uri::PathAndQuery};
use kit::{Problem, errors};
use std::borrow::Cow;

/// A resource of the API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    /// `/`: the usage.
    Usage,
    /// `/openapi.json`: the description for programs.
    Description,
    /// `/problems/<code>`: the explanation of an error code.
    ProblemType(&'static ProblemType),
    /// `/api`: a page by the parameter `url`, or what is sent by POST.
    Pages(Result<LinkQuery, RequestTargetError>),
    /// `/api/<url>`: a page by its URL.
    Page(Result<Cow<'a, str>, RequestTargetError>),
}

impl<'a> Endpoint<'a> {
    /// The endpoint at `uri`.
    pub(crate) fn at(uri: &'a Uri) -> Result<Self, Problem> {
        let path = uri.path();
        match path {
            "/" => return Ok(Self::Usage),
            "/openapi.json" => return Ok(Self::Description),
            "/api" | "/api/" => return Ok(Self::Pages(LinkQuery::parse(uri.query()))),
            _ => {}
        }
        let target = uri.path_and_query().map_or(path, PathAndQuery::as_str);
        if let Some(rest) = target.strip_prefix("/api/") {
            return Ok(Self::Page(request_target::url_in_path(rest)));
        }
        if let Some(kind) = path.strip_prefix("/problems/").and_then(ProblemType::of) {
            return Ok(Self::ProblemType(kind));
        }
        match request_target::decode(path) {
            Ok(_) => Err(errors::not_found()),
            Err(error) => Err(errors::bad_request(error.to_string())),
        }
    }

    /// Its pattern, for the log and metrics.
    pub(crate) fn route(&self) -> &'static str {
        match self {
            Self::Usage => "/",
            Self::Description => "/openapi.json",
            Self::ProblemType(_) => "/problems/{code}",
            Self::Pages(_) => "/api",
            Self::Page(_) => "/api/{url}",
        }
    }

    /// Its methods, as in the field `Allow`.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Usage | Self::Description | Self::ProblemType(_) | Self::Page(_) => "GET, HEAD, OPTIONS",
            Self::Pages(_) => "GET, HEAD, OPTIONS, POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(target: &str) -> Result<Endpoint<'static>, &'static str> {
        let uri = Box::leak(Box::new(target.parse().unwrap()));
        Endpoint::at(uri).map_err(|problem| problem.code)
    }

    #[test]
    fn request_targets_lead_to_endpoints() {
        let page = |url: &str| Ok(Endpoint::Page(Ok(url.to_owned().into())));
        let query = |url| Endpoint::Pages(Ok(LinkQuery { url, ..LinkQuery::default() }));
        let parameter = |url: &str| Ok(query(Some(url.to_owned())));
        assert_eq!(at("/"), Ok(Endpoint::Usage));
        assert_eq!(at("/openapi.json?x"), Ok(Endpoint::Description));
        let not_found = ProblemType::of("not-found").unwrap();
        assert_eq!(at("/problems/not-found"), Ok(Endpoint::ProblemType(not_found)));
        assert_eq!(at("/api/http://example.com/?a=1&b=2"), page("http://example.com/?a=1&b=2"));
        assert_eq!(at("/api/HTTP:/example.com?"), page("HTTP:/example.com?"));
        assert_eq!(at("/api/http%3A%2F%2Fe%2F%3Fa?b"), page("http://e/?a&b"));
        assert_eq!(at("/api/..%2f..%2fetc%2fpasswd"), page("../../etc/passwd"));
        assert_eq!(at("/api/é"), page("é"));
        assert_eq!(at("/api?url=http%3A%2F%2Fe"), parameter("http://e"));
        assert_eq!(at("/api/?url=http%3A%2F%2Fe"), parameter("http://e"));
        assert_eq!(at("http://h:5000/api/http://e/?q"), page("http://e/?q"));
        for target in ["/api", "/api/", "/api?", "/api?u=1"] {
            assert_eq!(at(target), Ok(query(None)), "{target}");
        }
        assert_eq!(at("/api/%zz"), Ok(Endpoint::Page(Err(RequestTargetError::Percent))));
    }

    #[test]
    fn other_request_targets_are_errors() {
        for (target, code) in [
            ("/apis", "not-found"),
            ("//api/http://e", "not-found"),
            ("/favicon.ico", "not-found"),
            ("/problems/", "not-found"),
            ("/problems/unknown", "not-found"),
            ("/%zz", "bad-request"),
            ("/%ff%fe", "bad-request"),
        ] {
            assert_eq!(at(target), Err(code), "{target}");
        }
    }
}
