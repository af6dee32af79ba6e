//! `vo vet`: mistakes that compile.

use crate::cli::{Check, Format};
use std::process::ExitCode;
use vo::{CompileError, Engine};

pub fn vet(options: &Check) -> ExitCode {
    let found = match Engine::new().vet(&options.package) {
        Ok(found) if found.list.is_empty() => return ExitCode::SUCCESS,
        Ok(found) | Err(CompileError::Source(found)) => found,
        Err(error) => return super::fail(&error),
    };
    match options.format {
        Format::Json => print!("{}", found.json()),
        Format::Text => super::show(&found),
    }
    ExitCode::from(1)
}
