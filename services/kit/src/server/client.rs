//! The other end of a connection, as its requests see it.

use super::{activity::Activity, unsent::Unsent, wire::Wire};
use crate::metrics::{Figures, Series};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

pub(super) struct Client {
    pub(super) peer: SocketAddr,
    pub(super) activity: Arc<Activity>,
    pub(super) wire: Arc<Wire>,
    pub(super) unsent: Arc<Unsent>,
    /// Nothing on the admin listener.
    pub(super) figures: Option<Arc<Figures>>,
    /// Where its last request was counted.
    pub(super) series: Mutex<Option<Series>>,
}

impl Client {
    /// A request's header is whole.
    pub(super) fn request_begins(&self) {
        self.activity.request_begins();
        if let Some(figures) = &self.figures {
            figures.in_flight.inc();
        }
    }

    /// Its answer is over; a status of 0 says that there was none.
    pub(super) fn request_ends(&self, method: &'static str, route: &'static str, status: u16, seconds: f64) {
        let Some(figures) = &self.figures else { return };
        figures.in_flight.dec();
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        match &*series {
            Some(series) if series.is(method, route, status) => series.observe(seconds),
            _ => series.insert(figures.series(method, route, status)).observe(seconds),
        }
    }
}
