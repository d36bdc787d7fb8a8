//! The hops that a request took, as its proxies report them: `Forwarded` (RFC 7239) and `X-Forwarded-For`.

use http::{HeaderMap, HeaderName, header::FORWARDED};
use std::net::IpAddr;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The hops in `Forwarded`, the last first, each `None` if it is not an address or not well-formed; `None` without the
/// field.
pub(crate) fn forwarded(headers: &HeaderMap) -> Option<impl Iterator<Item = Option<IpAddr>>> {
    let lines = headers.contains_key(FORWARDED).then(|| headers.get_all(FORWARDED).iter().rev())?;
    Some(lines.flat_map(|line| {
        let elements = line.to_str().ok().and_then(elements);
        elements.unwrap_or_else(|| vec![None]).into_iter().rev()
    }))
}

/// The same for `X-Forwarded-For`.
pub(crate) fn x_forwarded_for(headers: &HeaderMap) -> Option<impl Iterator<Item = Option<IpAddr>>> {
    let fields = headers.get_all(X_FORWARDED_FOR);
    let lines = headers.contains_key(X_FORWARDED_FOR).then(|| fields.into_iter().rev())?;
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let hops = hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty());
    Some(hops.map(|hop| str::from_utf8(hop).ok().and_then(address)))
}

/// The addresses in `for` of the elements of a field line (RFC 7239, section 4); `None` unless all of it is well-formed. So
/// a quote that a client opens cannot hide what a proxy adds behind it: the proxy's own quotes would then be misplaced.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let (mut elements, mut rest) = (Vec::new(), line);
    let (mut empty, mut node) = (true, None);
    loop {
        rest = rest.trim_ascii_start();
        let name = &rest[..rest.find(|c| !is_token(c)).unwrap_or(rest.len())];
        if !name.is_empty() {
            let (value, behind) = value(rest[name.len()..].strip_prefix('=')?)?;
            if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
                return None;
            }
            (empty, rest) = (false, behind.trim_ascii_start());
        }
        if !rest.starts_with(';') {
            let node = node.take();
            if !std::mem::replace(&mut empty, true) {
                elements.push(node.and_then(address));
            }
            if rest.is_empty() {
                return Some(elements);
            }
        }
        rest = rest.strip_prefix([',', ';'])?;
    }
}

/// A value and what follows it. An address without its quotes is accepted, too.
fn value(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(text.split_at(text.find([',', ';', '"', ' ', '\t']).unwrap_or(text.len())));
    };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        end
    })?;
    Some((&quoted[..end], &quoted[end + 1..]))
}

/// Whether `c` may be in a token (RFC 9110, section 5.6.2).
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// The address of a node (RFC 7239, section 6), whose port does not matter; IPv6 may lack its brackets, as in
/// `X-Forwarded-For`. `unknown` and obfuscated identifiers are none.
fn address(node: &str) -> Option<IpAddr> {
    if let Ok(address) = node.parse() {
        return Some(address);
    }
    let (host, port) = match node.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').filter(|(host, _)| host.contains(':'))?,
        None => node.split_at(node.find(':')?),
    };
    let is_port = |port: &str| !port.is_empty() && port.chars().all(is_token);
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then(|| host.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{FORWARDED, HeaderMap, HeaderName, IpAddr, X_FORWARDED_FOR, forwarded, x_forwarded_for};
    use http::HeaderValue;

    fn headers(field: &HeaderName, lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (field.clone(), HeaderValue::from_str(line).unwrap())).collect()
    }

    fn shown(hops: impl Iterator<Item = Option<IpAddr>>) -> Vec<String> {
        hops.map(|hop| hop.map_or("-".to_owned(), |hop| hop.to_string())).collect()
    }

    #[test]
    fn hops_of_forwarded_are_read_from_the_last_to_the_first() {
        for (lines, expected) in [
            (&["for=192.0.2.1"][..], &["192.0.2.1"][..]),
            (
                &["For=\"192.0.2.1:80\";Proto=http; by=x , FOR=\"[2001:db8::1]:_p\""],
                &["2001:db8::1", "192.0.2.1"],
            ),
            (&["for=1.1.1.1, for=2.2.2.2", "for=3.3.3.3"], &["3.3.3.3", "2.2.2.2", "1.1.1.1"]),
            (&["host=\"a,for=6.6.6.6;\\\"\";for=1.1.1.1,, ;,"], &["1.1.1.1"]),
            (
                &["for=1.1.1.1, for=unknown, for=_hidden, proto=https, for=\"[1.1.1.1]\""],
                &["-", "-", "-", "-", "1.1.1.1"],
            ),
            (&["for=\"2001:db8::1\", for=1.1.1.1:80"], &["1.1.1.1", "2001:db8::1"]),
            // Malformed lines.
            (&["for=6.6.6.6;x=\"", "for=1.1.1.1"], &["1.1.1.1", "-"]),
            (&["for=6.6.6.6;x=\", for=1.1.1.1"], &["-"]),
            (&["for=6.6.6.6;x=\", for=\"[2001:db8::1]\""], &["-"]),
            (&["for=6.6.6.6;x=\", for=1.1.1.1;host=\"a.example\""], &["-"]),
            (&["for=6.6.6.6;for=1.1.1.1"], &["-"]),
            (&["for 1.1.1.1"], &["-"]),
            (&["for=1.1.1.1\""], &["-"]),
            (&["=1.1.1.1"], &["-"]),
            (&[""], &[]),
        ] {
            let hops = shown(forwarded(&headers(&FORWARDED, lines)).unwrap());
            assert_eq!(hops, expected, "{lines:?}");
        }
    }

    #[test]
    fn hops_of_x_forwarded_for_are_read_from_the_last_to_the_first() {
        for (lines, expected) in [
            (&["192.0.2.1"][..], &["192.0.2.1"][..]),
            (
                &["1.1.1.1 ,2.2.2.2:1234,, 2001:db8::1", "[2001:db8::2]:80,"],
                &["2001:db8::2", "2001:db8::1", "2.2.2.2", "1.1.1.1"],
            ),
            (
                &["[2001:db8::3], unknown, 1.1.1, 1.1.1.1:, 1.1.1.1:a b, [::1, [1.1.1.1]"],
                &["-", "-", "-", "-", "-", "-", "2001:db8::3"],
            ),
        ] {
            let hops = shown(x_forwarded_for(&headers(&X_FORWARDED_FOR, lines)).unwrap());
            assert_eq!(hops, expected, "{lines:?}");
        }
    }
}
