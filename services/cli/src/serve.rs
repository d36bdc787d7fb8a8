//! `linkextractor serve`: the API and the web page in one process.

use crate::{
    args::{ConfigFiles, Serve},
    exit::Exit,
    note::note,
};
use kit::{ConfigError, Configuration, CpuPool, HostRule, Listeners, ServerSettings, config, logging};
use linkextractor_api::Api;
use linkextractor_web::Web;
use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr},
};
use tokio::sync::oneshot;
use url::Url;

/// The settings of both services.
struct ServeSettings {
    api: linkextractor_api::Settings,
    web: linkextractor_web::Settings,
    host_rule: Option<HostRule>,
}

/// Serves until a signal; prints the address to open.
pub fn run(args: &Serve) -> Exit {
    let settings = match load(args) {
        Ok(settings) => settings,
        Err(error) => return Exit::Usage.because(error),
    };
    // One process has one log: the API's settings apply.
    let _logs = match logging::init(&settings.api.log) {
        Ok(guard) => guard,
        Err(error) => return Exit::Usage.because(error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Failed.because(error),
    };
    let result = runtime.block_on(serve(settings));
    // Do not wait for a name lookup that blocks.
    runtime.shutdown_background();
    match result {
        Ok(()) => Exit::Done,
        Err(error) => Exit::Failed.because(error),
    }
}

/// Checks both configurations without serving.
pub fn check_config(files: ConfigFiles) -> Exit {
    let args =
        Serve { listen: None, api_listen: None, allow_private: false, allow_host: vec![], config: files };
    match load(&args) {
        Ok(settings) => {
            for warning in config::warnings(&settings.api).chain(config::warnings(&settings.web)) {
                note(format_args!("warning: {warning}"));
            }
            Exit::Done
        }
        Err(error) => Exit::Usage.because(error),
    }
}

/// The settings of each service from its file, its environment and the flags.
fn load(args: &Serve) -> Result<ServeSettings, ConfigError> {
    // The admin listeners are opened only when asked for.
    let defaults = vec![("admin.listen", "none".to_owned())];
    let flags = |listen: Option<SocketAddr>| listen.map(|listen| ("listen", listen.to_string()));
    let api = config::load_with(
        &defaults,
        args.config.api_config.as_deref(),
        &flags(args.api_listen).into_iter().collect(),
    )?;
    let web = config::load_with(
        &defaults,
        args.config.web_config.as_deref(),
        &flags(args.listen).into_iter().collect(),
    )?;
    // What private addresses answer must not be readable by web pages through DNS rebinding.
    let host_rule = args.allow_private.then(|| HostRule::new(&args.allow_host));
    let mut settings = ServeSettings { api, web, host_rule };
    settings.api.fetch.allow_private = args.allow_private;
    Ok(settings)
}

/// Binds both, prints the address, and serves. The web page needs the API, so it is stopped first.
async fn serve(ServeSettings { api, mut web, host_rule }: ServeSettings) -> Result<(), String> {
    let api_server = one_of_two(api.server(), host_rule.clone());
    let web_server = one_of_two(web.server(), host_rule);
    let api_listeners = Listeners::bind(&api_server).await.map_err(|error| error.to_string())?;
    let web_listeners = Listeners::bind(&web_server).await.map_err(|error| error.to_string())?;
    let api_address = api_listeners.address().map_err(|error| error.to_string())?;
    let web_address = web_listeners.address().map_err(|error| error.to_string())?;
    web.api_endpoint = own_endpoint(api_address)?;
    let mut api = api.listening_at(&api_listeners);
    api.fetch.own_addresses.push(web_address);
    let pool = CpuPool::per_processor().map_err(|error| error.to_string())?;
    let (api, web) = (Api::new(&api, &pool)?, Web::new(&web, pool)?);
    api.settled().await;
    // Serve even if nothing reads this.
    let _ = writeln!(io::stdout(), "Open {} (the API is at {})", shown(web_address), shown(api_address));

    let (web_is_done, wait_for_web) = oneshot::channel::<()>();
    let serve_web = async {
        let result = kit::serve(web, web_listeners, web_server, kit::shutdown::signal()).await;
        drop(web_is_done);
        result
    };
    let stop_api = async {
        let _ = wait_for_web.await;
    };
    let serve_api = kit::serve(api, api_listeners, api_server, stop_api);
    tokio::try_join!(serve_web, serve_api).map_err(|error| error.to_string())?;
    Ok(())
}

/// The settings of one of the two services in this process: each has half of the grace period, as one is stopped after the
/// other, and half of the file descriptors.
fn one_of_two(server: ServerSettings, host_rule: Option<HostRule>) -> ServerSettings {
    let mut server = ServerSettings { host_rule, services: 2, ..server };
    server.limits.grace /= 2;
    server
}

/// Where the web page of this process finds the API of this process.
fn own_endpoint(api: SocketAddr) -> Result<Url, String> {
    let host = match api.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    };
    let endpoint = format!("http://{}/api/", SocketAddr::new(host, api.port()));
    Url::parse(&endpoint).map_err(|error| format!("{endpoint}: {error}"))
}

/// An address as a person opens it in a browser on this machine.
fn shown(address: SocketAddr) -> String {
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
