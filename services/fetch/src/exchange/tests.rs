use super::*;
use crate::{CauseKind, Proxy};
use tokio::net::{TcpSocket, TcpStream};

/// A listener that takes no more connections, and the one that waits there to be accepted.
async fn full() -> (tokio::net::TcpListener, TcpStream) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let waiting = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (listener, waiting)
}

#[tokio::test]
async fn a_proxy_is_silent_only_if_it_had_the_time_to_answer() {
    let (listener, _waiting) = full().await;
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let settings = FetchSettings {
        proxy: Some(Proxy::try_from(proxy).unwrap()),
        connect_timeout: Duration::from_millis(400),
        ..FetchSettings::default()
    };
    let silent = Some(CauseKind::Proxy);
    // The time that is left to a job, of how much.
    for (left, timeout, kind) in
        [(1, 10_000, None), (300, 10_000, None), (10_000, 10_000, silent), (400, 400, silent)]
    {
        let [left, timeout] = [left, timeout].map(Duration::from_millis);
        let exchange = Exchange::new(&FetchSettings { timeout, ..settings.clone() }).unwrap();
        let limited = FetchSettings { timeout: left, ..settings.clone() };
        let mut job = JobContext::begin(&limited, crate::JobClient::own().key);
        job.record.begin_hop(&"http://origin/".parse().unwrap());
        let origin = Origin { https: false, host: "origin".into(), port: 80 };
        let (url, fields) = ("http://origin/".parse().unwrap(), RequestFields::default());
        let addresses = [[192, 0, 2, 1].into()];
        let result = exchange.get(&url, fields, &origin, &addresses, &mut job).await.map(|_| ());
        assert_eq!(result, Err(FetchError::Timeout(Phase::Connect)));
        assert_eq!(job.record.cause.map(|cause| cause.kind), kind, "{left:?} of {timeout:?}");
    }
}
