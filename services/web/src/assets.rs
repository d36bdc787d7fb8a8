//! The style sheet and the icon, at fixed paths.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header, request::Parts};
use kit::Response;
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// Long enough to be never: an address with `?v=` changes when its content does (RFC 8246).
const FOREVER: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

/// One file.
#[derive(Clone, Copy, Debug)]
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

    fn built_in(self) -> &'static [u8] {
        match self {
            Self::Style => include_bytes!("../static/style.css"),
            Self::Icon => include_bytes!("../static/icon.svg"),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }
}

/// Where assets come from.
#[derive(Debug)]
pub(crate) struct Assets {
    /// A `style.css` here stands in for the built-in one.
    folder: Option<PathBuf>,
    /// Of all built-in assets together.
    version: String,
}

impl Assets {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let mut hasher = DefaultHasher::new();
        Asset::Style.built_in().hash(&mut hasher);
        Asset::Icon.built_in().hash(&mut hasher);
        Self { folder: folder.map(Path::to_owned), version: format!("{:016x}", hasher.finish()) }
    }

    /// What the page's addresses of assets end with.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The asset, or 304 where the client has it.
    pub(crate) fn answer(&self, asset: Asset, request: &Parts) -> Response {
        let edited = match (&self.folder, asset) {
            (Some(folder), Asset::Style) => fs::read(folder.join("style.css")).ok(),
            _ => None,
        };
        let body = edited.map_or_else(|| Bytes::from_static(asset.built_in()), Bytes::from);
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        let versioned = request.uri.query() == Some(&format!("v={}", self.version));
        let life = if versioned && self.folder.is_none() { FOREVER } else { REVALIDATE };
        let has_it = kit::not_modified(&request.headers, &tag);
        let mut response = Response::new(if has_it { kit::empty() } else { kit::full(body) });
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(life));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type()));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
        }
        if has_it {
            headers.remove(header::CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }
}
