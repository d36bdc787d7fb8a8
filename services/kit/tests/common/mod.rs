//! A small service, served in this process on free ports, and clients that send any bytes.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "tests may, and so may what they share")]

pub(crate) mod frames;
pub(crate) mod program;
pub(crate) mod service;

use kit::{Admin, Limits, Listeners, Log, ServerSettings};
use std::{
    net::SocketAddr,
    pin::pin,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

/// A test that waits for this long has failed.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_mins(1);
/// A time limit that no test lives to see.
pub(crate) const NEVER: Duration = Duration::from_hours(1);
/// A request that is in work until [`REST`] is sent, too.
pub(crate) const HELD: &str =
    "POST /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 3\r\n\r\nab";
/// What [`HELD`] waits for.
pub(crate) const REST: &str = "c";

/// A service that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::with_settings(ServerSettings::new("test", free, Admin::at(Some(free)), limits, Log::default()))
            .await
    }

    /// A server with memory for so many bytes of unread responses.
    pub(crate) async fn with_send_queue(send_queue: u64, limits: Limits) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = ServerSettings::new("test", free, Admin::at(Some(free)), limits, Log::default());
        Self::with_settings(ServerSettings { send_queue, ..settings }).await
    }

    /// A server that believes these proxies.
    pub(crate) async fn trusting(proxies: &[&str], limits: Limits) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let trusted_proxies = proxies.iter().map(ToString::to_string).collect::<Vec<_>>().try_into().unwrap();
        let settings = ServerSettings::new("test", free, Admin::at(Some(free)), limits, Log::default());
        Self::with_settings(ServerSettings { trusted_proxies, ..settings }).await
    }

    pub(crate) async fn with_settings(settings: ServerSettings) -> Self {
        let listeners = Listeners::bind(&settings).await.unwrap();
        let (address, admin) = (listeners.address().unwrap(), listeners.admin_address().unwrap().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let task = tokio::spawn(kit::serve(service::Test::default(), listeners, settings, shutdown));
        Self { address, admin, stop: Some(stop), task }
    }

    /// What SIGTERM does.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
        }
    }

    /// Waits until it has drained.
    pub(crate) async fn stopped(self) {
        within(self.task).await.unwrap().unwrap();
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// A connection from the address 127.0.0.`host`.
    pub(crate) async fn connect_from(&self, host: u8) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, host], 0))).unwrap();
        Client(socket.connect(self.address).await.unwrap())
    }

    /// Sends `bytes` on a connection of its own; what came back until the server closed it.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    /// The answer to GET `path`.
    pub(crate) async fn get(&self, path: &str) -> String {
        self.exchange(get(path)).await
    }

    /// Waits until the metrics have this line.
    pub(crate) async fn metric(&self, line: &str) {
        let line = format!("\n{line}\n");
        within(async { while !self.ask_admin("/metrics").await.contains(&line) {} }).await;
    }

    /// Waits until so many requests are being answered.
    pub(crate) async fn in_flight(&self, count: usize) {
        self.metric(&format!("linkextractor_http_requests_in_flight {count}")).await;
    }

    /// Waits until a request is answered with `expected`.
    pub(crate) async fn answers(&self, expected: u16) {
        within(async { while status(&self.get("/").await) != expected {} }).await;
    }

    /// Waits until `/ready` says that it stops, and gives that answer.
    pub(crate) async fn stopping(&self) -> String {
        within(async {
            loop {
                let answer = self.ask_admin("/ready").await;
                if answer.contains("stopping") {
                    return answer;
                }
            }
        })
        .await
    }

    /// The answer of the admin listener to GET `path`.
    pub(crate) async fn ask_admin(&self, path: &str) -> String {
        self.exchange_with_admin(get(path)).await
    }

    /// As [`Self::exchange`], with the admin listener.
    pub(crate) async fn exchange_with_admin(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = Client(TcpStream::connect(self.admin).await.unwrap());
        client.send(bytes).await;
        client.rest().await
    }
}

/// GET on a connection that ends with it.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// GET on a connection that is kept.
pub(crate) fn get_kept(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// The body of an answer.
pub(crate) fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}")).1
}

/// A connection.
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The server may answer and close before it was sent everything.
        let _ = within(self.0.write_all(bytes.as_ref())).await;
    }

    /// Everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut answer = Vec::new();
        within(async {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = self.0.read(&mut buffer).await {
                answer.extend_from_slice(&buffer[..length]);
            }
        })
        .await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends `bytes` every so often, and takes what comes, until the server closes the connection.
    pub(crate) async fn insist(&mut self, bytes: &[u8], every: Duration) {
        let mut ticks = tokio::time::interval(every);
        let mut buffer = vec![0; 64 * 1024];
        within(async {
            loop {
                let open = tokio::select! {
                    read = self.0.read(&mut buffer) => matches!(read, Ok(1..)),
                    _ = ticks.tick() => self.0.write_all(bytes).await.is_ok(),
                };
                if !open {
                    return;
                }
            }
        })
        .await;
    }

    /// Everything up to and including `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut answer = String::new();
        within(async {
            while !answer.ends_with(end) {
                let byte = self.0.read_u8().await.unwrap_or_else(|error| panic!("{error} after {answer:?}"));
                answer.push(char::from(byte));
            }
        })
        .await;
        answer
    }
}

/// How long something took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    /// By the clock.
    pub(crate) clock: Duration,
    /// As far as this thread, which serves too, was awake: a machine that stalls adds a moment.
    pub(crate) awake: Duration,
}

/// How long `future` takes.
pub(crate) async fn timed(future: impl Future<Output = ()>) -> Took {
    const TICK: Duration = Duration::from_millis(10);
    let begun = Instant::now();
    let (mut future, mut awake) = (pin!(future), Duration::ZERO);
    loop {
        tokio::select! {
            biased;
            () = future.as_mut() => return Took { clock: begun.elapsed(), awake },
            () = tokio::time::sleep(TICK) => awake += TICK,
        }
    }
}

/// `future`, which must be done in time.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TEST_TIMEOUT, future).await.expect("this should have been over by now")
}

/// The status of an answer, or 0.
pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// A header field of an answer.
pub(crate) fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// An answer's body as JSON.
pub(crate) fn json(answer: &str) -> serde_json::Value {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer:?}"))
}

/// That an answer is a problem of that status and code.
#[track_caller]
pub(crate) fn assert_problem(answer: &str, expected: u16, code: &str) {
    assert_eq!(status(answer), expected, "{answer}");
    assert_eq!(field(answer, "content-type"), Some("application/problem+json"), "{answer}");
    assert_eq!(field(answer, "cache-control"), Some("no-store"), "{answer}");
    assert!(field(answer, "x-request-id").is_some(), "{answer}");
    assert_eq!(field(answer, "x-content-type-options"), Some("nosniff"), "{answer}");
    let problem = json(answer);
    assert_eq!(problem["type"], format!("/problems/{code}"));
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"], expected);
}
