//! The fetcher with the user's settings, and the header fields that go to the targets' own origins.

mod credentials;
mod header;

pub use credentials::{printable, split as split_credentials};

use crate::{
    args::{FetchOptions, ListOptions},
    exit::Exit,
};
use bytesize::ByteSize;
use credentials::basic;
use fetch::{
    ClientSettings, FetchError, FetchFailure, FetchSettings, FetchedPage, Fetcher, PageUrl, UserProxies,
};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use kit::CpuPool;
use std::{env, sync::OnceLock, time::Duration};

/// The limits of a page, for requests and for messages.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    pub timeout: Duration,
    pub max_bytes: u64,
    pub max_redirects: u32,
    /// The most bytes of HTML that is not fetched: an endless pipe must not fill the memory.
    pub max_local_bytes: u64,
}

pub struct UserClient {
    settings: Box<dyn Fn() -> FetchSettings + Send + Sync>,
    pool: CpuPool,
    /// Made for the first page that is fetched: to read the system's certificates takes longer than many files.
    fetcher: OnceLock<Result<Fetcher, String>>,
    headers: HeaderMap,
    /// What `--user` gives, as a value of `Authorization`.
    user: Option<HeaderValue>,
    pub limits: PageLimits,
}

impl PageLimits {
    fn new(options: &FetchOptions) -> Self {
        Self {
            timeout: options.timeout.unwrap_or(Duration::from_secs(30)),
            max_bytes: options.max_bytes.unwrap_or(64_000_000),
            max_redirects: options.max_redirects.unwrap_or(10),
            max_local_bytes: options.max_bytes.unwrap_or(256 << 20),
        }
    }
}

impl UserClient {
    /// A client that decodes on `pool`. An option that cannot be used is wrong usage. So is a proxy of the environment, but
    /// only if it may be needed: if the client `may_fetch`.
    pub fn new(
        options: &FetchOptions,
        list: &ListOptions,
        pool: CpuPool,
        may_fetch: bool,
    ) -> Result<Self, Exit> {
        let limits = PageLimits::new(options);
        let headers = headers(options).map_err(|error| Exit::Usage.because(error))?;
        let proxies = proxies(options, may_fetch);
        let client = ClientSettings {
            proxies,
            certificates: options.cacert.clone(),
            insecure: options.insecure,
            ..ClientSettings::default()
        };
        let can_be_wrong = client != ClientSettings::default() || options.user_agent.is_some();
        let settings = Box::new(settings(options, list, limits, client));
        let user = options.user.as_ref().map(|user| basic(user.as_bytes()));
        let client = Self { settings, pool, fetcher: OnceLock::new(), headers, user, limits };
        if can_be_wrong && let Err(error) = client.fetcher() {
            return Err(Exit::Usage.because(named(error, options)));
        }
        Ok(client)
    }

    /// Fetches the page at `url`; `authorization` is what the target's URL held. A field of `--header` goes before it, as
    /// in `curl`.
    pub async fn fetch(
        &self,
        url: &PageUrl,
        authorization: Option<&HeaderValue>,
    ) -> Result<FetchedPage, FetchFailure> {
        let fetcher = self.fetcher().map_err(|error| {
            let cause = Some(error.to_owned());
            FetchFailure { error: FetchError::Connect, cause }
        })?;
        let of_header = self.headers.contains_key(AUTHORIZATION);
        let Some(authorization) = authorization.or(self.user.as_ref()).filter(|_| !of_header) else {
            return fetcher.fetch_with(url, &self.headers).await;
        };
        let mut headers = self.headers.clone();
        headers.insert(AUTHORIZATION, authorization.clone());
        fetcher.fetch_with(url, &headers).await
    }

    fn fetcher(&self) -> Result<&Fetcher, &str> {
        let new = || Fetcher::new((self.settings)(), self.pool.clone());
        self.fetcher.get_or_init(new).as_ref().map_err(String::as_str)
    }
}

/// An error with the names of the options, or of environment variables, in place of the fetcher's settings.
fn named(error: &str, options: &FetchOptions) -> String {
    let all = if options.proxy.is_some() { "--proxy" } else { "all_proxy" };
    let names = [
        ("client.certificates", "--cacert"),
        ("client.proxies.https", "https_proxy"),
        ("client.proxies.http", "http_proxy"),
        ("client.proxies.all", all),
        ("fetch.user_agent", "--user-agent"),
    ];
    names.into_iter().fold(error.to_owned(), |error, (setting, option)| error.replace(setting, option))
}

/// Makes the fetcher's settings.
fn settings(
    options: &FetchOptions,
    list: &ListOptions,
    limits: PageLimits,
    client: ClientSettings,
) -> impl Fn() -> FetchSettings + use<> {
    let (user_agent, max_jobs) = (options.user_agent.clone(), list.jobs.unwrap_or(256).into());
    let max_jobs_per_host = list.jobs_per_host.into();
    move || {
        let defaults = FetchSettings::default();
        FetchSettings {
            allow_private: true,
            client: ClientSettings { certificates_when_needed: true, ..client.clone() },
            timeout: limits.timeout,
            // The one time limit that a user sets is that of the page.
            connect_timeout: limits.timeout,
            dns_timeout: limits.timeout,
            max_bytes: ByteSize(limits.max_bytes),
            max_redirects: limits.max_redirects,
            user_agent: user_agent.clone().unwrap_or(defaults.user_agent),
            max_jobs,
            max_jobs_per_host,
            ..FetchSettings::default()
        }
    }
}

/// The proxies of `--proxy`, or those of the environment if they may be needed. An empty one is none, as in `curl`.
fn proxies(options: &FetchOptions, may_fetch: bool) -> UserProxies {
    let no_proxy = variable("no_proxy");
    match &options.proxy {
        Some(proxy) => UserProxies { all: proxy.clone(), no_proxy, ..UserProxies::default() },
        None if !may_fetch => UserProxies::default(),
        None => UserProxies {
            http: variable("http_proxy"),
            https: variable("https_proxy"),
            all: variable("all_proxy"),
            no_proxy,
        },
    }
}

/// An environment variable in lower case, or in upper case.
fn variable(name: &str) -> String {
    let value = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    value(name).or_else(|| value(&name.to_ascii_uppercase())).unwrap_or_default()
}

fn headers(options: &FetchOptions) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for field in &options.header {
        let (name, value) = header::parse(field).map_err(|error| format!("--header: {error}"))?;
        headers.append(name, value);
    }
    Ok(headers)
}
