//! What all connections of a listener share.

use super::unsent::Unsent;
use crate::{HostRule, ServerSettings, Service, descriptors, metrics::Figures};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Connections, and requests in work, of the admin listener.
const OPERATORS: usize = 64;

pub(super) struct Shared<S> {
    pub(super) service: Arc<S>,
    /// Nothing where requests are not counted: the admin listener.
    pub(super) figures: Option<Arc<Figures>>,
    pub(super) settings: ServerSettings,
    /// The host names to which it answers; `None`: to any.
    pub(super) host_rule: Option<HostRule>,
    pub(super) access_log: bool,
    pub(super) connections: usize,
    pub(super) in_work: Arc<Semaphore>,
    /// For those of them whose body is still to come: the others are not kept waiting by clients.
    pub(super) receiving: Arc<Semaphore>,
    pub(super) unsent: Arc<Unsent>,
    pub(super) stop: CancellationToken,
    /// The grace is all but over: what is still in work is answered 503.
    pub(super) give_up: CancellationToken,
    /// As `stop`, for those who only want to know: asking the token takes a lock that all connections share.
    draining: AtomicBool,
}

impl<S: Service> Shared<S> {
    pub(super) fn service(service: Arc<S>, figures: Arc<Figures>, settings: &ServerSettings) -> Arc<Self> {
        let requests = settings.limits.requests.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            service,
            figures: Some(figures),
            access_log: settings.log.access,
            host_rule: settings.host_rule.clone(),
            connections: descriptors::affordable(settings.limits.connections, settings.services)
                .min(Semaphore::MAX_PERMITS),
            in_work: Arc::new(Semaphore::new(requests)),
            receiving: Arc::new(Semaphore::new(requests.div_ceil(2))),
            settings: settings.clone(),
            unsent: Arc::default(),
            stop: CancellationToken::new(),
            give_up: CancellationToken::new(),
            draining: AtomicBool::new(false),
        })
    }

    /// A listener for operators: few connections, no lines, no figures.
    pub(super) fn admin(service: S, settings: &ServerSettings) -> Arc<Self> {
        Arc::new(Self {
            service: Arc::new(service),
            figures: None,
            access_log: false,
            host_rule: Some(HostRule::new(settings.admin.hosts.iter().cloned())),
            connections: OPERATORS,
            in_work: Arc::new(Semaphore::new(OPERATORS)),
            receiving: Arc::new(Semaphore::new(OPERATORS / 2)),
            settings: settings.clone(),
            unsent: Arc::default(),
            stop: CancellationToken::new(),
            give_up: CancellationToken::new(),
            draining: AtomicBool::new(false),
        })
    }

    /// No more connections; those that are there are closed when their turn is over.
    pub(super) fn drain(&self) {
        self.draining.store(true, Relaxed);
        self.stop.cancel();
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
}
