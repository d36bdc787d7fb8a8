//! The program `linkextractor-web`.

use linkextractor_web::{Web, WebSettings};
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::command::run(async |settings: WebSettings, server, listeners| {
        let pool = kit::CpuPool::per_processor().map_err(|error| error.to_string())?;
        let web = Web::new(&settings, pool)?;
        kit::serve(web, listeners, server, kit::shutdown::signal()).await.map_err(|error| error.to_string())
    })
}
