//! Targets: URLs, files and standard input.

use crate::client;
use http::HeaderValue;
use std::{
    borrow::Cow,
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use url::Url;

/// A page to extract the links of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As the user wrote it, without user and password.
    name: Arc<str>,
    pub source: Source,
}

/// Where a page comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A URL, which is the target's name and not yet validated; its user and password are for the request alone.
    Url {
        authorization: Option<HeaderValue>,
    },
    File(PathBuf),
    Stdin,
}

impl Target {
    /// `-` is standard input; a URL begins with http:, https: or file:, or has `://` and is no file; all else is a file.
    pub fn parse(target: impl AsRef<OsStr>) -> Self {
        let target = target.as_ref();
        let file = |path: PathBuf| Self { name: file_name(target).into(), source: Source::File(path) };
        // File names need not be UTF-8.
        let Some(text) = target.to_str() else { return file(target.into()) };
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme.trim_start());
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        if text == "-" {
            return Self { name: text.into(), source: Source::Stdin };
        }
        if is("file")
            && let Some(path) = Url::parse(text).ok().and_then(|url| url.to_file_path().ok())
        {
            return file(path);
        }
        if is("http") || is("https") || is("file") || (text.contains("://") && !Path::new(text).exists()) {
            let (name, authorization) = client::split_credentials(text);
            return Self { name: client::printable(name).into(), source: Source::Url { authorization } };
        }
        file(text.into())
    }

    /// The target as it is printed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same, to be kept without a copy.
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The host to which requests for it go; `None` for what is not fetched, or cannot be.
    pub fn host(&self) -> Option<Cow<'_, str>> {
        match self.source {
            Source::Url { .. } => weburl::host_of(&self.name),
            Source::File(_) | Source::Stdin => None,
        }
    }

    /// Whether it is an http or https URL; it need not be a valid one.
    pub fn is_web_page(&self) -> bool {
        let scheme = self.name.split_once(':').map_or("", |(scheme, _)| scheme.trim_start());
        self.is_url() && ["http", "https"].iter().any(|name| scheme.eq_ignore_ascii_case(name))
    }

    /// Whether it is fetched.
    pub fn is_url(&self) -> bool {
        matches!(self.source, Source::Url { .. })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
/// The name of a file, with bytes that are not UTF-8 written as `%E9`: files of a list are told apart by their names.
fn file_name(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
    }
    text
}
