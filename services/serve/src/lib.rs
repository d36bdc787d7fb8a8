//! The API and the web page in one process.
//!
//! Promises: what each of the two is by itself; the web page asks the API of this process.
//! Does not know: the command line, terminals.
//!
//! A crate of its own, so that its servers are not compiled among the functions of the command line: those that a list of
//! pages needs lie close together, and take less memory.

mod options;

pub use options::ServeOptions;

use bytesize::ByteSize;
use futures_util::{FutureExt, future::LocalBoxFuture};
use kit::{
    ConfigError, Configuration, CpuPool, HostRule, Limits, Listeners, ServerSettings, SpanPipeline, config,
    logging,
};
use linkextractor_api::{Api, ApiSettings};
use linkextractor_web::{Web, WebSettings};
use std::{
    error::Error,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
};
use tokio::sync::oneshot;
use url::Url;

/// The settings of both services.
pub struct ServeSettings {
    api: ApiSettings,
    web: WebSettings,
    host_rule: Option<HostRule>,
}

impl ServeSettings {
    /// The settings of each service from its file, its environment and the options.
    pub fn load(options: &ServeOptions) -> Result<Self, ConfigError> {
        let [api_memory, web_memory] = memory();
        // The admin listeners are opened only when asked for.
        let defaults =
            |memory: u64| vec![("admin.listen", "none".to_owned()), ("limits.memory", memory.to_string())];
        let flags =
            |listen: Option<SocketAddr>| Vec::from_iter(listen.map(|listen| ("listen", listen.to_string())));
        let ServeOptions { api_config, web_config, .. } = options;
        let api =
            config::load_with(&defaults(api_memory), api_config.as_deref(), &flags(options.api_listen))?;
        let web = config::load_with(&defaults(web_memory), web_config.as_deref(), &flags(options.listen))?;
        // What private addresses answer must not be readable by web pages through DNS rebinding.
        let host_rule = options.allow_private.then(|| HostRule::new(&options.allow_host));
        let mut settings = ServeSettings { api, web, host_rule };
        // One process has one collector, too.
        settings.web.tracing = settings.api.tracing.clone();
        settings.api.fetch.allow_private = options.allow_private;
        settings.web.suggest_allow_private = !options.allow_private;
        Ok(settings)
    }

    /// What is doubtful in them, though it can be used.
    pub fn warnings(&self) -> Vec<ConfigError> {
        config::warnings(&self.api).chain(config::warnings(&self.web)).collect()
    }

    /// Logs to `log`, for a person, until the result is dropped. One process has one log: the API's settings apply.
    pub fn init_log(&self, log: Box<dyn Write + Send>) -> Result<impl Sized + use<>, String> {
        let guard = logging::init_for_a_person(&self.api.log.server(), log)?;
        config::log_ignored_variables::<ApiSettings>();
        config::log_ignored_variables::<WebSettings>();
        Ok(guard)
    }

    /// Serves until a signal; prints the address to open, and shows the line that is to stay in sight.
    pub fn serve(self, show: &dyn Fn(String)) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
        Box::pin(serve(self, show))
    }
}

/// The default of `limits.memory` in bytes for the API and for the web page: less where the control group of the process
/// allows less for both together.
fn memory() -> [u64; 2] {
    let limits = [ApiSettings::default().limits, WebSettings::default().limits];
    let wanted = limits.each_ref().map(|limits| limits.memory.as_u64());
    let both: u64 = wanted.iter().sum();
    let affordable = Limits { memory: ByteSize(both), ..limits[0].clone() }.within_cgroup().memory.as_u64();
    wanted.map(|bytes| bytes * affordable / both)
}

/// Binds both, prints the address, and serves. The web page needs the API, so it is stopped first.
async fn serve(
    ServeSettings { api, mut web, host_rule }: ServeSettings,
    show: &dyn Fn(String),
) -> Result<(), Box<dyn Error>> {
    let is_private_allowed = api.fetch.allow_private;
    let memory = api.limits.memory.as_u64() + web.limits.memory.as_u64();
    let mut api_server = one_of_two(api.server(), memory, host_rule.clone());
    let mut web_server = one_of_two(web.server(), memory, host_rule);
    let spans = SpanPipeline::new(&[api_server.name, web_server.name], &api_server.tracing)?;
    (api_server.spans, web_server.spans) = (spans.clone(), spans);
    let api_listeners = Listeners::bind(&api_server).await?;
    let web_listeners = Listeners::bind(&web_server).await?;
    let (api_address, web_address) = (api_listeners.address()?, web_listeners.address()?);
    let own_api = kit::reachable(api_address);
    web.api_endpoint = Url::parse(&format!("http://{own_api}/api/"))?;
    if web.api_public_url.is_none() {
        web.api_public_url = Some(Url::parse(&shown(api_address))?);
    }
    // The web page reports its clients from this address, or from the usual one of the loopback interface.
    let local = own_api.ip().is_ipv4() && own_api.ip().is_loopback();
    let addresses = [own_api.ip(), Ipv4Addr::LOCALHOST.into()];
    addresses.into_iter().take(1 + usize::from(local)).for_each(|ip| api_server.trusted_proxies.add(ip));
    let mut api = api.listening_at(&api_listeners);
    api.fetch.own_addresses.push(web_address);
    let pool = CpuPool::per_processor()?;
    let (api, web) = (Api::new(&api, &pool)?, Web::new(&web, pool)?);
    api.settled().await;
    // Serve even if nothing reads this.
    let (page, api_root) = (shown(web_address), shown(api_address));
    let _ = writeln!(io::stdout(), "Open {page} (the API is at {api_root})");
    if !is_private_allowed {
        let _ = writeln!(
            io::stdout(),
            "Private addresses are refused, such as localhost; --allow-private allows them"
        );
    }
    show(format!("Serving {page} and the API at {api_root}; Ctrl-C stops"));

    let (web_stopped, wait_for_web) = oneshot::channel::<()>();
    let serve_web = async {
        let result = kit::serve(web, web_listeners, web_server, kit::shutdown::signal()).await;
        drop(web_stopped);
        result
    };
    let serve_api = kit::serve(api, api_listeners, api_server, wait_for_web.map(drop));
    tokio::try_join!(serve_web, serve_api)?;
    Ok(())
}

/// The settings of one of the two services in this process, which have `memory` bytes together: each has half of the grace
/// period, as one is stopped after the other, and half of the file descriptors.
fn one_of_two(server: ServerSettings, memory: u64, host_rule: Option<HostRule>) -> ServerSettings {
    let mut server = ServerSettings { host_rule, services: 2, process_memory: memory, ..server };
    server.limits.grace /= 2;
    server
}

/// The URL of a service for a browser on this machine.
fn shown(address: SocketAddr) -> String {
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
