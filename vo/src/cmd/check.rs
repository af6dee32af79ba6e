//! `vo check`: every error of a package, and nothing else.

use crate::cli::{Check, Format};
use std::process::ExitCode;
use vo::{CompileError, Engine};

pub fn check(options: &Check) -> ExitCode {
    match Engine::for_one_program().check(&options.package) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CompileError::Source(diagnostics)) if options.format == Format::Json => {
            print!("{}", diagnostics.json());
            ExitCode::from(1)
        }
        Err(error) => super::fail(&error),
    }
}
