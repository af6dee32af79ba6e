//! `vo disasm`: the bytecode of a program or of one function, or what the compiler makes of a function.

use crate::cli::Disasm;
use std::io::Write;
use std::process::ExitCode;
use vo::{Engine, Shown};

pub fn disasm(options: &Disasm) -> ExitCode {
    let program = match Engine::new().load(&options.program) {
        Ok(program) => program,
        Err(error) => return super::fail(&error),
    };
    let missing = |name: &str| format!("no function {name} (names are as in traces: main.main)");
    let text = match &options.function {
        None => Ok(program.disassemble()),
        Some(name) if options.clif || options.asm => {
            let shown = Shown { clif: options.clif, asm: options.asm };
            program.disassemble_native(name, shown).and_then(|text| text.ok_or_else(|| missing(name)))
        }
        Some(name) => program.disassemble_function(name).ok_or_else(|| missing(name)),
    };
    let text = match text {
        Ok(text) => text,
        Err(message) => return super::fail_with(message),
    };
    // A reader that has seen enough closes the pipe; that is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
