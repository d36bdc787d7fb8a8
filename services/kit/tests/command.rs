//! The command line: `check-config`, `--print-config`, `healthcheck`, and wrong usage.

#![expect(clippy::unwrap_used, reason = "tests may, helpers of tests included")]

mod common;

use common::{
    program::{Program, greeter},
    within,
};
use rustix::process::Signal;
use std::process::{Output, Stdio};

async fn run(arguments: &[&str]) -> (i32, String, String) {
    output(greeter().args(arguments).output().await.unwrap())
}

fn output(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn check_config_says_what_is_wrong_and_where() {
    assert_eq!(run(&["check-config"]).await, (0, String::new(), String::new()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("greeter.toml");
    for (toml, parts) in [
        ("limit = 1", ["greeter.toml", "`limit`", "`limits`"]),
        ("[limits]\ngrace = \"soon\"", ["greeter.toml", "`limits.grace`", "duration"]),
        ("[log]\nlevel = \"a=b=c\"", ["greeter.toml", "`log.level`", "expected"]),
    ] {
        std::fs::write(&file, toml).unwrap();
        let (status, _, error) = run(&["check-config", "--config", file.to_str().unwrap()]).await;
        assert_eq!(status, 2, "{error}");
        for part in parts {
            assert!(error.contains(part), "{error:?} does not say {part:?}");
        }
    }
    let (status, _, error) = run(&["--config", "/nowhere.toml"]).await;
    assert!(status == 2 && error.contains("/nowhere.toml"), "{status}: {error}");
}

#[tokio::test]
async fn check_config_warns_of_settings_that_are_no_error() {
    let (status, output, error) = run(&["check-config", "--set", "limits.grace=0s"]).await;
    assert_eq!((status, output.as_str()), (0, ""));
    assert!(error.starts_with("greeter: warning: `limits.grace`: found 0s"), "{error}");
}

#[tokio::test]
async fn the_printed_configuration_has_every_source_and_no_secret() {
    let command = &mut greeter();
    command.env("PASSWORD", "hunter2").env("GREETER_LOG__FORMAT", "json");
    let printed = command.args(["--print-config", "--set", "limits.connections=7"]).output().await.unwrap();
    let (status, text, error) = output(printed);
    assert_eq!(status, 0, "{error}");
    for line in ["password = \"***\"", "format = \"json\"", "connections = 7"] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn wrong_usage_is_2_and_help_is_not_an_error() {
    assert_eq!(run(&["--no-such-flag"]).await.0, 2);
    assert_eq!(run(&["--set", "novalue"]).await.0, 2);
    let (status, text, _) = run(&["--help"]).await;
    assert!(status == 0 && text.contains("Says hello") && text.contains("check-config"), "{text}");
    assert_eq!(run(&["--version"]).await.0, 0);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, _, log) = run(&["--listen", &address]).await;
    assert_eq!(status, 1);
    assert!(log.contains("`listen`") && log.contains(&address), "{log}");
}

#[tokio::test]
async fn healthcheck_asks_the_running_program() {
    let mut program = Program::start(&["--set", "limits.delay=60s"]).await;
    let admin = program.admin.to_string();
    let ask = |path: &'static str| {
        let admin = admin.clone();
        async move {
            let mut arguments = vec!["healthcheck", "--admin-listen", &admin];
            arguments.extend(Some(path).filter(|path| !path.is_empty()));
            run(&arguments).await
        }
    };
    assert_eq!(ask("").await.0, 0);
    program.signal(Signal::TERM);
    program.line("stopping").await;
    within(async { while !ask("").await.2.contains(": status 503: stopping\n") {} }).await;
    assert_eq!(ask("").await.0, 1);
    assert_eq!(ask("--live").await.0, 0);
    program.signal(Signal::TERM);
    program.ended().await;
    let (status, _, error) = ask("").await;
    assert!(
        status == 1 && error.contains(&admin) && error.contains("connection refused"),
        "{status}: {error}"
    );
    assert_eq!(run(&["healthcheck", "--admin-listen", "none"]).await.0, 1);
}

#[tokio::test]
async fn healthcheck_says_why_it_fails() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = listener.local_addr().unwrap().to_string();
    let refused = r#"{"ready":false,"parts":{"database":{"ready":false,"optional":false,"reason":"gone"},"cache":{"ready":false,"optional":true,"reason":"away"}}}"#;
    let refused = format!("HTTP/1.0 503 Service Unavailable\r\n\r\n{refused}");
    let answers = [
        (refused.as_str(), ": status 503: database: gone\n"),
        ("HTTP/1.0 404 Not Found\r\n\r\nnothing here", ": status 404: nothing here\n"),
        ("", ": the connection was closed without an answer\n"),
        ("SSH-2.0", ": the answer is not HTTP\n"),
    ];
    for (answer, reason) in answers {
        let arguments = ["healthcheck", "--admin-listen", &admin];
        let asked = run(&arguments);
        let serve = async {
            let listener = tokio::net::TcpListener::from_std({
                listener.set_nonblocking(true).unwrap();
                listener.try_clone().unwrap()
            })
            .unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
        };
        let ((status, _, error), ()) = tokio::join!(asked, serve);
        assert!(status == 1 && error.ends_with(reason), "{error}");
    }
    // The kernel accepts the connection, and nothing answers.
    let (status, _, error) = run(&["healthcheck", "--admin-listen", &admin]).await;
    assert!(status == 1 && error.ends_with(": timed out: no answer within 5 s\n"), "{error}");
}

#[tokio::test]
async fn healthcheck_does_not_wait_for_an_answer_that_comes_byte_by_byte() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = listener.local_addr().unwrap().to_string();
    let trickle = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
        while tokio::io::AsyncWriteExt::write_all(&mut stream, b"x").await.is_ok() {
            ticks.tick().await;
        }
    });
    let (status, _, error) = run(&["healthcheck", "--admin-listen", &admin]).await;
    assert!(status == 1 && error.ends_with(": timed out: no answer within 5 s\n"), "{error}");
    trickle.abort();
}

#[tokio::test]
async fn a_printed_configuration_that_cannot_be_written_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for stdout in [Stdio::from(full), Stdio::from(closed)] {
        let mut command = greeter();
        command.arg("--print-config").stdout(stdout).stderr(Stdio::piped());
        let printed = command.spawn().unwrap().wait_with_output().await.unwrap();
        let (status, _, error) = output(printed);
        assert_eq!(status, 1, "{error}");
        assert!(error.starts_with("greeter: cannot write to standard output: "), "{error}");
    }
}

/// glibc's settings, in the environment of the process that was started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[tokio::test]
async fn a_server_has_settings_for_its_allocator_and_keeps_those_of_its_operator() {
    for (own, expected) in [(None, true), (Some(("MALLOC_ARENA_MAX", "2")), false)] {
        let mut command = greeter();
        command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]).envs(own);
        let server = Program::spawn(command).await;
        let process = format!("/proc/{}", server.child.id().unwrap());
        let environment = std::fs::read_to_string(format!("{process}/environ")).unwrap();
        assert_eq!(environment.contains("MALLOC_MMAP_THRESHOLD_=131072\0"), expected, "{environment:?}");
        assert_eq!(std::fs::read_to_string(format!("{process}/comm")).unwrap(), "greeter\n");
    }
}

#[tokio::test]
async fn a_server_reads_its_configuration_from_a_pipe() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, b"listen = '127.0.0.2:0'\n").unwrap();
    drop(writer);
    let mut command = greeter();
    command.args(["--config", "/dev/stdin", "--admin-listen", "127.0.0.1:0"]).stdin(reader);
    assert_eq!(Program::spawn(command).await.address.ip().to_string(), "127.0.0.2");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[tokio::test]
async fn a_server_can_be_started_through_the_dynamic_loader() {
    let mapped = std::fs::read_to_string("/proc/self/maps").unwrap();
    let loader = mapped.split_whitespace().find(|word| word.contains("/ld-")).unwrap();
    let mut command = tokio::process::Command::new(loader);
    command.arg(greeter().as_std().get_program()).args(["--listen", "127.0.0.1:0"]);
    command.args(["--admin-listen", "127.0.0.1:0"]).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    assert!(Program::spawn(command).await.get("/").await.starts_with("HTTP/1.1 "));
}
