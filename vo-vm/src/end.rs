//! How a run ends: an exit code, and what is to be said on standard error.
//!
//! Nothing in this crate prints or exits; the embedder does with an [`End`] what it likes.

use crate::stats::RunStats;
use std::fmt;

/// The end of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct End {
    /// 0 after `main` has returned, 2 after a panic or a fatal error, else what the program said.
    pub exit_code: i32,
    /// The report of a panic or a fatal error, as Go prints it; empty where there is nothing to say.
    pub report: String,
    /// What the run has done.
    pub stats: RunStats,
}

/// Errors that end an island and cannot be recovered. The text follows "fatal error: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fatal {
    /// A fiber's frames need more memory than it may have.
    StackOverflow,
    /// No fiber can ever run again. `main` says whether the main fiber is among those that wait.
    Deadlock { main: bool },
    /// The text of a native function, or of the runtime.
    Text(String),
}

impl From<vo_runtime::panic::Fatal> for Fatal {
    fn from(fatal: vo_runtime::panic::Fatal) -> Fatal {
        Fatal::Text(fatal.to_string())
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fatal::StackOverflow => f.write_str("stack overflow"),
            Fatal::Deadlock { main: true } => f.write_str("all goroutines are asleep - deadlock!"),
            Fatal::Deadlock { main: false } => {
                f.write_str("no goroutines (main called runtime.Goexit) - deadlock!")
            }
            Fatal::Text(text) => f.write_str(text),
        }
    }
}
