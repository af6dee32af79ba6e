//! A diagnostic as text.
//!
//! The first line is always `file:line:col: message`, which editors and test tools understand. With snippets
//! the source line follows with a caret under the place; long lines are cut to a window around it. Escape
//! sequences appear only when colour is asked for, and control characters of the source never reach the
//! terminal.

use super::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};
use std::fmt::Write;

/// How many characters of a long source line are shown.
const WINDOW: usize = 120;

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[1;32m";
const RESET: &str = "\x1b[0m";

/// Renders a diagnostic, with a newline at the end. `color` uses terminal escape sequences; `snippets` adds
/// source lines with carets.
pub fn render(map: &SourceMap, diagnostic: &Diagnostic, color: bool, snippets: bool) -> String {
    let mut out = String::new();
    let paint = Paint { color };
    headline(&mut out, map, diagnostic, paint);
    if snippets {
        snippet(&mut out, map, diagnostic.span, paint);
    }
    for label in &diagnostic.labels {
        let place = map.lookup(label.span.start).to_string();
        // Some of Go's messages give the other place themselves.
        if !snippets && diagnostic.message.ends_with(&place) {
            continue;
        }
        let _ = writeln!(out, "\t{place}: {}", label.message);
        if snippets {
            snippet(&mut out, map, label.span, paint);
        }
    }
    for note in &diagnostic.notes {
        let _ = writeln!(out, "\tnote: {note}");
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        let _ = writeln!(out, "\thelp: {}", suggestion.message);
    }
    out
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn wrap(self, style: &str, text: &str) -> String {
        if self.color { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }
}

fn headline(out: &mut String, map: &SourceMap, diagnostic: &Diagnostic, paint: Paint) {
    let position = map.lookup(diagnostic.span.start).to_string();
    let warning = match diagnostic.severity {
        Severity::Error => String::new(),
        Severity::Warning => paint.wrap(YELLOW, "warning: "),
    };
    let message = match (paint.color, diagnostic.severity) {
        (true, Severity::Error) => paint.wrap(RED, &diagnostic.message),
        _ => diagnostic.message.clone(),
    };
    if diagnostic.span.is_valid() {
        let _ = writeln!(out, "{}: {warning}{message}", paint.wrap(BOLD, &position));
    } else {
        let _ = writeln!(out, "{warning}{message}");
    }
}

/// The source line of a span and a line of carets under it.
fn snippet(out: &mut String, map: &SourceMap, span: Span, paint: Paint) {
    let Some(file) = map.file_at(span.start) else { return };
    let (line, col) = file.line_col(file.offset(span.start));
    let bytes = file.line_bytes(line);
    let start = (col as usize - 1).min(bytes.len());
    let end = (start + span.len() as usize).min(bytes.len());
    let (text, before, under) = window(bytes, start, end);
    let number = line.to_string();
    let _ = writeln!(out, "{number:>5} | {text}");
    let pad: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let _ = writeln!(out, "      | {pad}{}", paint.wrap(GREEN, &"^".repeat(under.max(1))));
}

/// Cuts a line to a window around `start..end`: the text to show, the part of it before the place, and how
/// many characters the place covers.
fn window(line: &[u8], start: usize, end: usize) -> (String, String, usize) {
    let from = start.saturating_sub(WINDOW / 2);
    let to = (from + WINDOW * 2).min(line.len());
    let lead = if from > 0 { "…" } else { "" };
    let tail = if to < line.len() { "…" } else { "" };
    let before = format!("{lead}{}", printable(&line[from..start]));
    let place = printable(&line[start..end.min(to)]);
    let under = place.chars().count();
    let text = format!("{before}{place}{}{tail}", printable(&line[end.min(to)..to]));
    (text, before, under)
}

fn printable(bytes: &[u8]) -> String {
    let keep = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(bytes).chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    #[test]
    fn shows_line_and_caret() {
        let mut map = SourceMap::new();
        let id = map.add("a.vo", "x\n\tfoo(bar)\n").unwrap();
        let file = map.file(id);
        let span = Span::new(file.pos(7), file.pos(10));
        let d = Diagnostic::error(Code::UndeclaredName, span, "undefined: bar")
            .label(Span::new(file.pos(0), file.pos(1)), "x is here")
            .note("names must be declared");
        assert_eq!(
            render(&map, &d, false, false),
            "a.vo:2:6: undefined: bar\n\ta.vo:1:1: x is here\n\tnote: names must be declared\n"
        );
        let shown = render(&map, &d, false, true);
        assert!(shown.contains("    2 | \tfoo(bar)\n      | \t    ^^^\n"), "{shown}");
    }

    #[test]
    fn long_lines_are_cut() {
        let mut map = SourceMap::new();
        let id = map.add("a.vo", "é".repeat(100_000)).unwrap();
        let file = map.file(id);
        let d = Diagnostic::error(Code::Syntax, Span::new(file.pos(50_001), file.end()), "odd");
        assert!(render(&map, &d, true, true).len() < 2_000);
    }
}
