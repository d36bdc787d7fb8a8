//! Load balancers, with the configurations of the documentation.

use crate::{installed, within};
use std::{fs, path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::UnixDatagram,
    process::{Child, Command},
};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

/// The blocks of that language in `docs/operations.md`, in order.
pub fn documented(language: &str) -> Vec<String> {
    documented_in("operations.md", language)
}

/// The blocks of that language in a file of the documentation, in order.
pub fn documented_in(file: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("{DOCS}/{file}")).expect("the documentation is there");
    let start = format!("```{language}\n");
    let blocks = text.split(&start).skip(1);
    blocks.map(|block| block.split_once("```").expect("a block ends").0.to_owned()).collect()
}

/// `config` with `to` instead of `from`, which it has.
pub fn replaced(config: &str, from: &str, to: &str) -> String {
    assert!(config.contains(from), "no `{from}` in {config}");
    config.replace(from, to)
}

/// nginx in `folder`, listening, with `http` in its `http` block; `None` if it is not installed.
pub async fn nginx(folder: &Path, http: &str) -> Option<Child> {
    let program = installed("nginx")?;
    let config = format!(
        "daemon off; master_process off; pid pid; error_log stderr notice; events {{}}\n\
         http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;\n{http} }}"
    );
    fs::write(folder.join("nginx.conf"), config).expect("the folder is there");
    let mut nginx = Command::new(program)
        .args(["-c", "nginx.conf", "-e", "stderr", "-p"])
        .arg(folder)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("nginx starts");
    let mut lines = BufReader::new(nginx.stderr.take().expect("piped")).lines();
    within("nginx to have bound its socket", async {
        loop {
            let line = lines.next_line().await.expect("readable").expect("nginx runs");
            eprintln!("{line}"); // shown when the test fails
            if line.contains("event method") {
                break;
            }
        }
    })
    .await;
    // nginx logs each failed connection, and would block on a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Some(nginx)
}

/// `HAProxy` in `folder`, ready, with this configuration; `None` if it is not installed.
pub async fn haproxy(folder: &Path, config: &str) -> Option<Child> {
    let program = installed("haproxy")?;
    fs::write(folder.join("haproxy.cfg"), config).expect("the folder is there");
    let socket = folder.join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a free path");
    let mut command = Command::new(program);
    command.args(["-Ws", "-f", "haproxy.cfg"]).current_dir(folder).env("NOTIFY_SOCKET", &socket);
    let child = command.kill_on_drop(true).spawn().expect("HAProxy starts");
    let mut message = [0; 1024];
    within("HAProxy to be ready", async {
        loop {
            let length = manager.recv(&mut message).await.expect("readable");
            if String::from_utf8_lossy(&message[..length]).contains("READY=1") {
                break;
            }
        }
    })
    .await;
    Some(child)
}
