//! User and password in a URL or an option, for Basic authentication (RFC 7617).

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use weburl::WebUrl;

/// `user:password` as a value of `Authorization`; without a colon, the password is empty.
pub fn basic(credentials: &[u8]) -> HeaderValue {
    let colon = if credentials.contains(&b':') { "" } else { ":" };
    let encoded = BASE64_STANDARD.encode([credentials, colon.as_bytes()].concat());
    let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
        .expect("base64 has only characters that a header takes");
    value.set_sensitive(true);
    value
}

/// An http(s) URL without its user and password, and these as a value of `Authorization`.
pub fn split(url: &str) -> (Cow<'_, str>, Option<HeaderValue>) {
    // Few URLs have an `@`, and that takes less time to see than the authority.
    if !url.contains('@') {
        return (Cow::Borrowed(url), None);
    }
    let Some((scheme, rest)) = url.split_once("://") else { return (Cow::Borrowed(url), None) };
    let authority = &rest[..rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len())];
    let Some((user_info, host)) = authority.rsplit_once('@') else { return (Cow::Borrowed(url), None) };
    let clean = format!("{scheme}://{host}{}", &rest[authority.len()..]);
    // A colon within a user name is an escape, which must not end the name.
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    (Cow::Owned(clean), Some(basic(&credentials)))
}

/// `url`, which is without user and password as far as [`split`] finds them, as it may be printed. If they may stand
/// elsewhere, as in `http:/user:password@host` or after a `#` in a password, all up to the last `@` is hidden.
pub fn printable(url: Cow<'_, str>) -> Cow<'_, str> {
    let is_clear = || url.contains("://") && WebUrl::parse(&url).is_ok_and(|url| !url.has_credentials());
    match (url.split_once(':'), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) if !is_clear() => Cow::Owned(format!("{scheme}://***@{rest}")),
        _ => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_taken_out_of_a_url() {
        let rows = [
            ("http://h/a@b", "http://h/a@b", None),
            ("http://me:pw@h:1/a?b@c", "http://h:1/a?b@c", Some("me:pw")),
            ("https://me@h", "https://h", Some("me:")),
            ("http://a%40b:c:%64@e@h/", "http://h/", Some("a@b:c:d@e")),
        ];
        for (url, clean, credentials) in rows {
            let (found, authorization) = split(url);
            assert_eq!(found, clean);
            assert_eq!(authorization, credentials.map(|credentials| basic(credentials.as_bytes())), "{url}");
        }
        for url in [
            "http:/me:secret@h/x",
            "https:me:secret@h",
            "https:///me:secret@h/",
            "http:\\\\me:secret@h/",
            "https://me:secret#pw@h/",
            "https://me:secret/pw@h/",
            "https://me:secret?pw@h/",
        ] {
            assert!(!printable(split(url).0).contains("secret"), "{url}");
        }
        assert_eq!(printable("https://h/@me?a@b".into()), "https://h/@me?a@b");
        assert_eq!(basic(b"Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
