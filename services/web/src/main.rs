//! The program `linkextractor-web`.

use linkextractor_web::{Settings, Web};
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::command::run(async |settings: Settings, server, listeners| {
        let pool = kit::CpuPool::per_processor().map_err(|error| error.to_string())?;
        let web = Web::new(&settings, pool)?;
        kit::serve(web, listeners, server, kit::shutdown::signal()).await.map_err(|error| error.to_string())
    })
}
