//! `vo check`: every error of a package, and nothing else.

use crate::cli::Check;
use std::process::ExitCode;
use vo::Engine;

pub fn check(options: &Check) -> ExitCode {
    match Engine::new().check(&options.package) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error),
    }
}
