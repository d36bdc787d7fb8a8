//! The shares of clients in something that has a limit.

use crate::ClientKey;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::Semaphore;

/// A semaphore for each client, as long as something else holds it or a permit of it.
#[derive(Debug)]
pub struct ClientParts {
    /// Of each client.
    pub(crate) permits: usize,
    clients: Mutex<Clients>,
}

#[derive(Debug, Default)]
struct Clients {
    parts: HashMap<ClientKey, Weak<Semaphore>>,
    /// The number of parts at which those that nothing holds are removed.
    sweep_at: usize,
}

impl ClientParts {
    /// Semaphores of so many permits each.
    pub fn new(permits: usize) -> Self {
        Self { permits: permits.min(Semaphore::MAX_PERMITS), clients: Mutex::default() }
    }

    /// The semaphore of `client`.
    #[must_use]
    pub fn of(&self, client: ClientKey) -> Arc<Semaphore> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = clients.parts.get(&client).and_then(Weak::upgrade) {
            return part;
        }
        if clients.parts.len() >= clients.sweep_at {
            clients.parts.retain(|_, part| part.strong_count() > 0);
            clients.sweep_at = 2 * clients.parts.len() + 16;
        }
        let part = Arc::new(Semaphore::new(self.permits));
        clients.parts.insert(client, Arc::downgrade(&part));
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;
    use std::net::Ipv4Addr;

    #[test]
    fn clients_that_are_gone_are_forgotten_and_those_with_permits_are_not() {
        let parts = ClientParts::new(1);
        let part = |number: u32| parts.of(Client::new(Ipv4Addr::from_bits(number).into()).key());
        let held = part(0).try_acquire_owned().unwrap();
        for number in 0..1000 {
            drop(part(number));
        }
        assert!(parts.clients.lock().unwrap().parts.len() < 50);
        assert_eq!(part(0).available_permits(), 0);
        drop(held);
        assert_eq!(part(0).available_permits(), 1);
    }
}
