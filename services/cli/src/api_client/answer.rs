//! A line of the API's answer.

use crate::{
    found_page::{ApiMembers, FoundPage},
    page_error::PageError,
};
use links::{Extraction, Link, LinkSelection, Links, Method};
use serde::Deserialize;
use serde_json::Value;
use std::{borrow::Cow, time::SystemTime};
use weburl::WebUrl;

#[derive(Deserialize)]
struct AnswerLine<'a> {
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    title: Option<String>,
    #[serde(default)]
    unresolved: usize,
    #[serde(default)]
    approximate: bool,
    age: Option<u64>,
    cache: Option<String>,
    #[serde(borrow, default)]
    links: Vec<Link<'a>>,
    error: Option<Value>,
}

/// The member of a line that tells which page it is about.
pub fn page(line: &[u8]) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct PageMember<'a> {
        #[serde(borrow)]
        page: Cow<'a, str>,
    }
    serde_json::from_slice(line).ok().map(|PageMember { page }| page)
}

/// The selected links in the line about `page`.
pub fn parse(line: &[u8], page: Option<&WebUrl>, selection: LinkSelection) -> Result<FoundPage, PageError> {
    let line: AnswerLine<'_> =
        serde_json::from_slice(line).map_err(|error| PageError::NoApi(format!("its answer: {error}")))?;
    if let Some(error) = line.error {
        return Err(PageError::Api(error));
    }
    let mut links = Links::default();
    for link in &line.links {
        links.push(&link.href, &link.text);
    }
    let url = line.url.and_then(|url| WebUrl::parse(&url).ok());
    let links = selection.of(links, url.as_ref().or(page));
    let method = if line.approximate { Method::Approximate } else { Method::Streamed };
    let (title, unresolved) = (line.title, line.unresolved);
    let found = Extraction { links, title, unresolved, method, ..Extraction::default() };
    let api = ApiMembers { age: line.age, cache: line.cache };
    Ok(FoundPage { url, found, at: SystemTime::now(), api: Some(api) })
}
