//! `nix/settings.nix`, the source of images, compose file and NixOS modules, agrees with the programs.
//!
//! Read from `NIX_SETTINGS` as JSON, or evaluated by `nix-instantiate` where it is installed.

use e2e::{command, run};
use serde_json::Value;
use std::{env, path::Path, process::Command};

/// The settings; `None` without Nix.
fn settings() -> Option<Value> {
    if let Ok(json) = env::var("NIX_SETTINGS") {
        return Some(serde_json::from_str(&json).expect("NIX_SETTINGS is JSON"));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nix/settings.nix");
    let store = tempfile::tempdir().expect("a temporary folder");
    let asked = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--store"])
        .arg(store.path())
        .arg(file)
        .output();
    match asked {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(serde_json::from_slice(&output.stdout).expect("nix-instantiate prints JSON"))
        }
        Err(error) => {
            eprintln!("SKIPPED, not tested: no NIX_SETTINGS and no nix-instantiate ({error})");
            None
        }
    }
}

/// The configuration that `program` prints with one environment variable.
async fn printed(program: &str, variable: &str, value: &str) -> toml::Table {
    let output =
        command(program).env(variable, value).arg("--print-config").output().await.expect("it starts");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").parse().expect("TOML")
}

fn port(address: &toml::Value) -> Option<i64> {
    address.as_str()?.rsplit(':').next()?.parse().ok()
}

#[tokio::test]
async fn nix_settings_have_the_ports_limits_and_variables_of_the_programs() {
    let Some(settings) = settings() else { return };
    for server in ["api", "web"] {
        let own = &settings[server];
        let program = own["program"].as_str().expect("a program");
        let variable = format!("{}LOG__LEVEL", own["environment"].as_str().expect("a prefix"));
        let config = printed(program, &variable, "trace").await;
        assert_eq!(config["log"]["level"].as_str(), Some("trace"), "{variable} is read");
        assert_eq!(own["port"].as_i64(), port(&config["listen"]), "{server}.port");
        assert_eq!(own["adminPort"].as_i64(), port(&config["admin"]["listen"]), "{server}.adminPort");
        let limits = &config["limits"];
        let memory = own["memory"].as_i64().expect("MiB");
        assert_eq!(limits["memory"].as_str(), Some(format!("{memory}MiB").as_str()), "{server}.memory");
        assert_eq!(own["memoryLimit"].as_i64(), Some(memory * 5 / 4));
        assert_eq!(settings["limits"]["connections"].as_i64(), limits["connections"].as_integer());
        assert_eq!(settings["limits"]["perClient"].as_f64(), limits["per_client"].as_float());
        let grace = settings["limits"]["grace"].as_i64().expect("seconds");
        assert_eq!(limits["grace"].as_str(), Some(format!("{grace}s").as_str()));
        assert!(
            settings["limits"]["stop"].as_i64().expect("seconds") > grace,
            "the manager waits longer than the grace period"
        );
    }
}

#[tokio::test]
async fn the_health_check_of_images_is_a_command_of_the_programs() {
    let Some(settings) = settings() else { return };
    for server in ["api", "web"] {
        let program = settings[server]["program"].as_str().expect("a program");
        let health = settings["health"]["command"].as_str().expect("a command");
        let help = run(program, &[health, "--help"], b"").await;
        assert_eq!(help.code, Some(0), "{program} {health}: {}", help.stderr);
    }
}
