//! Vo as a library: compile programs, run them, look into them.
//!
//! ```
//! use vo::{Engine, RunOptions, Text};
//!
//! let engine = Engine::new();
//! let source = "package main\n\nfunc main() { print(\"hello\") }\n";
//! let program = engine.compile_text(&Text { name: "hello.vo", text: source.as_bytes() })?;
//! let run = program.run_captured(RunOptions::default());
//! assert_eq!((run.exit_code, run.stdout.as_slice()), (0, &b"hello"[..]));
//! # Ok::<(), vo::CompileError>(())
//! ```
//!
//! Errors are data; nothing here prints, exits or reads the environment. What a
//! program writes goes to the [`Host`] that its caller supplies.

/// The guide's programs are tested.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Guide;

mod driver;
mod embed;
mod engine;
mod host;
mod importer;
#[cfg(test)]
mod linking;
#[cfg(test)]
mod natives;
mod parallel;
mod suggest;
mod test_package;
mod workspace;

pub use driver::{CompileError, Diagnostics, Text};
pub use engine::{Captured, Engine, Program, RunOptions, Stdio};
pub use host::{
    HostAnswer, HostArguments, HostFunction, HostNumber, HostPackage, HostRequest, HostValue, Reply,
};
pub use test_package::TestPackage;
pub use vo_jit::{Options as CompilerOptions, Shown};
pub use vo_runtime::code::Thresholds;
pub use vo_syntax::diag::{Code, Diagnostic};
pub use vo_vm::{Config, End, Host, Limits, Running, Stopper, Stress};
pub use workspace::Project;
