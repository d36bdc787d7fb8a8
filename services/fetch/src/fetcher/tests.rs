use super::*;
use std::thread;
use tokio::net::TcpSocket;

#[tokio::test]
async fn the_system_is_asked_for_its_addresses_off_the_async_threads() {
    // Bound and not listening: connections to it are refused.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let own_addresses = vec![([0, 0, 0, 0], address.port()).into()];
    let settings = FetchSettings { own_addresses, allow_private: true, ..FetchSettings::default() };
    let mut fetcher = Fetcher::new(settings, CpuPool::new(1).unwrap()).unwrap();
    let on_async_thread = |_| thread::current().name() != Some("cpu");
    Arc::get_mut(&mut fetcher.guard).unwrap().is_local = on_async_thread;
    let url = PageUrl::parse(&format!("http://{address}/")).unwrap();
    assert_eq!(fetcher.fetch(&url).await.map(|_| ()), Err(FetchError::Connect), "not refused");
}
