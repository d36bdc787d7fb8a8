//! Fields in which a client rates what it accepts (RFC 9110, section 12.4.2).

use http::{HeaderMap, HeaderName};

/// The members of the field `name` in `headers`, each with its weight in thousandths; other parameters are ignored. A
/// weight that is none counts as 0.
pub fn weighted(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&str, u16)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|member| {
        let mut parts = member.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let weight = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1000, |(_, weight)| thousandths(weight.trim()));
        (name, weight)
    })
}

/// A weight of 0 to 1 with at most three decimals; anything else counts as 0.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let digits = fraction.bytes().map(|digit| u16::from(digit - b'0')).chain([0; 3]).take(3);
    let fraction = digits.fold(0, |value, digit| 10 * value + digit);
    match whole {
        "" | "0" => fraction,
        "1" if fraction == 0 => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, header};

    #[test]
    fn members_have_their_weights() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("a;q=0.5 , b;x=1; Q=0.123,c"));
        headers.append(
            header::ACCEPT,
            HeaderValue::from_static("d;q=1.000,e;q=1.001,f;q=0.1234,g;q=x,h;q=2,,i;q=0.01"),
        );
        let found: Vec<_> = weighted(&headers, header::ACCEPT).collect();
        let expected = [
            ("a", 500),
            ("b", 123),
            ("c", 1000),
            ("d", 1000),
            ("e", 0),
            ("f", 0),
            ("g", 0),
            ("h", 0),
            ("", 1000),
            ("i", 10),
        ];
        assert_eq!(found, expected);
    }
}
