//! Diagnostics: what is wrong with a program, where, and how to show it.
//!
//! A [`Diagnostic`] is data: a stable [`Code`], a span, a message worded as Go's compiler words it, further
//! labelled places, notes, perhaps a suggestion. Phases collect them in lists and go on; [`render`] turns one
//! into text. The codes of all phases stand in one table ([`codes`]).

pub mod codes;
mod json;
mod render;

use crate::source::Span;
pub use codes::Code;
pub use json::to_json;
pub use render::render;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth a look; the program still runs.
    Warning,
    /// The program does not run.
    Error,
}

/// A further place that a diagnostic speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there, for example `other declaration of x`.
    pub message: String,
}

/// A change that would help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suggestion {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub replacement: String,
    /// The change in words.
    pub message: String,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Which kind of thing.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What, in one line (continuation lines start with a tab, as Go's do).
    pub message: String,
    /// Further places, each shown as a line of its own.
    pub labels: Vec<Label>,
    /// Further sentences.
    pub notes: Vec<String>,
    /// A change that would help.
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let (severity, message) = (Severity::Error, message.into());
        Diagnostic { code, severity, span, message, labels: Vec::new(), notes: Vec::new(), suggestion: None }
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// Adds a further place.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Adds a sentence.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds a change that would help.
    pub fn suggest(
        mut self,
        span: Span,
        replacement: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        let (replacement, message) = (replacement.into(), message.into());
        self.suggestion = Some(Suggestion { span, replacement, message });
        self
    }

    /// Whether type checking is pointless after it: it is a syntax error proper, which says so. (After a
    /// malformed literal or a method with two receivers the tree is still good, and Go's compiler too goes on.)
    pub fn stops_checking(&self) -> bool {
        self.message.starts_with("syntax error")
    }

    /// Whether the program cannot run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts diagnostics by place, and drops those that repeat another's line and message (Go reports one
/// syntax error a line).
pub fn sort_and_dedup(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by_key(|d| d.span.start);
    diagnostics.dedup_by(|b, a| a.span.start == b.span.start && a.message == b.message);
}
