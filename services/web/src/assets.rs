//! The style sheet and the icon.

use http::request::Parts;
use kit::{Response, StaticFile};
use std::{
    fs,
    path::{Path, PathBuf},
};

const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
/// For addresses with `?v=`, which change with the content (RFC 8246).
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

/// A file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asset {
    Style,
    Icon,
}

impl Asset {
    /// The asset at `path`.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            "/style.css" => Some(Self::Style),
            "/icon.svg" | "/favicon.ico" => Some(Self::Icon),
            _ => None,
        }
    }
}

/// The assets: built in, or from a folder.
#[derive(Debug)]
pub(crate) struct Assets {
    /// May hold a `style.css` that replaces the built-in one.
    folder: Option<PathBuf>,
    style: StaticFile,
    icon: StaticFile,
    /// The `v` parameter in the page's addresses of assets: a hash of the built-in ones.
    pub(crate) version: String,
}

impl Assets {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let style = StaticFile::new(CSS, include_bytes!("../static/style.css"));
        let icon = StaticFile::new(SVG, include_bytes!("../static/icon.svg"));
        let version = format!("{:016x}", style.hash() ^ icon.hash());
        Self { folder: folder.map(Path::to_owned), style, icon, version }
    }

    /// The asset, or 304 if the client has it.
    pub(crate) fn respond(&self, asset: Asset, request: &Parts) -> Response {
        let edited = match (&self.folder, asset) {
            (Some(folder), Asset::Style) => fs::read(folder.join("style.css")).ok(),
            _ => None,
        };
        let edited = edited.map(|style| StaticFile::uncompressed(CSS, style.into()));
        let built_in = match asset {
            Asset::Style => &self.style,
            Asset::Icon => &self.icon,
        };
        let versioned = request.uri.query() == Some(&format!("v={}", self.version));
        let cache_control = if versioned && self.folder.is_none() { IMMUTABLE } else { REVALIDATE };
        edited.as_ref().unwrap_or(built_in).respond(&request.headers, cache_control)
    }
}
