//! A SOCKS5 proxy (RFC 1928, RFC 1929) that leads every name to one address.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// A proxy that requires the user `me` with the password `pw` if it is `locked`.
#[derive(Debug)]
pub struct SocksProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl SocksProxy {
    /// Starts a proxy that connects to `target`, or answers with the error `code` if there is none.
    pub async fn start(target: Result<SocketAddr, u8>, locked: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, target, locked, Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The hosts and ports that it was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn serve(
    mut client: TcpStream,
    target: Result<SocketAddr, u8>,
    locked: bool,
    log: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let method = if locked { 2 } else { 0 };
    let [_version, count] = read(&mut client).await?;
    let mut offered = vec![0; count.into()];
    client.read_exact(&mut offered).await?;
    if !offered.contains(&method) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, method]).await?;
    if locked {
        let [_version] = read(&mut client).await?;
        let (user, password) = (text(&mut client).await?, text(&mut client).await?);
        let status = u8::from((user.as_str(), password.as_str()) != ("me", "pw"));
        client.write_all(&[1, status]).await?;
    }
    let [_version, _connect, _reserved, kind] = read(&mut client).await?;
    let host = match kind {
        1 => std::net::Ipv4Addr::from(read(&mut client).await?).to_string(),
        4 => std::net::Ipv6Addr::from(read::<16>(&mut client).await?).to_string(),
        _ => text(&mut client).await?,
    };
    let port = u16::from_be_bytes(read(&mut client).await?);
    log.lock().expect("no panic").push(format!("{host}:{port}"));
    let code = target.err().unwrap_or(0);
    client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    if let Ok(target) = target {
        let mut server = TcpStream::connect(target).await?;
        copy_bidirectional(&mut client, &mut server).await?;
    }
    Ok(())
}

async fn read<const N: usize>(client: &mut TcpStream) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Bytes after their length.
async fn text(client: &mut TcpStream) -> std::io::Result<String> {
    let [length] = read(client).await?;
    let mut bytes = vec![0; length.into()];
    client.read_exact(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
