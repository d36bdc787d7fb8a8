//! The command line that every service has: serve (the default), `check-config`, `healthcheck`.

use crate::{
    ConfigError, Configuration, Listeners, ServerSettings,
    config::{self, Source},
    healthcheck, logging, reload,
};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

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

/// Exit status for a command line or configuration that cannot be used.
const USAGE: u8 = 2;

/// Runs a service's program: parses the arguments, loads the configuration, starts logs, binds, and hands over
/// to `run`, which builds the service and calls [`serve`](crate::serve).
///
/// Sockets may be inherited from a service manager, which is notified when the service is ready; the soft limit of open
/// files is raised; SIGHUP reads the configuration again for its log level. The exit status is 0, 1 for what failed, and
/// 2 for a command line or configuration that cannot be used.
pub fn run<C, F>(run: impl FnOnce(C, ServerSettings, Listeners) -> F) -> ExitCode
where
    C: Configuration,
    F: Future<Output = Result<(), String>>,
{
    let command = Arguments::command().name(C::NAME).about(C::ABOUT).version(env!("CARGO_PKG_VERSION"));
    let arguments = Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    let settings: C = match arguments.load() {
        Ok(settings) => settings,
        Err(error) => return fail::<C>(USAGE, &error.to_string()),
    };
    if arguments.print_config {
        return match config::print(&settings) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => fail::<C>(1, &error.to_string()),
        };
    }
    match arguments.command.as_ref().unwrap_or(&Command::Serve) {
        // What was loaded has been checked.
        Command::CheckConfig => {
            for warning in config::warnings(&settings) {
                eprintln!("{}: warning: {warning}", C::NAME);
            }
            ExitCode::SUCCESS
        }
        Command::Healthcheck { live } => match healthcheck::ask(&settings.server(), *live) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail::<C>(1, &error),
        },
        Command::Serve => serve(settings, &arguments, run),
    }
}

fn serve<C, F>(
    settings: C,
    arguments: &Arguments,
    run: impl FnOnce(C, ServerSettings, Listeners) -> F,
) -> ExitCode
where
    C: Configuration,
    F: Future<Output = Result<(), String>>,
{
    let server = settings.server();
    let _logs = match logging::init(&server.log) {
        Ok(guard) => guard,
        Err(error) => return fail::<C>(USAGE, &error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail::<C>(1, &format!("cannot start: {error}")),
    };
    let result = runtime.block_on(async {
        let listeners = Listeners::bind(&server).await.map_err(|error| error.to_string())?;
        tokio::select! {
            result = run(settings, server, listeners) => result,
            () = reload::on_hangup(|| arguments.load::<C>().map(|settings| settings.server())) => {
                Err("cannot listen for SIGHUP".to_owned())
            }
        }
    });
    // What is still running has had its grace.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "ended");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn load<C: Configuration>(&self) -> Result<C, ConfigError> {
        let named =
            [("listen", &self.listen), ("admin.listen", &self.admin_listen), ("log.level", &self.log_level)];
        let mut flags: Vec<Source> = self.set.iter().map(|(key, value)| Source::set(key, value)).collect();
        flags.extend(named.iter().filter_map(|(key, value)| Some(Source::flag(key, value.as_deref()?))));
        config::load_from(figment::Figment::new(), self.config.as_deref(), std::env::vars_os(), flags)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    if key.split('.').any(str::is_empty) {
        return Err("expected a dotted KEY, as in limits.grace=5s".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

fn fail<C: Configuration>(status: u8, error: &str) -> ExitCode {
    eprintln!("{}: {error}", C::NAME);
    ExitCode::from(status)
}
