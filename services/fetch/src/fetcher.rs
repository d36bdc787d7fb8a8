//! Fetches a page: from its URL, across redirects, to its body.

use crate::{
    Cause, CauseKind, FetchError, FetchSettings, JobRecord, PageUrl, Phase, ProcessorTime,
    admission::{Admission, JobClient, JobPermit},
    body::BodyReader,
    budget::Budget,
    conditional::{KnownVersion, Validators},
    connect::PROXIED,
    cookies::CookieJar,
    deadline::JobDeadline,
    dns::Dns,
    exchange::{Exchange, OpenResponse},
    guard::{AddressRules, Guard},
    job_context::JobContext,
    media_type,
    pool::Origin,
    request_fields::RequestFields,
    response::{self, ResponseKind},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use kit::{CpuPool, Deadline};
use links::{Encoding, Syntax};
use std::{net::IpAddr, ops::ControlFlow, pin::Pin, sync::Arc};
use weburl::{Host, WebUrl};

/// A page as fetched.
#[derive(Clone, Debug)]
pub struct FetchedPage {
    /// Its URL after redirects.
    pub url: WebUrl,
    /// Its bytes, content codings decoded.
    pub body: Bytes,
    /// The encoding that the `charset` of its `Content-Type` names, if any.
    pub declared: Option<&'static Encoding>,
    /// HTML, or XHTML by its media type.
    pub syntax: Syntax,
    /// What its header says about its version; not read by [`Fetcher::fetch_with`].
    pub validators: Validators,
    /// The processor time that decoding took. Extraction counts against the same limit.
    pub processor_time: ProcessorTime,
    /// When the job must end. Extraction is a part of it.
    pub deadline: Deadline,
}

/// The outcome of a request that may be conditional.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// A page.
    Page(FetchedPage),
    /// The version that the caller knows is still the current one; the validators that the response has sent.
    NotModified(Validators),
}

/// Why a page could not be fetched, with what is known of the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchFailure {
    /// The error.
    pub error: FetchError,
    /// The cause in a few words, if they say more than the error: `connection refused`. May hold dates, no addresses.
    pub cause: Option<String>,
}

/// A page to come.
pub type PageFuture<'a> = Pin<Box<dyn Future<Output = Result<FetchedPage, FetchFailure>> + Send + 'a>>;

impl Fetched {
    /// The page; without a known version, nothing else can come.
    fn page(self) -> Result<FetchedPage, FetchError> {
        match self {
            Self::Page(page) => Ok(page),
            Self::NotModified(_) => Err(FetchError::UpstreamStatus { status: 304, retry_after: None }),
        }
    }
}

/// A job's state, across its hops.
struct JobState {
    client: JobClient,
    permit: Option<JobPermit>,
    context: JobContext,
    cookies: CookieJar,
}

/// Fetches pages within its limits. Use one in a process: its jobs share connections and limits.
pub struct Fetcher {
    guard: Arc<Guard>,
    dns: Dns,
    pub(crate) admission: Admission,
    pub(crate) exchange: Exchange,
    pub(crate) budget: Budget,
    pool: CpuPool,
    pub(crate) settings: FetchSettings,
}

impl Fetcher {
    /// A fetcher with `settings` that decodes on `pool`; an error names the setting that cannot be used.
    pub fn new(settings: FetchSettings, pool: CpuPool) -> Result<Self, String> {
        for (key, value) in
            [("max_jobs", settings.max_jobs), ("max_jobs_per_host", settings.max_jobs_per_host)]
        {
            if value == 0 {
                return Err(format!("fetch.{key}: found 0; expected at least 1"));
            }
        }
        Ok(Self {
            guard: Arc::new(Guard::new(&settings)?),
            dns: Dns::new(&settings)?,
            admission: Admission::new(&settings),
            exchange: Exchange::new(&settings)?,
            budget: Budget::new(&settings),
            pool,
            settings,
        })
    }

    /// Fetches the page at `url`, following redirects.
    pub async fn fetch(&self, url: &PageUrl) -> Result<FetchedPage, FetchError> {
        self.fetch_unless_known(url, None, JobClient::own()).await.0.and_then(Fetched::page)
    }

    /// Fetches the page at `url` for `client`, following redirects, unless it is still the `known` version; also says what
    /// the job went through.
    pub async fn fetch_unless_known(
        &self,
        url: &PageUrl,
        known: Option<KnownVersion<'_>>,
        client: JobClient,
    ) -> (Result<Fetched, FetchError>, JobRecord) {
        self.job(url, RequestFields { known, ..RequestFields::default() }, client).await
    }

    /// As [`fetch`](Self::fetch), for a client that acts for its own user: `headers` are added to the requests to the
    /// origin of `url`, and to no others. In a box, so that it is compiled here, not among the functions of the client.
    pub fn fetch_with<'a>(&'a self, url: &'a PageUrl, headers: &'a HeaderMap) -> PageFuture<'a> {
        Box::pin(async move {
            let fields = RequestFields { user: Some((headers, url.as_url())), ..RequestFields::default() };
            let (result, record) = self.job(url, fields, JobClient::own()).await;
            result
                .and_then(Fetched::page)
                .map_err(|error| FetchFailure { error, cause: record.cause.map(|cause| cause.text) })
        })
    }

    async fn job(
        &self,
        url: &PageUrl,
        fields: RequestFields<'_>,
        client: JobClient,
    ) -> (Result<Fetched, FetchError>, JobRecord) {
        let context = JobContext::begin(&self.settings, client.key);
        let mut job = JobState { client, permit: None, context, cookies: CookieJar::default() };
        let result = self.follow(url, fields, &mut job).await;
        job.context.end(result)
    }

    /// A permit for a job of `client` that fetches nothing, such as work on a page that the client has sent. Such jobs
    /// count as jobs at one host, and wait until `deadline` at most.
    pub async fn admit(&self, client: JobClient, deadline: Deadline) -> Result<JobPermit, FetchError> {
        // No host has this name.
        Ok(self.admission.enter(&client, "", JobDeadline(deadline)).await?)
    }

    async fn follow(
        &self,
        url: &PageUrl,
        fields: RequestFields<'_>,
        job: &mut JobState,
    ) -> Result<Fetched, FetchError> {
        let mut url = url.clone();
        for _ in 0..=self.settings.max_redirects {
            match Box::pin(self.hop(&url, fields, job)).await? {
                ControlFlow::Break(fetched) => return Ok(fetched),
                ControlFlow::Continue(next) => url = next,
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Sends one request, after all checks of its destination, and gives the page or the target of a redirect.
    async fn hop(
        &self,
        url: &PageUrl,
        fields: RequestFields<'_>,
        job: &mut JobState,
    ) -> Result<ControlFlow<Fetched, PageUrl>, FetchError> {
        job.context.record.begin_hop(url.as_url());
        let refused = |record: &mut JobRecord, refusal: String| {
            record.cause = Some(Cause::new(CauseKind::Guard, refusal));
            FetchError::Blocked
        };
        let destination = self.guard.destination(url);
        let to = destination.map_err(|refusal| refused(&mut job.context.record, refusal))?;
        let host: Arc<str> = to.name.into();
        let waits_until = job.context.deadline;
        let is_first = job.permit.is_none();
        let admitted = match job.permit.take() {
            Some(permit) => self.admission.move_to(permit, Arc::clone(&host), waits_until).await,
            None => self.admission.enter(&job.client, Arc::clone(&host), waits_until).await,
        };
        job.permit = Some(admitted.inspect_err(|error| job.context.record.cause = Some(error.cause()))?);
        if is_first && job.client.always_waits() {
            job.context.restart(self.settings.timeout);
        }
        let deadline = job.context.deadline;
        let origin = Origin { https: url.as_url().scheme() == "https", host, port: to.rules.port };
        let addresses = match to.host {
            _ if self.exchange.is_proxied(&origin) => vec![PROXIED],
            Host::Ipv4(ip) => vec![IpAddr::V4(ip)],
            Host::Ipv6(ip) => vec![IpAddr::V6(ip)],
            Host::Domain(name) => {
                let record = &mut job.context.record;
                record.enter(Phase::Dns);
                Box::pin(self.dns.resolve(name, to.relative, deadline.0, record)).await?
            }
        };
        let checked = self.check(to.rules, &addresses, &mut job.context).await?;
        checked.map_err(|refusal| refused(&mut job.context.record, refusal))?;

        let known = fields.known.filter(|known| known.is_at(url.as_url()));
        let cookies = job.cookies.header(url.as_url());
        let fields = RequestFields { known, cookies: cookies.as_ref(), ..fields };
        let context = &mut job.context;
        let get = self.exchange.get(url.as_url(), fields, &origin, &addresses, context);
        let OpenResponse { response, mut connection, mut open } = get.await?;
        let (head, body) = response.into_parts();
        // A user's own client keeps no versions.
        let validators =
            if fields.user.is_none() { Validators::of(&head.headers) } else { Validators::default() };
        if known.is_some() && head.status == StatusCode::NOT_MODIFIED {
            drop(open);
            context.run(Phase::Body, connection.ready()).await?;
            self.exchange.keep(origin, connection);
            return Ok(ControlFlow::Break(Fetched::NotModified(validators)));
        }
        let page = |body, syntax, declared, processor_time| {
            let url = url.as_url().clone();
            let page =
                FetchedPage { url, body, declared, syntax, validators, processor_time, deadline: deadline.0 };
            ControlFlow::Break(Fetched::Page(page))
        };
        let mut is_reusable = true;
        let hop = match response::classify(url, &head)? {
            ResponseKind::Redirect(next) => {
                job.cookies.store(url.as_url(), &head.headers);
                Ok(ControlFlow::Continue(next))
            }
            ResponseKind::Empty => Ok(page(Bytes::new(), Syntax::Html, None, ProcessorTime::default())),
            ResponseKind::Page { codings, is_known, declared, framing } => {
                let limit = usize::try_from(self.settings.max_bytes.0).unwrap_or(usize::MAX);
                let (budget, pool) = (&self.budget, &self.pool);
                let open = &mut open;
                context.record.enter(Phase::Body);
                context.record.codings = codings.iter().map(|coding| coding.name()).collect();
                let reader = BodyReader {
                    body,
                    budget,
                    pool,
                    limit,
                    job: context,
                    received: 0,
                    framing,
                    is_cut: false,
                    open,
                };
                let (body, time) = reader.read(&codings).await?;
                job.context.record.decoded_bytes = Some(body.len() as u64);
                if !is_known && !media_type::is_text(&body) {
                    return Err(FetchError::BadEncoding);
                }
                is_reusable = !framing.is_ambiguous;
                let found = media_type::page(declared, &body).ok_or(FetchError::NotHtml);
                found.map(|(syntax, charset)| page(body, syntax, charset, time))
            }
        };
        drop(open);
        if is_reusable {
            self.exchange.keep(origin, connection);
        }
        hop
    }

    /// Checks a destination's addresses, off the async threads if that asks the system.
    async fn check(
        &self,
        rules: AddressRules,
        addresses: &[IpAddr],
        job: &mut JobContext,
    ) -> Result<Result<(), String>, FetchError> {
        if !self.guard.asks_system(rules.port) {
            return Ok(self.guard.addresses(rules, addresses));
        }
        let (guard, addresses) = (Arc::clone(&self.guard), addresses.to_vec());
        let check = self.pool.run(move || guard.addresses(rules, &addresses));
        job.wait(check).await?.ok_or(FetchError::Blocked)
    }
}

#[cfg(test)]
mod tests;
