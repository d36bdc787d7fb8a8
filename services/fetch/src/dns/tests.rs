use super::*;
use std::net::UdpSocket;

/// How a look-up with `time` left fails if no name server answers, where one may take `DNS_TIMEOUT`, and its cause.
async fn failure(time: Duration, settings: FetchSettings) -> (FetchError, Option<CauseKind>) {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let name_servers = vec![silent.local_addr().unwrap()];
    let settings = FetchSettings { name_servers, dns_timeout: DNS_TIMEOUT, ..settings };
    let (dns, mut record) = (Dns::new(&settings).unwrap(), JobRecord::begin());
    let error = dns.resolve("name.test", false, Deadline::after(time), &mut record).await.unwrap_err();
    (error, record.cause.map(|cause| cause.kind))
}

const DNS_TIMEOUT: Duration = Duration::from_millis(400);
const TIMEOUT: FetchError = FetchError::Timeout(Phase::Dns);

#[tokio::test]
async fn a_name_server_is_silent_only_if_it_had_the_time_to_answer() {
    let settings = FetchSettings::default;
    for time in [Duration::ZERO, Duration::from_millis(40), Duration::from_millis(300)] {
        assert_eq!(failure(time, settings()).await, (TIMEOUT, None), "{time:?}");
    }
    let time = Duration::from_secs(10);
    assert_eq!(failure(time, settings()).await, (TIMEOUT, Some(CauseKind::NameServer)));
    // The job has no more time than a look-up.
    let short = FetchSettings { timeout: DNS_TIMEOUT, ..settings() };
    assert_eq!(failure(DNS_TIMEOUT, short).await, (TIMEOUT, Some(CauseKind::NameServer)));
}

#[tokio::test]
async fn tries_that_are_over_early_do_not_tell_of_a_silent_name_server() {
    // The only try ends before any name server has been asked for what it knows at once.
    let settings = FetchSettings { dns_try_timeout: Duration::from_millis(210), ..FetchSettings::default() };
    let start = Instant::now();
    let found = failure(Duration::from_secs(10), settings).await;
    assert_eq!(found, (TIMEOUT, Some(CauseKind::NameServer)));
    assert!(start.elapsed() >= DNS_TIMEOUT, "{:?}", start.elapsed());
}
