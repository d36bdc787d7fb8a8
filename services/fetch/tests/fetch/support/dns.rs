//! A name server with the answers of a test.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};
use tokio::net::UdpSocket;

/// The reply to a query.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Those of the queried family.
    Addresses(Vec<IpAddr>),
    /// The same, and no reply if there are none of the queried family.
    OneFamily(Vec<IpAddr>),
    /// The name is an alias of the first of these names, that of the next, and the last one has the addresses.
    Aliases(Vec<String>, Vec<IpAddr>),
    /// These bytes after the number of the query.
    Bytes(Vec<u8>),
    /// No such name.
    NoName,
    /// The server failed.
    Failure,
    /// No reply.
    Silence,
}

/// A reply with these addresses.
pub(crate) fn addresses(addresses: &[&str]) -> Reply {
    Reply::Addresses(addresses.iter().map(|address| address.parse().unwrap()).collect())
}

/// A name server; `asked` counts the queries by name and type.
#[derive(Clone, Debug)]
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<HashMap<(String, u16), usize>>>,
}

impl NameServer {
    /// How often the A records of `name` were queried.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().get(&(name.to_owned(), 1)).copied().unwrap_or_default()
    }

    /// How many queries there were, of all names and types.
    pub(crate) fn queries(&self) -> usize {
        self.asked.lock().unwrap().values().sum()
    }
}

/// A server that fails in another way for each of three names, and knows no other.
pub(crate) async fn failing() -> NameServer {
    serve("127.0.0.1:0", |name, _| match name {
        "failure.test" => Reply::Failure,
        "silence.test" => Reply::Silence,
        "empty.test" => addresses(&[]),
        _ => Reply::NoName,
    })
    .await
}

/// Serves on `address`; `answer` gets a name and how often it was queried before.
pub(crate) async fn serve(
    address: &str,
    answer: impl Fn(&str, usize) -> Reply + Send + 'static,
) -> NameServer {
    let socket = UdpSocket::bind(address).await.unwrap();
    let server = NameServer { address: socket.local_addr().unwrap(), asked: Arc::default() };
    let asked = Arc::clone(&server.asked);
    tokio::spawn(async move {
        let mut packet = [0; 1500];
        loop {
            let (length, peer) = socket.recv_from(&mut packet).await.unwrap();
            let Some((name, kind, end)) = question(&packet[..length]) else { continue };
            let before = {
                let mut asked = asked.lock().unwrap();
                let count = asked.entry((name.clone(), kind)).or_default();
                *count += 1;
                *count - 1
            };
            if let Some(reply) = message(&packet[..end], kind, answer(&name, before)) {
                socket.send_to(&reply, peer).await.unwrap();
            }
        }
    });
    server
}

/// The name, the type and the end of the question.
fn question(packet: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?);
    Some((labels.join("."), kind, at + 4))
}

fn message(question: &[u8], kind: u16, reply: Reply) -> Option<Vec<u8>> {
    let silent = matches!(reply, Reply::OneFamily(_));
    let (code, aliases, addresses) = match reply {
        Reply::Addresses(addresses) | Reply::OneFamily(addresses) => (0, Vec::new(), addresses),
        Reply::Aliases(aliases, addresses) => (0, aliases, addresses),
        Reply::Bytes(bytes) => return Some([&question[..2], &bytes].concat()),
        Reply::NoName => (3, Vec::new(), Vec::new()),
        Reply::Failure => (2, Vec::new(), Vec::new()),
        Reply::Silence => return None,
    };
    let addresses: Vec<Vec<u8>> = addresses
        .into_iter()
        .filter_map(|address| match (address, kind) {
            (IpAddr::V4(ip), 1) => Some(ip.octets().to_vec()),
            (IpAddr::V6(ip), 28) => Some(ip.octets().to_vec()),
            _ => None,
        })
        .collect();
    let records = aliases.len() + addresses.len();
    if silent && records == 0 {
        return None;
    }
    let mut message = question.to_vec();
    message[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    message[6..8].copy_from_slice(&u16::try_from(records).unwrap().to_be_bytes());
    message[8..12].fill(0);
    // The name in the question.
    let mut owner = vec![0xc0, 0x0c];
    for alias in aliases {
        let mut target = Vec::new();
        for label in alias.split('.') {
            target.push(u8::try_from(label.len()).unwrap());
            target.extend(label.as_bytes());
        }
        target.push(0);
        add_record(&mut message, &owner, 5, &target);
        owner = target;
    }
    for address in addresses {
        add_record(&mut message, &owner, kind, &address);
    }
    Some(message)
}

fn add_record(message: &mut Vec<u8>, owner: &[u8], kind: u16, data: &[u8]) {
    message.extend(owner);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1, 0, 0, 0, 60]);
    message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    message.extend(data);
}
