//! A crowd that says nothing, or one byte now and then, takes nothing from those who are served.

use e2e::{Program, Wire, metric, wait_for_metric, within};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time};

const CROWD: u32 = 1000;
const REQUESTS: usize = 500;
/// One of them has to show no effect: the machine has other things to do, too.
const ROUNDS: usize = 10;
/// What the crowd may cost on top of twice the time.
const SMALL: Duration = Duration::from_millis(2);
/// Longer than a round takes.
const PATIENT: &str = "2m";

// One after the other: what is measured is time.
#[tokio::test]
async fn others_are_served_as_before() {
    unmoved(&e2e::api(&[("LINKEXTRACTOR_API_LIMITS__HEADER_TIMEOUT", PATIENT)]).await).await;
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    unmoved(&e2e::web(nobody, &[("LINKEXTRACTOR_WEB_LIMITS__HEADER_TIMEOUT", PATIENT)]).await).await;
}

async fn unmoved(server: &Program) {
    e2e::raise_open_files();
    let address = server.address("service");
    p99(address).await; // what is done once is done
    for slow in [false, true] {
        let mut rounds = Vec::new();
        let unmoved = loop {
            let alone = p99(address).await;
            let crowd = gather(server).await;
            let beside = if slow {
                tokio::select! { beside = p99(address) => beside, () = drip(&crowd) => unreachable!() }
            } else {
                p99(address).await
            };
            let stayed = metric(server, "http_connections").await;
            assert!(stayed >= u64::from(CROWD), "{stayed} stayed");
            drop(crowd);
            wait_for_metric(server, "http_connections", |open| open == 0).await;
            rounds.push((alone, beside));
            if beside <= 2 * alone + SMALL {
                break true;
            } else if rounds.len() == ROUNDS {
                break false;
            }
        };
        println!("slow: {slow}, p99 alone and beside the crowd: {rounds:?}");
        assert!(unmoved, "p99 alone and beside the crowd, slow: {slow}: {rounds:?}");
    }
}

/// The time within which 99 % of requests are answered, each on a connection of its own.
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

/// Connections that have begun a request, and wait.
async fn gather(server: &Program) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let connecting = TcpStream::connect(server.address("service"));
        crowd.push(within("a connection", connecting).await.expect("it listens"));
    }
    wait_for_metric(server, "http_connections", |open| open >= u64::from(CROWD)).await;
    crowd
}

/// Has each of the crowd send a byte of its header a second.
async fn drip(crowd: &[TcpStream]) {
    let mut ticks = time::interval(Duration::from_secs(1) / CROWD);
    for byte in b"GET / HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x')) {
        for member in crowd {
            ticks.tick().await;
            member.try_write(&[*byte]).expect("it is still open and takes a byte");
        }
    }
}
