//! The command line of a service: `serve` (the default), `check-config`, `healthcheck`.

use crate::{
    ConfigError, Configuration, Listeners, ServerSettings,
    allocator::configure_allocator,
    config::{self, SettingSource, SettingValues},
    healthcheck, logging, reload,
};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use figment::Figment;
use std::{
    fmt::Display,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};
use tokio::runtime::Runtime;

#[derive(Parser)]
struct Arguments {
    /// Read settings from this TOML file.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where to answer /live, /ready and /metrics; `none`: nowhere.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    admin_listen: Option<String>,
    /// What to log: error, warn, info, debug or trace.
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Any setting by its dotted key, as in `--set limits.grace=5s`.
    #[arg(long, global = true, value_name = "KEY=VALUE", action = ArgAction::Append, value_parser = pair)]
    set: Vec<(String, String)>,
    /// Print the settings that result, as TOML with secrets hidden, and exit.
    #[arg(long)]
    print_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests (the default)
    Serve,
    /// Check the settings and exit: 0 when they can be used, 2 otherwise
    CheckConfig,
    /// Ask the running service whether it is ready: exit 0 when it is, 1 otherwise
    Healthcheck {
        /// Ask whether it is alive instead
        #[arg(long)]
        live: bool,
    },
}

/// The exit status for wrong usage or an invalid configuration.
const USAGE: u8 = 2;

/// An exit status, and a message for standard error.
type Failure = (u8, String);

/// Runs a service's program: parses the arguments, loads the configuration, starts logs, binds, and hands over
/// to `run`, which builds the service and calls [`serve`](crate::serve).
///
/// Sockets may be inherited from a service manager; SIGHUP reloads the log level from the configuration. The exit status is
/// 0, 1 for a failure, or 2 for wrong usage or an invalid configuration.
pub fn run<C, F>(run: impl FnOnce(C, ServerSettings, Listeners) -> F) -> ExitCode
where
    C: Configuration,
    F: Future<Output = Result<(), String>>,
{
    let command = Arguments::command().name(C::NAME).about(C::ABOUT).version(env!("CARGO_PKG_VERSION"));
    let arguments = Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    if !arguments.print_config && matches!(arguments.command, Some(Command::Serve) | None) {
        configure_allocator();
    }
    let loaded = arguments.load().map_err(|error| (USAGE, error.to_string()));
    let result = loaded.and_then(|(settings, values): (C, _)| match arguments.command {
        _ if arguments.print_config => print(&settings),
        Some(Command::CheckConfig) => {
            for warning in config::warnings(&settings) {
                complain::<C>(format_args!("warning: {warning}"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Healthcheck { live }) => {
            healthcheck::ask(&settings.server(), live).map(|()| ExitCode::SUCCESS).map_err(|error| (1, error))
        }
        Some(Command::Serve) | None => serve(settings, values, &arguments, run),
    });
    result.unwrap_or_else(|(status, error)| {
        complain::<C>(error);
        ExitCode::from(status)
    })
}

fn complain<C: Configuration>(message: impl Display) {
    let _ = writeln!(io::stderr(), "{}: {message}", C::NAME);
}

fn print<C: Configuration>(settings: &C) -> Result<ExitCode, Failure> {
    let text = config::print(settings).map_err(|error| (1, error.to_string()))?;
    let written = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    written.map_err(|error| (1, format!("cannot write to standard output: {error}")))?;
    Ok(ExitCode::SUCCESS)
}

fn serve<C, F>(
    settings: C,
    values: SettingValues,
    arguments: &Arguments,
    run: impl FnOnce(C, ServerSettings, Listeners) -> F,
) -> Result<ExitCode, Failure>
where
    C: Configuration,
    F: Future<Output = Result<(), String>>,
{
    let server = settings.server();
    let _logs = logging::init(&server.log).map_err(|error| (USAGE, error))?;
    config::log_ignored_variables::<C>();
    let runtime = Runtime::new().map_err(|error| (1, format!("cannot start: {error}")))?;
    let result = runtime.block_on(async {
        let listeners = Listeners::bind(&server).await.map_err(|error| error.to_string())?;
        tokio::select! {
            result = run(settings, server, listeners) => result,
            () = reload::on_hangup(values, || arguments.load::<C>()) => {
                Err("cannot listen for SIGHUP".to_owned())
            }
        }
    });
    // The grace period of tasks that still run is over.
    runtime.shutdown_background();
    Ok(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "ended");
            ExitCode::FAILURE
        }
    })
}

impl Arguments {
    fn load<C: Configuration>(&self) -> Result<(C, SettingValues), ConfigError> {
        let named =
            [("listen", &self.listen), ("admin.listen", &self.admin_listen), ("log.level", &self.log_level)];
        let mut flags: Vec<SettingSource> =
            self.set.iter().map(|(key, value)| SettingSource::set(key, value)).collect();
        flags.extend(
            named.iter().filter_map(|(key, value)| Some(SettingSource::flag(key, value.as_deref()?))),
        );
        config::load_from(Figment::new(), self.config.as_deref(), std::env::vars_os(), flags)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    if key.split('.').any(str::is_empty) {
        return Err("expected a dotted KEY, as in limits.grace=5s".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}
