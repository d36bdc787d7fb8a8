//! The selected links as a file.

use crate::{
    api::{ApiResponse, Caller},
    error::{WebError, WebErrorKind},
    link_table::LinkTable,
    page,
    page_query::PageQuery,
    state::WebState,
};
use bytes::Bytes;
use http::{HeaderValue, header};
use kit::Response;
use links::format::{Format, csv};
use std::sync::Arc;

/// All selected links in `format`, or an error page.
pub(crate) async fn respond(
    state: &Arc<WebState>,
    query: PageQuery,
    format: Format,
    caller: Caller,
) -> Response {
    let url = query.url.clone();
    let file =
        Arc::clone(state).process(query, caller, move |_, query, response| write(query, response, format));
    match file.await {
        Ok(file) => attachment(format, url.url().host_str().unwrap_or_default(), file.into()),
        Err(error) => page::error(state, &error, url.as_str()),
    }
}

/// The selected links in `format`. CSV is made for spreadsheets; the API has it for programs.
fn write(query: &PageQuery, response: &ApiResponse, format: Format) -> Result<Vec<u8>, WebError> {
    let links = response.links()?;
    let table = LinkTable::new(&links, &response.page);
    let (mut selected, _) = table.select(&query.selection);
    let all = 0..selected.len();
    table.sort(&mut selected, query.selection.sort, all);
    let selected = selected.into_iter().map(|position| links[position as usize].clone());
    let mut file = Vec::new();
    let written = match format {
        Format::Csv => csv::write_for_spreadsheets(&mut file, selected),
        _ => format.write_to(&mut file, selected),
    };
    written.map_err(|error| WebError::with_cause(WebErrorKind::Internal, error.to_string()))?;
    Ok(file)
}

fn attachment(format: Format, host: &str, file: Bytes) -> Response {
    let mut response = Response::new(kit::full(file));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // A name that needs no quoting in the field (RFC 6266) and is valid on every file system.
    let host: String =
        host.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let value = format!("attachment; filename=\"links-{host}.{}\"", format.extension());
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(value).expect("printable ASCII"));
    response
}
