//! The program `linkextractor-api`.

use linkextractor_api::{Api, ApiSettings};
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::command::run(async |settings: ApiSettings, server, listeners| {
        let pool = kit::CpuPool::per_processor().map_err(|error| error.to_string())?;
        let api = Api::new(&settings.listening_at(&listeners), &pool)?;
        api.settled().await;
        kit::serve(api, listeners, server, kit::shutdown::signal()).await.map_err(|error| error.to_string())
    })
}
