//! The output of one page, in the formats of `links::format`.

use crate::{args::OutputFormat, found_page::FoundPage};
use links::{
    Links, Method,
    format::{
        Format, csv,
        ndjson::{self, PageMembers},
    },
};
use serde::Serialize;
use std::io::{self, Write};

/// How a page is written.
#[derive(Clone, Copy, Debug)]
pub struct PageFormat {
    pub format: OutputFormat,
    /// Whether there are several targets: CSV then names the page, JSON joins the pages' links in one array.
    pub several: bool,
}

/// The members of a page's line of NDJSON before its links.
#[derive(Serialize)]
struct PageLine<'a> {
    #[serde(flatten)]
    members: PageMembers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'a str>,
    /// Not of the API's pages, which have an age.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched: Option<String>,
}

impl PageFormat {
    /// Writes the links of the page of the target `name`; of an array that pages share, only the page's values.
    pub fn write(
        self,
        out: &mut dyn Write,
        name: &str,
        FoundPage { url, found, at, api }: &FoundPage,
    ) -> io::Result<()> {
        let links = &found.links;
        match self.format {
            OutputFormat::Markdown => Format::Markdown.write_to(out, links),
            OutputFormat::Text => Format::Text.write_to(out, links),
            OutputFormat::Ndjson => {
                let line = PageLine {
                    members: PageMembers {
                        page: name,
                        url: url.as_ref().map(weburl::WebUrl::as_str),
                        title: found.title.as_deref(),
                        count: links.len(),
                        unresolved: found.unresolved,
                        approximate: found.method == Method::Approximate,
                    },
                    age: api.as_ref().and_then(|api| api.age),
                    cache: api.as_ref().and_then(|api| api.cache.as_deref()),
                    fetched: api.is_none().then(|| humantime::format_rfc3339_seconds(*at).to_string()),
                };
                ndjson::write_links(out, line, links)
            }
            OutputFormat::Csv if self.several => csv::write_page(out, name, links),
            OutputFormat::Csv => Format::Csv.write_to(out, links),
            OutputFormat::Json if self.several => write_values(out, links),
            OutputFormat::Json => Format::Json.write_to(out, links),
        }
    }
}

fn write_values(out: &mut dyn Write, links: &Links) -> io::Result<()> {
    let mut separator: &[u8] = b"";
    for link in links {
        out.write_all(separator)?;
        serde_json::to_writer(&mut *out, &link)?;
        separator = b",";
    }
    Ok(())
}
