//! The configuration: the example file agrees with the code, and errors name the key.

use bytesize::ByteSize;
use e2e::keys;
use kit::{Configuration, config};
use linkextractor_api::ApiSettings;
use std::path::Path;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/linkextractor-api.toml");

#[test]
fn the_example_file_has_every_option_with_its_default() {
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    let defaults = ApiSettings::default();
    let settings: ApiSettings = toml::from_str(&text).unwrap();
    // The first compares every value exactly, the second what an operator sees.
    assert_eq!(format!("{settings:?}"), format!("{defaults:?}"));
    let defaults = config::print(&defaults).unwrap();
    assert_eq!(config::print(&settings).unwrap(), defaults);
    assert_eq!(keys(&text), keys(&defaults), "an option is missing");
}

#[test]
fn options_without_a_default_are_comments_in_the_example_file() {
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    for key in ["redis_url", "extraction_log", "proxy"] {
        let comment = format!("#{key} = ");
        assert!(text.contains(&comment), "{key}");
        let text = text.replace(&comment, &format!("{key} = "));
        toml::from_str::<ApiSettings>(&text).unwrap().check().unwrap();
    }
}

#[test]
fn the_example_file_loads() {
    config::load::<ApiSettings>(Some(Path::new(EXAMPLE)), &Vec::new()).unwrap();
}

#[test]
fn errors_name_the_key_of_an_invalid_value() {
    let rows = [
        ("redis_url", "http://u:hunter2@h"),
        ("redis_url", "redis://u:hunter2#@h"),
        ("redis.timeout", "0s"),
        ("redis.ca_file", "/nowhere/ca.pem"),
        ("redis.ca_file", "/dev/null"),
        ("redis.cert_file", "/nowhere/cert.pem"),
        ("redis.key_file", "/nowhere/key.pem"),
        ("redis.write_timeout", "0s"),
        ("cache.ttl", "soon"),
        ("cache.memory", "much"),
        ("fetch.allow", "[\"10.0.0.0/99\"]"),
        ("fetch.extra_roots", "[\"/nowhere/ca.pem\"]"),
        ("fetch.timeout", "0s"),
        ("listen", "nowhere"),
    ];
    for (key, value) in rows {
        let error = match config::load::<ApiSettings>(None, &vec![(key, value.to_owned())]) {
            Ok(_) => panic!("{key}={value} is accepted"),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(key) && !error.contains("hunter2"), "{key}={value}: {error}");
    }
    assert_eq!(ApiSettings::default().check(), Ok(()));
}

#[test]
fn budgets_take_their_shares_of_the_memory() {
    let load = |flags: &[(&'static str, &str)]| {
        let flags = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        config::load::<ApiSettings>(None, &flags).map_err(|error| error.to_string())
    };
    let settings = load(&[("limits.memory", "1GiB")]).unwrap();
    assert_eq!(settings.cache.memory, ByteSize::mib(128));
    assert_eq!(settings.fetch.memory, ByteSize::mib(320));
    assert_eq!(settings.server().send_queue, ((1024 - 128 - 320) / 4) << 20);
    let settings = load(&[("limits.memory", "1GiB"), ("cache.memory", "1MiB")]).unwrap();
    assert_eq!((settings.cache.memory, settings.fetch.memory), (ByteSize::mib(1), ByteSize::mib(320)));
    load(&[("limits.memory", "192MiB")]).unwrap();
    for (flags, words) in [
        (&[("cache.memory", "1GiB")][..], ["`limits.memory`", "cache.memory (1.0 GiB)"]),
        (&[("limits.memory", "64MiB")], ["`limits.memory`: found 64.0 MiB", "fetch.memory (111.0 MiB)"]),
        (&[("fetch.memory", "60MiB")], ["`fetch.memory`: found 60.0 MiB", "at least 111.0 MiB"]),
        (&[("fetch.max_bytes", "100MB")], ["`limits.memory`", "fetch.memory (340.0 MiB)"]),
    ] {
        let error = load(flags).unwrap_err();
        assert!(words.iter().all(|word| error.contains(word)), "{flags:?}: {error}");
    }
}

#[test]
fn errors_name_the_file_of_an_invalid_value() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("api.toml");
    std::fs::write(&file, "[fetch]\ntimeout = \"0s\"\nallow = [\"10.0.0.0/99\"]").unwrap();
    let error = |flags| config::load::<ApiSettings>(Some(&file), &flags).unwrap_err().to_string();
    assert_eq!(
        error(vec![]),
        format!("{}: `fetch.timeout`: found 0s; expected a duration such as 10s", file.display())
    );
    let error = error(vec![("fetch.timeout", "1s".to_owned())]);
    assert!(error.starts_with(&format!("{}: `fetch.allow`: ", file.display())), "{error}");
}

#[test]
fn an_extraction_log_that_cannot_be_written_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let warnings = |path: &str| {
        let settings =
            ApiSettings { extraction_log: Some(folder.path().join(path)), ..ApiSettings::default() };
        config::warnings(&settings).map(|warning| warning.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(warnings("new.log"), [""; 0]);
    assert!(!folder.path().join("new.log").exists());
    std::fs::write(folder.path().join("old.log"), "").unwrap();
    assert_eq!(warnings("old.log"), [""; 0]);
    for path in ["", "nowhere/new.log", "old.log/new.log"] {
        let [warning] = &warnings(path)[..] else { panic!("{path}: no warning") };
        assert!(
            warning.starts_with("`extraction_log`: found `") && warning.contains("; expected "),
            "{warning}"
        );
    }
}
