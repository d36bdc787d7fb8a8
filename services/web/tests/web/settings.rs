//! The example configuration has every option with its default; errors name the option.

use e2e::keys;
use kit::{Configuration, config};
use linkextractor_web::WebSettings;
use std::path::Path;

#[test]
fn the_example_configuration_has_the_defaults() {
    let example = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/linkextractor-web.toml"));
    let text = std::fs::read_to_string(example).unwrap();
    let defaults = config::print(&WebSettings::default()).unwrap();
    let settings: WebSettings = toml::from_str(&text).unwrap();
    assert_eq!(config::print(&settings).unwrap(), defaults);
    assert_eq!(keys(&text), keys(&defaults), "an option is missing");
    // The options without a default are in comments.
    for option in ["#api_public_url = ", "#templates_dir = "] {
        assert_eq!(text.lines().filter(|line| line.starts_with(option)).count(), 1, "{option}");
    }
}

#[test]
fn errors_name_the_option_and_no_secret() {
    let rows = [
        ("api_endpoint", "ftp://a/"),
        ("api_endpoint", "http://a/?x=1"),
        ("api_endpoint", "http://user:secret@a/"),
        ("api_endpoint", "http://user:secret@a/?x=1"),
        ("api_endpoint", "user:secret@a:1"),
        ("api_endpoint", "http://a/?token=secret"),
        ("api_public_url", "ftp://a/"),
        ("api_public_url", "http://user:secret@a/"),
        ("api_public_url", "a"),
        ("templates_dir", "/nowhere/at/all"),
        ("templates_dir", "/dev/null"),
        ("page_size", "0"),
        ("api_timeout", "0s"),
        ("api_timeout", "soon"),
        ("listen", "nowhere"),
    ];
    for (key, value) in rows {
        let error =
            config::load::<WebSettings>(None, &vec![(key, value.to_owned())]).unwrap_err().to_string();
        assert!(error.contains(key) && !error.contains("secret"), "{key}={value}: {error}");
    }
    assert_eq!(WebSettings::default().check(), Ok(()));
}
