//! The state that all requests share, and the request to the API behind each page of links.

use crate::{
    api::{ApiClient, ApiResponse, Caller},
    assets::Assets,
    error::{WebError, WebErrorKind},
    metrics::WebMetrics,
    page_query::PageQuery,
    public_api::PublicApi,
    settings::WebSettings,
    templates::Templates,
};
use kit::{ByteBudget, ClientKey, ClientParts, Compressor, Configuration, CpuPool, RequestId};
use std::{sync::Arc, time::Instant};
use tokio::sync::Semaphore;
use tracing::info;

/// Bytes of long work, which takes several times as much memory.
const LONG: usize = 256 << 10;
/// Links to other views that a page has, about, besides a long list of domains; all of them hold the query.
const VIEWS: usize = 40;

/// The shared state.
#[derive(Debug)]
pub(crate) struct WebState {
    pub(crate) templates: Templates,
    pub(crate) assets: Assets,
    pub(crate) page_size: usize,
    pub(crate) suggest_allow_private: bool,
    pub(crate) metrics: WebMetrics,
    pub(crate) api: ApiClient,
    pub(crate) public_api: Option<PublicApi>,
    pub(crate) pool: CpuPool,
    pub(crate) compressor: Compressor,
    /// The memory of links that are sent after their page's frame, until their clients have read them. It is larger than what
    /// the server has for all such responses, so that the server can cut off clients before it is used up.
    pub(crate) late_links: ByteBudget,
    /// One permit: long responses are processed one at a time, and leave threads to short ones.
    long_responses: Arc<Semaphore>,
    /// One permit for each client: clients take turns, as each has one long response in that queue.
    long_of_client: ClientParts,
}

impl WebState {
    pub(crate) fn new(settings: &WebSettings, pool: CpuPool) -> Result<Self, String> {
        let templates_dir = settings.templates_dir.as_deref();
        let (send_queue, memory) = (settings.server().send_queue, settings.limits.memory.as_u64());
        Ok(Self {
            templates: Templates::new(templates_dir)?,
            assets: Assets::new(templates_dir),
            page_size: settings.page_size,
            suggest_allow_private: settings.suggest_allow_private,
            metrics: WebMetrics::default(),
            api: ApiClient::new(settings)?,
            public_api: settings.api_public_url.as_ref().map(PublicApi::new),
            compressor: Compressor::new(&pool, memory / 32),
            pool,
            late_links: ByteBudget::new(send_queue + memory / 16),
            long_responses: Arc::new(Semaphore::new(1)),
            long_of_client: ClientParts::new(1),
        })
    }

    /// Adds the metrics of all parts.
    pub(crate) fn register(&self, metrics: &mut kit::Metrics) {
        self.metrics.register(metrics);
        metrics.budget("api_responses", self.api.budget());
        metrics.budget("late_links", &self.late_links);
        self.compressor.register(metrics);
        let help = "Long answers of the API that are being processed";
        metrics.permits("web_long_responses", help, &self.long_responses, 1);
        self.pool.register(metrics);
    }

    /// Requests the links of `query` from the API and runs `process` on the response, on the CPU pool. The outcome is
    /// counted and logged here, because the status of a page sent in two parts does not show it.
    pub(crate) async fn process<T: Send + 'static>(
        self: Arc<Self>,
        query: PageQuery,
        caller: Caller,
        process: impl FnOnce(&Self, &PageQuery, &ApiResponse) -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let result: Result<T, WebError> = async {
            let start = Instant::now();
            let response = self.api.links(&query.url, query.fresh, &caller).await;
            self.metrics.api_took(start.elapsed());
            let response = response?;
            let (state, length) = (Arc::clone(&self), response.length() + VIEWS * query.length);
            let span = caller.trace.child("template");
            let work = move || {
                let _span = span;
                process(&state, &query, &response)
            };
            self.run(length, caller.key(), work).await
        }
        .await;
        let code = result.as_ref().map_or_else(|error| error.kind.code(), |_| "ok");
        self.metrics.count(code);
        if let Err(WebError { cause, .. }) = &result {
            info!(request_id = caller.id.as_ref().map(RequestId::as_str), code, cause, "no links");
        }
        result
    }

    /// Runs `job` for `client`, which processes and writes about `length` bytes: at once if they are few, otherwise on the
    /// CPU pool.
    async fn run<T: Send + 'static>(
        &self,
        length: usize,
        client: Option<ClientKey>,
        job: impl FnOnce() -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let mut permits = Vec::new();
        if length > LONG {
            let of_client = client.map(|client| self.long_of_client.of(client));
            for semaphore in of_client.into_iter().chain([Arc::clone(&self.long_responses)]) {
                permits.push(semaphore.acquire_owned().await);
            }
        }
        // The job owns the permits, because it goes on when its caller is cancelled.
        let run = move || {
            let _permits = permits;
            job()
        };
        let panicked = || Err(WebError::with_cause(WebErrorKind::Internal, "a job panicked"));
        self.pool.run_sized(length, run).await.unwrap_or_else(panicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, future::join_all};
    use kit::Client;
    use std::{
        net::Ipv4Addr,
        pin::pin,
        sync::{
            Mutex,
            atomic::{AtomicBool, Ordering::SeqCst},
            mpsc,
        },
    };
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_long_response_delays_other_long_ones_until_its_job_ends_and_no_short_ones() {
        let state = Arc::new(WebState::new(&WebSettings::default(), CpuPool::new(2).unwrap()).unwrap());
        let (signal, running) = oneshot::channel();
        let (finish, gate) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let state = Arc::clone(&state);
            let job = move || {
                signal.send(()).unwrap();
                Ok(gate.recv().is_ok())
            };
            async move { state.run(LONG + 1, None, job).await }
        });
        running.await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());

        let started = Arc::new(AtomicBool::new(false));
        let second_started = Arc::clone(&started);
        let mut second = pin!(state.run(LONG + 1, None, move || {
            second_started.store(true, SeqCst);
            Ok(())
        }));
        assert!((&mut second).now_or_never().is_none());
        // The pool has one free thread and runs jobs in order, so a queued second job would run before this one.
        assert_eq!(state.run(LONG, None, || Ok(1)).await, Ok(1));
        assert!(!started.load(SeqCst));
        drop(finish);
        assert_eq!(second.await, Ok(()));
    }

    #[tokio::test]
    async fn clients_with_long_responses_take_turns() {
        let state = WebState::new(&WebSettings::default(), CpuPool::new(1).unwrap()).unwrap();
        let client = |number: u32| Some(Client::new(Ipv4Addr::from_bits(number).into()).key());
        let done = Arc::new(Mutex::new(Vec::new()));
        let job = |name: &'static str| {
            let done = Arc::clone(&done);
            move || {
                done.lock().unwrap().push(name);
                Ok(())
            }
        };
        let running = Arc::clone(&state.long_responses).acquire_owned().await.unwrap();
        let mut jobs: Vec<_> = [(1, "one"), (1, "two"), (1, "three"), (2, "other")]
            .map(|(number, name)| Box::pin(state.run(LONG + 1, client(number), job(name))))
            .into();
        for job in &mut jobs {
            assert!(job.now_or_never().is_none());
        }
        drop(running);
        join_all(jobs).await;
        assert_eq!(*done.lock().unwrap(), ["one", "other", "two", "three"]);
    }

    #[tokio::test]
    async fn a_job_that_panics_is_an_internal_error() {
        let state = WebState::new(&WebSettings::default(), CpuPool::new(1).unwrap()).unwrap();
        let result = state.run(LONG, None, || -> Result<(), WebError> { panic!("on purpose") }).await;
        assert_eq!(result.unwrap_err().kind, WebErrorKind::Internal);
    }
}
