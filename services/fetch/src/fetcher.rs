//! The job from a URL to a page.

use crate::{
    FetchError, PageUrl, Settings, Step, UrlProblem, coding,
    connect::{Connection, Dialer, Sender},
    deadline::Deadline,
    dns::Dns,
    guard::{Guard, Refusal},
    media_type::{self, Declared},
    pool::{Origin, Pool, REUSED_FOR},
    response::{self, Answer},
};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Uri, Version,
    header::{ACCEPT, ACCEPT_ENCODING, HOST, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Incoming;
use links::Encoding;
use std::net::IpAddr;
use url::{Host, Position, Url};

/// A page as fetched.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it was found in the end, after redirects.
    pub url: Url,
    /// Its bytes, content codings undone.
    pub body: Bytes,
    /// The `charset` of its `Content-Type`, where it names an encoding.
    pub declared: Option<&'static Encoding>,
}

impl Page {
    /// Its encoding by the standard's algorithm. CPU work, linear in the body: keep it off async threads.
    pub fn encoding(&self) -> &'static Encoding {
        links::charset::encoding_of(&self.body, self.declared)
    }
}

/// Fetches pages within its limits. One a process: connections and limits are shared by all its jobs.
#[derive(Debug)]
pub struct Fetcher {
    guard: Guard,
    dns: Dns,
    dialer: Dialer,
    pool: Pool,
    user_agent: HeaderValue,
    settings: Settings,
}

/// What one request led to.
enum Hop {
    Page(Page),
    Redirect(PageUrl),
}

impl Fetcher {
    /// A fetcher that keeps to `settings`; an error names the setting that cannot be used.
    pub fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self {
            guard: Guard::new(&settings)?,
            dns: Dns::new(&settings)?,
            dialer: Dialer::new(&settings, REUSED_FOR + settings.timeout)?,
            pool: Pool::default(),
            user_agent: settings.user_agent.parse().map_err(|_| "fetch.user_agent: not a header value")?,
            settings,
        })
    }

    /// The page at `url`, by GET, redirects followed.
    pub async fn fetch(&self, url: &PageUrl) -> Result<Page, FetchError> {
        let deadline = Deadline::after(self.settings.timeout);
        let mut url = url.clone();
        for _ in 0..=self.settings.max_redirects {
            match self.hop(&url, deadline).await? {
                Hop::Page(page) => return Ok(page),
                Hop::Redirect(next) => url = next,
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    /// One request, its destination judged from the start.
    async fn hop(&self, url: &PageUrl, deadline: Deadline) -> Result<Hop, FetchError> {
        let refused = |refusal: Refusal| {
            tracing::info!(host = url.as_url().host_str(), %refusal, "destination refused");
            FetchError::Blocked
        };
        let to = self.guard.destination(url).map_err(refused)?;
        let addresses = match to.host {
            Host::Ipv4(ip) => vec![IpAddr::V4(ip)],
            Host::Ipv6(ip) => vec![IpAddr::V6(ip)],
            Host::Domain(name) => deadline.run(Step::Dns, self.dns.resolve(name, to.relative)).await??,
        };
        self.guard.addresses(&to, &addresses).map_err(refused)?;
        let host = match to.host {
            Host::Domain(name) => name.to_owned(),
            _ => addresses[0].to_string(),
        };
        let origin = Origin { https: url.as_url().scheme() == "https", host, port: to.port };

        let (response, connection) = self.exchange(url, &origin, &addresses, deadline).await?;
        let (head, body) = response.into_parts();
        let (codings, declared) = match response::classify(url, &head)? {
            Answer::Page { codings, declared } => (codings, declared),
            Answer::Empty => {
                self.pool.keep(origin, connection);
                return Ok(Hop::Page(Page { url: url.as_url().clone(), body: Bytes::new(), declared: None }));
            }
            Answer::Redirect(next) => {
                self.pool.keep(origin, connection);
                return Ok(Hop::Redirect(next));
            }
        };
        let limit = usize::try_from(self.settings.max_bytes.0).unwrap_or(usize::MAX);
        let wire = deadline.run(Step::Body, response::read(body, limit)).await??;
        self.pool.keep(origin, connection);
        let body = if codings.is_empty() {
            wire
        } else {
            let decode = tokio::task::spawn_blocking(move || coding::decode(&wire, &codings, limit));
            deadline.run(Step::Body, decode).await?.map_err(|_| FetchError::BadEncoding)??
        };
        let declared = match declared {
            Declared::Page(charset) => charset,
            _ if media_type::sniffs_as_page(&body) => None,
            _ => return Err(FetchError::NotHtml),
        };
        Ok(Hop::Page(Page { url: url.as_url().clone(), body: body.into(), declared }))
    }

    /// Sends the request on a kept connection, or else on a new one: a kept one may have been closed by the
    /// other side in the meantime, and GET may be repeated (RFC 9110, section 9.2.2).
    async fn exchange(
        &self,
        url: &PageUrl,
        origin: &Origin,
        addresses: &[IpAddr],
        deadline: Deadline,
    ) -> Result<(http::Response<Incoming>, Connection), FetchError> {
        if let Some(mut kept) = self.pool.take(origin, addresses)
            && let Ok(response) = self.send(url, &mut kept, deadline).await?
        {
            return Ok((response, kept));
        }
        let connect = self.dialer.connect(origin.https, &origin.host, origin.port, addresses);
        let within = deadline.within(self.settings.connect_timeout);
        let mut connection = within.run(Step::Connect, connect).await??;
        if let Some(shared) = connection.share() {
            self.pool.keep(origin.clone(), shared);
        }
        match self.send(url, &mut connection, deadline).await? {
            Ok(response) => Ok((response, connection)),
            Err(error) => {
                tracing::debug!(%error, "no valid answer");
                Err(FetchError::Connect)
            }
        }
    }

    async fn send(
        &self,
        url: &PageUrl,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<hyper::Result<http::Response<Incoming>>, FetchError> {
        let version = match connection.sender {
            Sender::H1(_) => Version::HTTP_11,
            Sender::H2(_) => Version::HTTP_2,
        };
        let request = self.request(url.as_url(), version)?;
        let answer = async {
            match &mut connection.sender {
                Sender::H1(sender) => sender.send_request(request).await,
                Sender::H2(sender) => sender.send_request(request).await,
            }
        };
        deadline.run(Step::Header, answer).await
    }

    /// The request for `url`: nothing in it comes from whoever asked but the URL.
    fn request(&self, url: &Url, version: Version) -> Result<Request<Empty<Bytes>>, FetchError> {
        const WRONG: FetchError = FetchError::InvalidUrl(UrlProblem::Syntax);
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let target = if version == Version::HTTP_2 { url.as_str() } else { &url[Position::BeforePath..] };
        let uri: Uri = target.parse().map_err(|_| WRONG)?;
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::GET;
        *request.version_mut() = version;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        if version != Version::HTTP_2 {
            headers.insert(HOST, authority.parse().map_err(|_| WRONG)?);
        }
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED));
        Ok(request)
    }
}
