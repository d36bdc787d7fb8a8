//! The style sheet and the icon.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header, request::Parts};
use kit::{CodingPreference, ContentCoding, Response};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

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

/// The assets: built in, or from a folder.
#[derive(Debug)]
pub(crate) struct Assets {
    /// May hold a `style.css` that replaces the built-in one.
    folder: Option<PathBuf>,
    /// The `v` parameter in the page's addresses of assets: a hash of the built-in ones.
    pub(crate) version: String,
    encoded: Mutex<Vec<EncodedAsset>>,
}

/// A built-in asset in a coding, made when it is first asked for.
#[derive(Clone, Debug)]
struct EncodedAsset {
    asset: Asset,
    coding: ContentCoding,
    body: Bytes,
}

impl Assets {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let mut hasher = DefaultHasher::new();
        Asset::Style.built_in().hash(&mut hasher);
        Asset::Icon.built_in().hash(&mut hasher);
        let version = format!("{:016x}", hasher.finish());
        Self { folder: folder.map(Path::to_owned), version, encoded: Mutex::default() }
    }

    /// The asset, or 304 if the client has it.
    pub(crate) fn respond(&self, asset: Asset, request: &Parts) -> Response {
        let edited = match (&self.folder, asset) {
            (Some(folder), Asset::Style) => fs::read(folder.join("style.css")).ok(),
            _ => None,
        };
        let is_built_in = edited.is_none();
        let body = edited.map_or_else(|| Bytes::from_static(asset.built_in()), Bytes::from);
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let preferred = CodingPreference::of(&request.headers).filter(|_| is_built_in);
        let coding = preferred.and_then(|preference| preference.for_length(body.len()));
        let suffix = coding.map(|coding| format!("-{}", coding.token())).unwrap_or_default();
        let tag = format!("\"{:016x}{suffix}\"", hasher.finish());
        let versioned = request.uri.query() == Some(&format!("v={}", self.version));
        let cache_control = if versioned && self.folder.is_none() { IMMUTABLE } else { REVALIDATE };
        let mut response = Response::new(kit::empty());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
        headers.insert(header::ETAG, HeaderValue::try_from(&tag).expect("hexadecimal digits in quotes"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if kit::not_modified(&request.headers, &tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type()));
            let encoded = coding.and_then(|coding| self.encoded(asset, coding));
            if let Some(encoded) = &encoded {
                headers.insert(header::CONTENT_ENCODING, encoded.coding.field());
            }
            *response.body_mut() = kit::full(encoded.map_or(body, |encoded| encoded.body));
        }
        response
    }

    /// The built-in `asset` in `coding`.
    fn encoded(&self, asset: Asset, coding: ContentCoding) -> Option<EncodedAsset> {
        let mut encoded = self.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = encoded.iter().find(|known| (known.asset, known.coding) == (asset, coding)) {
            return Some(known.clone());
        }
        // Once for each, and a few kilobytes.
        let body = coding.encode(asset.built_in()).ok()?.into();
        let new = EncodedAsset { asset, coding, body };
        encoded.push(new.clone());
        Some(new)
    }
}
