//! `vo build`: a program as one .vob file.

use crate::cli::Build;
use std::process::ExitCode;
use vo::Engine;

pub fn build(options: &Build) -> ExitCode {
    let program = match Engine::for_one_program().compile(&options.package) {
        Ok(program) => program,
        Err(error) => return super::fail(&error),
    };
    // A file appears whole or not at all.
    let temporary = options.output.with_extension("vob.tmp");
    let written = std::fs::write(&temporary, program.to_vob())
        .and_then(|()| std::fs::rename(&temporary, &options.output));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::fs::remove_file(&temporary);
            super::fail_with(format!("{}: {error}", options.output.display()))
        }
    }
}
