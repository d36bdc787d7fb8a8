//! `linkextractor serve`: the API and the web page in one process.

use crate::{
    args::{ConfigFiles, Serve},
    exit::Exit,
    note::note,
};
use kit::{ConfigError, Configuration, CpuPool, Listeners, config, logging};
use linkextractor_api::Api;
use linkextractor_web::Web;
use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr},
};
use tokio::sync::oneshot;
use url::Url;

/// The settings of both services.
struct Settings {
    api: linkextractor_api::ApiSettings,
    web: linkextractor_web::Settings,
}

/// Serves until a signal; prints the address to open.
pub fn run(args: &Serve) -> Exit {
    let settings = match load(args) {
        Ok(settings) => settings,
        Err(error) => return failed(&error.to_string(), Exit::Usage),
    };
    // One process, one log: the API's settings are the ones that count.
    let _logs = match logging::init(&settings.api.log) {
        Ok(guard) => guard,
        Err(error) => return failed(&error, Exit::Usage),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(serve(settings))) {
        Ok(()) => Exit::Done,
        Err(error) => failed(&error, Exit::Failed),
    }
}

/// Checks both configurations without serving.
pub fn check_config(files: ConfigFiles) -> Exit {
    match load(&Serve { listen: None, api_listen: None, allow_private: false, config: files }) {
        Ok(settings) => {
            for warning in config::warnings(&settings.api).chain(config::warnings(&settings.web)) {
                note(format_args!("warning: {warning}"));
            }
            Exit::Done
        }
        Err(error) => failed(&error.to_string(), Exit::Usage),
    }
}

/// The settings of each service from its file, its environment and the flags.
fn load(args: &Serve) -> Result<Settings, ConfigError> {
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
    let mut settings = Settings { api, web };
    settings.api.fetch.allow_private = args.allow_private;
    Ok(settings)
}

/// Binds both, tells where, and serves. The web page needs the API, so it is stopped first; each has half of the
/// grace, so that together they keep to it.
async fn serve(Settings { api, mut web }: Settings) -> Result<(), String> {
    let (mut api_server, mut web_server) = (api.server(), web.server());
    api_server.limits.grace /= 2;
    web_server.limits.grace /= 2;
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
    // Nobody may be reading: no reason not to serve.
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

fn failed(error: &str, exit: Exit) -> Exit {
    note(error);
    exit
}
