//! A thousand connections that send nothing, or one byte a second, do not slow down other clients.

use e2e::{Program, Wire, metric, wait_for_metric, within};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time};

const CROWD: u32 = 1000;
const REQUESTS: usize = 500;
/// One of them has to show no effect: other processes disturb the measurement.
const ROUNDS: usize = 10;
/// The slow-down that is allowed on top of twice the time.
const SMALL: Duration = Duration::from_millis(2);
/// Longer than a round takes.
const HEADER_TIMEOUT: &str = "2m";

// One test, so that the measurements do not run at once.
#[tokio::test]
async fn slow_clients_do_not_delay_other_clients() {
    assert_no_delay(&e2e::api(&[("LINKEXTRACTOR_API_LIMITS__HEADER_TIMEOUT", HEADER_TIMEOUT)]).await).await;
    let no_api = SocketAddr::from(([127, 0, 0, 1], 1));
    assert_no_delay(&e2e::web(no_api, &[("LINKEXTRACTOR_WEB_LIMITS__HEADER_TIMEOUT", HEADER_TIMEOUT)]).await)
        .await;
}

async fn assert_no_delay(server: &Program) {
    e2e::raise_open_files();
    let address = server.address("service");
    p99(address).await; // warm up
    for slow in [false, true] {
        let mut rounds = Vec::new();
        let no_delay = loop {
            let alone = p99(address).await;
            let crowd = open_crowd(server).await;
            let beside = if slow {
                tokio::select! { beside = p99(address) => beside, () = drip(&crowd) => unreachable!() }
            } else {
                p99(address).await
            };
            let stayed = metric(server, "linkextractor_http_connections").await;
            assert!(stayed >= u64::from(CROWD), "{stayed} stayed");
            drop(crowd);
            wait_for_metric(server, "linkextractor_http_connections", |open| open == 0).await;
            rounds.push((alone, beside));
            if beside <= 2 * alone + SMALL {
                break true;
            } else if rounds.len() == ROUNDS {
                break false;
            }
        };
        println!("slow: {slow}, p99 alone and beside the crowd: {rounds:?}");
        assert!(no_delay, "p99 alone and beside the crowd, slow: {slow}: {rounds:?}");
    }
}

/// The 99th percentile of response times, each request on its own connection.
async fn p99(address: SocketAddr) -> Duration {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        let mut wire = Wire::connect(address).await;
        wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(wire.answer().await.expect("an answer").status, 200);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[REQUESTS * 99 / 100]
}

/// Opens connections that send nothing.
async fn open_crowd(server: &Program) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let connecting = TcpStream::connect(server.address("service"));
        crowd.push(within("a connection", connecting).await.expect("it listens"));
    }
    wait_for_metric(server, "linkextractor_http_connections", |open| open >= u64::from(CROWD)).await;
    crowd
}

/// Sends one byte of a header on each connection every second.
async fn drip(crowd: &[TcpStream]) {
    let mut ticks = time::interval(Duration::from_secs(1) / CROWD);
    for byte in b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
        for member in crowd {
            ticks.tick().await;
            member.try_write(&[*byte]).expect("it is still open and takes a byte");
        }
    }
}
