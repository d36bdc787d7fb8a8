use super::*;
use crate::{Admin, Limits, Log, Secret, ServerSettings};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf, time::Duration};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    listen: std::net::SocketAddr,
    password: Option<Secret>,
    file: Option<PathBuf>,
    word: String,
    count: u32,
    list: Vec<String>,
    admin: Admin,
    limits: Limits,
    log: Log,
    nested: Nested,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Nested {
    token: Option<Secret>,
    share: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 80).into(),
            password: None,
            file: None,
            word: "word".into(),
            count: 1,
            list: Vec::new(),
            admin: Admin::at(None),
            limits: Limits::default(),
            log: Log::default(),
            nested: Nested::default(),
        }
    }
}

impl Configuration for Settings {
    const NAME: &'static str = "test";
    const ABOUT: &'static str = "";
    const ENV_PREFIX: &'static str = "TEST_";
    const ENV_ALIASES: &'static [(&'static str, &'static str)] = &[("PASSWORD", "password")];
    const SECRETS: &'static [&'static str] = &["password", "nested.token"];

    fn server(&self) -> ServerSettings {
        let (admin, limits, log) = (self.admin.clone(), self.limits.clone(), self.log.clone());
        ServerSettings::new(Self::NAME, self.listen, admin, limits, log)
    }

    fn memory_shares(&self) -> Vec<(&'static str, u64)> {
        vec![("nested.share", self.limits.memory.as_u64() / 4)]
    }

    fn check(&self) -> Result<(), String> {
        if self.count == 0 { Err("count: found 0; expected at least 1".into()) } else { Ok(()) }
    }
}

fn environment(variables: &[(&str, &str)]) -> Result<Settings, String> {
    load_all(None, variables, &[])
}

fn load_all(
    toml: Option<&str>,
    variables: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.toml");
    fs::write(&file, toml.unwrap_or_default()).unwrap();
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let flags = flags.iter().map(|(key, value)| SettingSource::flag(key, value)).collect();
    load_from(Figment::new(), toml.is_some().then_some(file.as_path()), variables, flags)
        .map(|(settings, _)| settings)
        .map_err(|error| error.to_string())
}

fn error(result: Result<Settings, String>) -> String {
    result.expect_err("this configuration must be refused")
}

#[test]
fn each_source_wins_over_the_one_before() {
    assert_eq!(load_all(None, &[], &[]).unwrap().count, 1);
    assert_eq!(load_all(Some("count = 2"), &[], &[]).unwrap().count, 2);
    assert_eq!(load_all(Some("count = 2"), &[("TEST_COUNT", "3")], &[]).unwrap().count, 3);
    assert_eq!(load_all(Some("count = 2"), &[("TEST_COUNT", "3")], &[("count", "4")]).unwrap().count, 4);
}

#[test]
fn a_section_keeps_the_defaults_of_what_it_does_not_name() {
    let settings =
        load_all(Some("[limits]\ngrace = \"3s\""), &[("TEST_LIMITS__CONNECTIONS", "7")], &[]).unwrap();
    assert_eq!(settings.limits.grace, Duration::from_secs(3));
    assert_eq!(settings.limits.connections, 7);
    assert_eq!(settings.limits.requests, Limits::default().requests);
}

#[test]
fn admin_hosts_can_be_set_alone() {
    let settings = environment(&[("TEST_ADMIN__HOSTS", r#"["api", "web"]"#)]).unwrap();
    assert_eq!(settings.admin, Admin { listen: None, hosts: vec!["api".into(), "web".into()] });
}

#[test]
fn text_that_looks_like_something_else_stays_text() {
    for value in ["12345", "0700", "1e5", "true", "[x]", "\"quoted\"", " blank "] {
        let settings = environment(&[("TEST_PASSWORD", value)]).unwrap();
        assert_eq!(settings.password.unwrap().expose(), value);
    }
    for value in ["12345", "0700", "1e5", "true", "[x]"] {
        let settings = environment(&[("TEST_WORD", value), ("TEST_FILE", value)]).unwrap();
        assert_eq!(settings.word, value);
        assert_eq!(settings.file, Some(PathBuf::from(value)));
    }
}

#[test]
fn lists_and_flags_are_read_as_what_they_look_like() {
    let settings = environment(&[("TEST_LIST", r#"["10.1.0.0/16", "x"]"#)]).unwrap();
    assert_eq!(settings.list, ["10.1.0.0/16", "x"]);
    assert!(!load_all(None, &[], &[("log.access", "false")]).unwrap().log.access);
}

#[test]
fn an_alias_sets_its_key_and_the_prefix_wins_over_it() {
    let alias = [("PASSWORD", "a")];
    assert_eq!(environment(&alias).unwrap().password.unwrap().expose(), "a");
    let both = [("TEST_PASSWORD", "b"), ("PASSWORD", "a")];
    assert_eq!(environment(&both).unwrap().password.unwrap().expose(), "b");
}

#[test]
fn an_empty_variable_is_unset() {
    assert!(environment(&[("PASSWORD", ""), ("TEST_COUNT", "")]).unwrap().password.is_none());
}

#[test]
fn secrets_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "0700\n").unwrap();
    let path = path.to_str().unwrap();
    for variable in ["PASSWORD_FILE", "TEST_PASSWORD_FILE"] {
        assert_eq!(environment(&[(variable, path)]).unwrap().password.unwrap().expose(), "0700");
    }
    assert_eq!(
        environment(&[("TEST_NESTED__TOKEN_FILE", path)]).unwrap().nested.token.unwrap().expose(),
        "0700"
    );
    let toml = format!("password_file = {path:?}\n[nested]\ntoken_file = {path:?}");
    let settings = load_all(Some(&toml), &[], &[]).unwrap();
    assert_eq!(settings.password.unwrap().expose(), "0700");
    assert_eq!(settings.nested.token.unwrap().expose(), "0700");
}

#[test]
fn a_secret_given_twice_or_unreadable_is_refused() {
    let twice = error(environment(&[("TEST_PASSWORD", "x"), ("TEST_PASSWORD_FILE", "/dev/null")]));
    assert!(twice.contains("TEST_PASSWORD_FILE") && twice.contains("`password`"), "{twice}");
    let missing = error(environment(&[("PASSWORD_FILE", "/nowhere/at/all")]));
    assert!(missing.contains("PASSWORD_FILE") && missing.contains("/nowhere/at/all"), "{missing}");
}

#[test]
fn errors_name_the_source_the_key_and_what_was_expected() {
    let cases: &[(Result<Settings, String>, &[&str])] = &[
        (environment(&[("TEST_COUNTS", "1")]), &["environment variable TEST_COUNTS", "`counts`", "`count`"]),
        (environment(&[("TEST_LIMITS__X", "1")]), &["TEST_LIMITS__X", "`limits.x`", "`grace`"]),
        (environment(&[("TEST_COUNT", "many")]), &["TEST_COUNT", "`count`", "a whole number"]),
        (environment(&[("TEST_LOG__FORMAT", "xml")]), &["TEST_LOG__FORMAT", "`log.format`", "xml", "`json`"]),
        (load_all(Some("counts = 1"), &[], &[]), &["test.toml", "`counts`", "`count`"]),
        (load_all(Some("[limits]\ngrace = 3"), &[], &[]), &["test.toml", "`limits.grace`", "duration"]),
        (load_all(Some("limits = 1"), &[], &[]), &["test.toml", "`limits`", "a section"]),
        (load_all(Some("count = "), &[], &[]), &["test.toml", "line 1"]),
        (
            load_all(None, &[], &[("listen", "here")]),
            &["flag --listen", "`listen`", "expected one with a port"],
        ),
        (load_all(None, &[], &[("count", "0")]), &["flag --count: `count`: found 0", "at least 1"]),
        (environment(&[("TEST_COUNT", "0")]), &["environment variable TEST_COUNT: `count`: found 0"]),
        (load_all(Some("count = 0"), &[], &[]), &["test.toml: `count`: found 0"]),
        (load_all(Some("[log]\nlevel = \"loud\""), &[], &[]), &["test.toml: `log.level`: found `loud`"]),
        (load_all(None, &[], &[("admin.hosts", r#"["api:5001"]"#)]), &["`admin.hosts`", "without a port"]),
        (load_all(None, &[], &[("limits.connections", "0")]), &["`limits.connections`", "at least 1"]),
        (load_all(None, &[], &[("limits.memory", "1MiB")]), &["`limits.memory`", "1.0 MiB", "at least 64"]),
        (load_all(None, &[], &[("limits.header_timeout", "0s")]), &["`limits.header_timeout`", "10ms"]),
        (load_all(None, &[], &[("limits.stall_timeout", "9000days")]), &["`limits.stall_timeout`", "24h"]),
    ];
    for (result, parts) in cases {
        let error = result.as_ref().expect_err("this configuration must be refused");
        for part in *parts {
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        }
    }
}

#[test]
fn the_text_of_invalid_toml_is_not_shown() {
    let error = load_all(Some("count = 1\npassword = \"hunter2\n"), &[], &[]).err().unwrap();
    assert!(error.contains("test.toml: line 2, column 20") && !error.contains("hunter2"), "{error}");
}

#[test]
fn variables_that_kubernetes_makes_are_ignored() {
    let made = [
        ("TEST_SERVICE_HOST", "10.0.0.1"),
        ("TEST_METRICS_SERVICE_HOST", "10.0.0.1"),
        ("TEST_METRICS_SERVICE_PORT", "80"),
        ("TEST_SERVICE_PORT_HTTP_ADMIN", "80"),
        ("TEST_PORT", "tcp://10.0.0.1:80"),
        ("TEST_METRICS_PORT", "udp://10.0.0.1:80"),
        ("TEST_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("TEST_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("TEST_METRICS_PORT_80_UDP_PORT", "80"),
        ("TEST_METRICS_PORT_80_UDP_PROTO", "udp"),
    ];
    assert!(environment(&made).is_ok());
    let variables = made.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let other = ("OTHER_SERVICE_HOST".into(), "10.0.0.1".into());
    let ignored = environment::ignored::<Settings>(variables.into_iter().chain([other]));
    assert_eq!(ignored, made.map(|(name, _)| name));
}

#[test]
fn other_unknown_variables_stop_the_start() {
    for (name, value) in [
        ("TEST_PORT", "80"),
        ("TEST_SERVICE_HOSTS", "10.0.0.1"),
        ("TEST_SERVICE_PORT_", "80"),
        ("TEST_PORT_HTTP_TCP", "tcp://10.0.0.1:80"),
        ("TEST_PORT__TCP_ADDR", "10.0.0.1"),
        ("TEST_PORT_80_SCTP_ADDR", "10.0.0.1"),
        ("TEST_PORT_80_TCP_NAME", "x"),
        ("TEST_PORTS", "tcp://10.0.0.1:80"),
    ] {
        let error = error(environment(&[(name, value)]));
        assert!(error.contains(name) && error.contains("unknown key"), "{error}");
    }
}

#[test]
fn the_printed_configuration_hides_secrets_and_can_be_read_again() {
    let settings = environment(&[("TEST_PASSWORD", "hunter2"), ("TEST_COUNT", "5")]).unwrap();
    let text = print(&settings).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(load_all(Some(&text), &[], &[]).unwrap().count, 5);
}

#[test]
fn a_share_of_the_memory_follows_the_memory_unless_it_is_set() {
    let share = |toml, variables: &[_], flags: &[_]| load_all(toml, variables, flags).unwrap().nested.share;
    let whole = Limits::default().within_cgroup().memory.as_u64();
    assert_eq!(share(None, &[], &[]), whole / 4);
    assert_eq!(share(Some("[limits]\nmemory = \"1GiB\""), &[], &[]), 256 << 20);
    assert_eq!(share(None, &[("TEST_LIMITS__MEMORY", "200MiB")], &[]), 50 << 20);
    assert_eq!(share(Some("[limits]\nmemory = \"1GiB\"\n[nested]\nshare = 5"), &[], &[]), 5);
    assert_eq!(share(None, &[("TEST_NESTED__SHARE", "6")], &[("limits.memory", "1GiB")]), 6);
}
