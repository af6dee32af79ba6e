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

/// Why an island has ended; the numbers are those of package island's `Reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Reason {
    /// Nothing can run in it any more, and nothing can reach it; or it has said so itself.
    Finished = 0,
    /// A panic that nobody recovered.
    Panicked = 1,
    Killed = 2,
    /// Over its limit of bytes, or the system's.
    OutOfMemory = 3,
    /// Over its limit of processor time or of goroutines.
    OverLimit = 4,
    /// A fatal error.
    Failed = 5,
}

impl Reason {
    /// What messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reason::Finished => "finished",
            Reason::Panicked => "panicked",
            Reason::Killed => "killed",
            Reason::OutOfMemory => "out of memory",
            Reason::OverLimit => "over limit",
            Reason::Failed => "failed",
        }
    }
}

/// How an island has ended.
#[derive(Clone, Debug)]
pub(crate) struct IslandEnd {
    pub(crate) reason: Reason,
    /// What the error says; empty for an island that has finished.
    pub(crate) text: String,
    /// The report that the program would have ended with.
    pub(crate) trace: String,
}

impl IslandEnd {
    /// An end without trace.
    pub(crate) fn new(reason: Reason, text: String) -> IslandEnd {
        IslandEnd { reason, text, trace: String::new() }
    }
}

/// Errors that end an island and cannot be recovered. The text follows "fatal error: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fatal {
    /// A fiber's frames need more memory than it may have.
    StackOverflow,
    /// No fiber can ever run again. `main` says whether the main fiber is among those that wait.
    Deadlock { main: bool },
    /// The system, or the island's limit, refuses memory; the text.
    OutOfMemory(String),
    /// The text of a native function, or of the runtime.
    Text(String),
}

impl Fatal {
    /// Whether there was no memory.
    pub(crate) fn is_memory(&self) -> bool {
        matches!(self, Fatal::OutOfMemory(_))
    }
}

impl From<vo_runtime::panic::Fatal> for Fatal {
    fn from(fatal: vo_runtime::panic::Fatal) -> Fatal {
        match fatal {
            vo_runtime::panic::Fatal::OutOfMemory(_) | vo_runtime::panic::Fatal::OverLimit { .. } => {
                Fatal::OutOfMemory(fatal.to_string())
            }
            _ => Fatal::Text(fatal.to_string()),
        }
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
            Fatal::Text(text) | Fatal::OutOfMemory(text) => f.write_str(text),
        }
    }
}
