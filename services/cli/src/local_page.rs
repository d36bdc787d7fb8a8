//! Reads HTML that is not fetched, from files and standard input, and extracts its links.

use crate::{file_id::FileId, found_page::FoundPage, media, page_error::PageError};
use links::{Extraction, LinkSelection, Page, Syntax};
use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{self, Path},
    time::SystemTime,
};
use url::Url;
use weburl::WebUrl;

/// Which links of a page are taken.
#[derive(Clone, Copy, Debug)]
pub struct LinkExtractor {
    /// Whether hrefs stay as they are written.
    pub raw: bool,
    /// Whether texts and titles are not written.
    pub hrefs_only: bool,
    pub selection: LinkSelection,
}

/// What is done with pages that are not fetched.
#[derive(Debug)]
pub struct LocalReader {
    pub links: LinkExtractor,
    /// The URL of these pages.
    pub base: Option<WebUrl>,
    /// Whether they are XHTML, whatever their name.
    pub xhtml: bool,
    /// The most bytes of one: an endless pipe must not fill the memory.
    pub limit: u64,
    /// The file that results are written to: it is no page.
    pub output: Option<FileId>,
}

/// A file that is no regular one, such as a named pipe: to read it may take for ever.
#[derive(Debug)]
pub struct MayBlock;

impl LinkExtractor {
    /// The selected links of `page`.
    pub fn links(self, page: Page<'_>) -> Result<Extraction, PageError> {
        let page = Page { hrefs_only: self.hrefs_only, ..page };
        let mut found = if self.raw { page.selected_as_written(self.selection) } else { page.links() };
        if found.truncated {
            return Err(PageError::TooLong);
        }
        if !self.raw {
            found.links = self.selection.of(found.links, page.url);
        }
        Ok(found)
    }
}

impl LocalReader {
    /// The links of the regular file at `path`; `buffer` is memory for it, whatever it holds.
    pub fn regular_file(
        &self,
        path: &Path,
        buffer: &mut Vec<u8>,
    ) -> Result<Result<FoundPage, PageError>, MayBlock> {
        match fs::metadata(path) {
            // A folder cannot be read, so it does not block.
            Ok(metadata) if metadata.is_file() || metadata.is_dir() => {
                Ok(self.opened(path, &metadata, buffer))
            }
            Ok(_) => Err(MayBlock),
            Err(error) => Ok(Err(cannot_open(error))),
        }
    }

    /// The links of the file at `path`, of any kind.
    pub fn file(&self, path: &Path) -> Result<FoundPage, PageError> {
        self.opened(path, &fs::metadata(path).map_err(cannot_open)?, &mut Vec::new())
    }

    /// The links of the page on standard input.
    pub fn stdin(&self) -> Result<FoundPage, PageError> {
        self.read(io::stdin().lock(), 0, self.base.clone(), self.syntax(false), &mut Vec::new())
    }

    fn opened(&self, path: &Path, metadata: &Metadata, buffer: &mut Vec<u8>) -> Result<FoundPage, PageError> {
        if self.output.is_some() && self.output == FileId::of(metadata) {
            return Err(PageError::IsOutput);
        }
        let file = File::open(path).map_err(cannot_open)?;
        let url = self.base.clone().or_else(|| file_url(path));
        self.read(file, metadata.len(), url, self.syntax(is_named_xhtml(path)), buffer)
    }

    /// The links of HTML of `size` bytes, as far as that is known.
    fn read(
        &self,
        source: impl Read,
        size: u64,
        url: Option<WebUrl>,
        syntax: Syntax,
        buffer: &mut Vec<u8>,
    ) -> Result<FoundPage, PageError> {
        let at = SystemTime::now();
        let length = read_whole(source.take(self.limit.saturating_add(1)), size.min(self.limit), buffer)?;
        let body = &buffer[..length];
        if let Some(kind) = media::kind(body) {
            return Err(PageError::Media(kind));
        }
        if body.len() as u64 > self.limit {
            return Err(PageError::TooLarge);
        }
        let found = self.links.links(Page { body, url: url.as_ref(), syntax, ..Page::default() })?;
        Ok(FoundPage { url, found, at, api: None })
    }

    fn syntax(&self, is_named_xhtml: bool) -> Syntax {
        if self.xhtml || is_named_xhtml { Syntax::Xhtml } else { Syntax::Html }
    }
}

/// Reads `source` to its end into the beginning of `buffer`; gives the length. Of `size` bytes, if that is not 0, they are
/// usually all there is, which one read tells: it would have given one more.
fn read_whole(mut source: impl Read, size: u64, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let size = usize::try_from(size).unwrap_or(0);
    let mut length = 0;
    if size > 0 {
        if buffer.len() <= size {
            *buffer = Vec::new(); // not both at once
            *buffer = vec![0; size.saturating_add(1)];
        }
        length = match source.read(&mut buffer[..=size]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            read => read?,
        };
        if length == size {
            return Ok(length);
        }
    }
    buffer.truncate(length);
    Ok(length + source.read_to_end(buffer)?)
}

fn cannot_open(error: io::Error) -> PageError {
    match error.kind() {
        io::ErrorKind::NotFound => PageError::Missing,
        _ => error.into(),
    }
}

fn is_named_xhtml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xhtml") || end.eq_ignore_ascii_case("xht"))
}

/// A file has its own URL, as in a browser, which follows no symbolic links either.
fn file_url(path: &Path) -> Option<WebUrl> {
    let url = Url::from_file_path(path::absolute(path).ok()?).ok()?;
    WebUrl::parse(url.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_however_large_it_was_said_to_be() {
        let mut buffer = Vec::new();
        for (content, size) in
            [("abc", 3), ("abc", 0), ("abcd", 3), ("a", 5), ("", 4), ("abcdefg", 7), ("", 0)]
        {
            let length = read_whole(content.as_bytes(), size, &mut buffer).unwrap();
            assert_eq!(&buffer[..length], content.as_bytes(), "{size}");
        }
    }
}
