//! A real Chromium, driven by chromedriver through the WebDriver protocol (W3C WebDriver 2).
//!
//! The tests need six commands; a client library would add a second version of many dependencies.

use crate::{Client, TIMEOUT, within};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The key of an element's reference in a response (the standard's "web element identifier").
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one empty window.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    session: String,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser whose window is `width` by `height` CSS pixels.
    pub async fn start(width: u32, height: u32) -> Self {
        Self::with_strategy(width, height, "normal").await
    }

    /// As [`start`](Self::start), but no call waits until a page is loaded.
    pub async fn impatient(width: u32, height: u32) -> Self {
        Self::with_strategy(width, height, "none").await
    }

    /// `strategy`: when a page counts as loaded (`pageLoadStrategy` of the standard).
    async fn with_strategy(width: u32, height: u32, strategy: &str) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed: tests/run does that");
        let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port = within("chromedriver", async {
            loop {
                let line = lines.next_line().await.expect("readable").expect("chromedriver runs");
                if let Some(port) = line.split("started successfully on port ").nth(1) {
                    break port.trim_end_matches('.').to_owned();
                }
            }
        })
        .await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

        let profile = TempDir::new().expect("a folder for the profile");
        let arguments = [
            "--headless=new",
            "--no-sandbox", // it does not work for root, as in a container
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        // Device metrics set the layout width: a headless window cannot be as narrow as a phone.
        let metrics =
            json!({ "width": width, "height": height, "pixelRatio": 1, "mobile": false, "touch": false });
        let options = json!({ "args": arguments, "mobileEmulation": { "deviceMetrics": metrics } });
        // The driver waits for elements to appear.
        let timeouts = json!({ "implicit": TIMEOUT.as_millis() });
        let wanted =
            json!({ "goog:chromeOptions": options, "timeouts": timeouts, "pageLoadStrategy": strategy });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });

        let client = Client::default();
        let server = format!("http://127.0.0.1:{port}/session");
        let created = command(&client, Method::POST, &server, Some(&wanted)).await;
        let session = format!("{server}/{}", created["sessionId"].as_str().expect("a session"));
        Self { client, session, _driver: driver, _profile: profile }
    }

    /// Opens `url` and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url })).await;
    }

    /// Types `text` into the element that `selector` finds.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/value"), &json!({ "text": text })).await;
    }

    /// Presses the element that `selector` finds.
    pub async fn press(&self, selector: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/click"), &json!({})).await;
    }

    /// Waits until `selector` finds an element.
    pub async fn wait_for(&self, selector: &str) {
        self.element(selector).await;
    }

    /// The result of `script`, a function body, run in the page; if that is a promise, what it resolves to.
    pub async fn ask(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Lets no page run scripts of its own from now on. [`ask`](Self::ask) still works.
    pub async fn disable_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true })).await;
    }

    /// Prefers this colour scheme, and no motion, from now on.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features })).await;
    }

    async fn devtools(&self, command: &str, params: &Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": params })).await
    }

    /// A picture of the window: PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        let url = format!("{}/screenshot", self.session);
        let picture = command(&self.client, Method::GET, &url, None).await;
        BASE64_STANDARD.decode(picture.as_str().expect("a picture")).expect("base 64")
    }

    async fn element(&self, selector: &str) -> String {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector })).await;
        found[ELEMENT].as_str().expect("a reference").to_owned()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        command(&self.client, Method::POST, &format!("{}/{path}", self.session), Some(body)).await
    }
}

impl Drop for Browser {
    /// Ends the browser, which would outlive its driver. Blocking, as it must also run while a failed test unwinds.
    fn drop(&mut self) {
        let (authority, path) = self.session["http://".len()..].split_once('/').expect("a session's URL");
        let Ok(mut driver) = TcpStream::connect(authority) else { return };
        let request = format!("DELETE /{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        let _ = driver.set_read_timeout(Some(Duration::from_secs(10)));
        // The driver answers once the browser has ended.
        let _ = driver.write_all(request.as_bytes()).and_then(|()| driver.read(&mut [0; 512]));
    }
}

async fn command(client: &Client, method: Method, url: &str, body: Option<&Value>) -> Value {
    let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
    let request = Request::builder().method(method).uri(url).body(Full::new(body)).expect("a URL");
    let answer = client.send(request).await;
    assert!(answer.status.is_success(), "{url}: {}", answer.text());
    answer.json()["value"].take()
}
