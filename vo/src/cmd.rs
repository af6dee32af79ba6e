//! The subcommands, one file each, and what they share: showing errors.

pub mod build;
pub mod check;
mod diff;
pub mod disasm;
pub mod explain;
pub mod fmt;
pub mod lsp;
pub mod run;
pub mod test;
pub mod vet;

use std::io::IsTerminal;
use std::process::ExitCode;
use vo::{CompileError, Diagnostics};

/// `vo version`
pub fn version() -> ExitCode {
    println!("{}", crate::version_line());
    ExitCode::SUCCESS
}

/// Shows errors or warnings on standard error: with source lines and carets on a terminal.
pub fn show(diagnostics: &Diagnostics) {
    let terminal = std::io::stderr().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none();
    eprint!("{}", diagnostics.render(color, terminal));
}

/// Shows an error of the user's: with source lines and carets on a terminal.
pub fn fail(error: &CompileError) -> ExitCode {
    match error {
        CompileError::Source(diagnostics) => show(diagnostics),
        CompileError::Input(message) => eprintln!("vo: {message}"),
    }
    ExitCode::from(1)
}

/// Shows another error of the user's.
pub fn fail_with(message: impl std::fmt::Display) -> ExitCode {
    eprintln!("vo: {message}");
    ExitCode::from(1)
}
