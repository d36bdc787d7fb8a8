//! Internationalized domain names as people write them.

use idna::domain_to_unicode;
use unicode_script::{ScriptExtension, UnicodeScript};

/// The readable form of `host`, if it has A-labels (`xn--`) and all letters of the name are of one script: mixed ones can
/// look like another name. It is shown beside the host, never in its place.
pub(crate) fn readable_domain(host: &str) -> Option<String> {
    if !host.split('.').any(|label| label.starts_with("xn--")) {
        return None;
    }
    let (readable, result) = domain_to_unicode(host);
    result.ok()?;
    // Common characters, such as digits, belong to every script.
    let scripts = readable.chars().map(|c| c.script_extension());
    let common = scripts.reduce(ScriptExtension::intersection)?;
    (readable != host && !common.is_empty()).then_some(readable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_script_are_readable_and_others_are_not() {
        for (host, readable) in [
            ("xn--mnchen-3ya.de", Some("münchen.de")),
            ("xn--e1afmkfd.xn--p1ai", Some("пример.рф")),
            ("www.xn--fiqs8s.example", None), // Han and Latin
            ("xn--80ak6aa92e.com", None),     // аррӏе in Cyrillic, with a Latin top-level domain
            ("xn--pple-43d.example", None),   // a Cyrillic а before Latin letters
            ("xn--a.example", None),          // no valid A-label
            ("example.com", None),
            ("[::1]", None),
            ("", None),
        ] {
            assert_eq!(readable_domain(host).as_deref(), readable, "{host}");
        }
    }
}
