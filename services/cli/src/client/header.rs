//! A header field as the user writes it. Errors do not repeat the value, which may be secret.

use fetch::may_be_set;
use http::{HeaderName, HeaderValue};

/// The name and value of `Name: value`.
pub fn parse(field: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = field.split_once(':').ok_or("write it as 'Name: value'")?;
    let name: HeaderName = name.trim().parse().map_err(|_| "the name has an impossible character")?;
    if !may_be_set(&name) {
        return Err(format!("{name} describes the connection and cannot be set"));
    }
    let mut value = HeaderValue::from_bytes(value.trim().as_bytes())
        .map_err(|_| format!("the value of {name} has a control character"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_field_has_a_name_a_colon_and_a_value() {
        let (name, value) = parse("X-Token:  a: b ").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("x-token", &b"a: b"[..]));
        for wrong in ["secret", ": secret", "a b: secret", "A: secret\nB: c", "Content-Length: secret"] {
            let error = parse(wrong).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
