//! Lists of URLs, one a line (`text/uri-list`: RFC 2483, section 5).

/// The entries of `list`, trimmed, without empty lines, comments (`#`) and a byte order mark.
pub fn entries(list: &str) -> impl Iterator<Item = &str> {
    let list = list.strip_prefix('\u{feff}').unwrap_or(list);
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::entries;

    #[test]
    fn comments_blanks_and_a_byte_order_mark_are_left_out() {
        let list = "\u{feff}http://a/\r\n# two\r\n\r\n  http://b/#c\r\n#http://c/";
        assert_eq!(entries(list).collect::<Vec<_>>(), ["http://a/", "http://b/#c"]);
    }
}
