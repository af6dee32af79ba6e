//! The subcommands, one file each, and what they share: showing errors.

pub mod build;
pub mod check;
mod diff;
pub mod disasm;
pub mod explain;
pub mod fmt;
pub mod run;

use std::io::IsTerminal;
use std::process::ExitCode;
use vo::CompileError;

/// `vo version`
pub fn version() -> ExitCode {
    println!("{}", crate::version_line());
    ExitCode::SUCCESS
}

/// Shows an error of the user's: with source lines and carets on a terminal.
pub fn fail(error: &CompileError) -> ExitCode {
    let terminal = std::io::stderr().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none();
    match error {
        CompileError::Source(diagnostics) => eprint!("{}", diagnostics.render(color, terminal)),
        CompileError::Input(message) => eprintln!("vo: {message}"),
    }
    ExitCode::from(1)
}

/// Shows another error of the user's.
pub fn fail_with(message: impl std::fmt::Display) -> ExitCode {
    eprintln!("vo: {message}");
    ExitCode::from(1)
}
