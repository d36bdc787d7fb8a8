//! The settings exist as documented, and wrong values are named.

use bytesize::ByteSize;
use fetch::{FetchSettings, Fetcher};
use serde_json::json;
use std::time::Duration;

const DOCUMENTED: &str = include_str!("../../../../docs/security.md");

#[test]
fn documented_settings_exist() {
    let defaults = serde_json::to_value(FetchSettings::default()).unwrap();
    let keys: Vec<&str> =
        DOCUMENTED.split("`fetch.").skip(1).map(|rest| rest.split(['`', ' ']).next().unwrap()).collect();
    for key in &keys {
        assert!(defaults.get(key).is_some(), "fetch.{key} is documented");
    }
    let ports: Vec<String> = FetchSettings::default().ports_deny.iter().map(u16::to_string).collect();
    let text = DOCUMENTED.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("({})", ports.join(", "))), "the ports are documented");
}

#[test]
fn every_key_can_be_set() {
    let settings: FetchSettings = serde_json::from_value(json!({
        "allow": ["10.0.0.0/8"],
        "deny": ["example.com"],
        "ports_deny": [8080],
        "timeout": "1m 30s",
        "dns_timeout": "1s",
        "dns_try_timeout": "300ms",
        "connect_timeout": "2s",
        "max_bytes": "5MB",
        "max_header_bytes": "32KiB",
        "max_redirects": 3,
        "user_agent": "x/1",
        "max_jobs": 10,
        "max_jobs_per_host": 2,
        "memory": "64MiB",
        "proxy": "http://proxy.example:3128",
        "extra_roots": [],
    }))
    .unwrap();
    assert_eq!(settings.timeout, Duration::from_secs(90));
    assert_eq!(settings.max_bytes, ByteSize::mb(5));
    assert!(Fetcher::new(settings, crate::support::pool()).is_ok());
}

#[test]
fn an_unusable_value_is_an_error_that_names_its_key() {
    for (key, value) in [
        ("allow", json!(["not a host"])),
        ("deny", json!(["10.0.0.0/40"])),
        ("user_agent", json!("line\nbreak")),
        ("extra_roots", json!(["/nowhere.pem"])),
        ("max_jobs", json!(0)),
        ("max_jobs_per_host", json!(0)),
    ] {
        let settings: FetchSettings = serde_json::from_value(json!({ key: value })).unwrap();
        let error = Fetcher::new(settings, crate::support::pool()).map(|_| ()).expect_err(key);
        assert!(error.contains(&format!("fetch.{key}")), "{error}");
    }
    for unreadable in
        [json!({"no_such_key": 1}), json!({"proxy": "socks5://x"}), json!({"allow_private": true})]
    {
        assert!(serde_json::from_value::<FetchSettings>(unreadable.clone()).is_err(), "{unreadable}");
    }
}
