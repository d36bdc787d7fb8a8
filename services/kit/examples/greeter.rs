//! A program on the kit, as small as they get; the tests run it where they need a process.

#[path = "../tests/common/service.rs"]
mod service;

use service::{Settings, Test};
use std::process::ExitCode;

fn main() -> ExitCode {
    kit::command::run(async |_: Settings, server, listeners| {
        kit::serve(Test::default(), listeners, server, kit::shutdown::signal())
            .await
            .map_err(|error| error.to_string())
    })
}
