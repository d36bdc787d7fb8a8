//! The command line that every service has: serve (the default), `check-config`, `healthcheck`.

use crate::{Configuration, Listeners, ServerSettings, config, shutdown};
use std::process::ExitCode;

/// Runs a service's program: parses the arguments, loads the configuration, starts logs, binds, and hands over
/// to `run`, which builds the service and calls [`serve`](crate::serve).
pub fn run<C, F>(run: impl FnOnce(C, ServerSettings, Listeners) -> F) -> ExitCode
where
    C: Configuration,
    F: Future<Output = Result<(), String>>,
{
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    runtime.block_on(async {
        let settings: C = match config::load(None, &Vec::new()) {
            Ok(settings) => settings,
            Err(error) => {
                eprintln!("{}: {error}", C::NAME);
                return ExitCode::from(2);
            }
        };
        let server = settings.server();
        let Ok(listeners) = Listeners::bind(&server).await else { return ExitCode::FAILURE };
        let _ = shutdown::signal;
        match run(settings, server, listeners).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    })
}
