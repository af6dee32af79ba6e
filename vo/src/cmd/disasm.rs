//! `vo disasm`: the bytecode of a program or of one function.

use crate::cli::Disasm;
use std::io::Write;
use std::process::ExitCode;
use vo::Engine;

pub fn disasm(options: &Disasm) -> ExitCode {
    let program = match Engine::new().load(&options.program) {
        Ok(program) => program,
        Err(error) => return super::fail(&error),
    };
    let text = match &options.function {
        None => program.disassemble(),
        Some(name) => match program.disassemble_function(name) {
            Some(text) => text,
            None => {
                return super::fail_with(format!("no function {name} (names are as in traces: main.main)"));
            }
        },
    };
    // A reader that has seen enough closes the pipe; that is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
