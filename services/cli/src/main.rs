//! The program `linkextractor`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
