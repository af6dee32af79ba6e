//! Sorting imports.
//!
//! In a group of imports, the lines between two empty lines or comment lines are a run; each run is sorted by
//! path, and what it imports twice goes. Sorting works on the text, before the layout: the specs of a run
//! change places, each with the comments on its line.

use crate::ast::{Decl, File, ImportSpec, Node};
use crate::lexer::unquote_string;
use crate::source::SourceFile;
use std::cmp::Ordering;

/// An import with the text on its line that belongs to it.
#[derive(Clone)]
struct Line {
    path: Vec<u8>,
    name: String,
    /// The comment behind it, if any.
    comment: String,
    text: String,
}

impl Line {
    fn cmp(&self, other: &Line) -> Ordering {
        let key = |l: &'_ Line| (l.path.clone(), l.name.clone(), l.comment.clone());
        key(self).cmp(&key(other))
    }

    /// Whether this one says nothing that `next` does not say.
    fn repeated_by(&self, next: &Line) -> bool {
        self.path == next.path && self.name == next.name && self.comment.is_empty()
    }
}

/// The source with its imports sorted; none if they are.
pub(super) fn sort(src: &SourceFile, file: &File) -> Option<Vec<u8>> {
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for decl in &file.decls {
        let Decl::Import(decl) = decl else { break };
        if !decl.lparen.is_valid() {
            continue;
        }
        let line = |offset: u32| src.line_col(offset).0;
        let run = |a: &ImportSpec, b: &ImportSpec| line(src.offset(b.pos())) <= 1 + line(src.offset(a.end()));
        edits.extend(decl.specs.chunk_by(run).filter_map(|run| sort_run(src, run)));
    }
    if edits.is_empty() {
        return None;
    }
    let mut out = src.bytes().to_vec();
    for (from, to, text) in edits.into_iter().rev() {
        out.splice(from..to, text.into_bytes());
    }
    Some(out)
}

/// The text of a run and what it is to become, if it is not sorted.
fn sort_run(src: &SourceFile, specs: &[ImportSpec]) -> Option<(usize, usize, String)> {
    let lines: Vec<Line> = specs.iter().map(|spec| line_of(src, spec)).collect();
    if lines.is_sorted_by(|a, b| a.cmp(b) != Ordering::Greater && !a.repeated_by(b)) {
        return None;
    }
    // What stands between the specs must be only white space, lest it get lost.
    let apart = |pair: &[ImportSpec]| {
        let between = src.bytes().get(line_end(src, pair[0].end())..line_start(src, &pair[1]));
        between.is_some_and(|text| text.iter().all(|b| b.is_ascii_whitespace() || *b == b';'))
    };
    if !specs.windows(2).all(apart) {
        return None;
    }
    let mut sorted = lines.clone();
    sorted.sort_by(Line::cmp);
    let mut kept: Vec<&str> = Vec::new();
    for (i, line) in sorted.iter().enumerate() {
        if !sorted.get(i + 1).is_some_and(|next| line.repeated_by(next)) {
            kept.push(&line.text);
        }
    }
    let from = line_start(src, &specs[0]);
    let to = line_end(src, specs[specs.len() - 1].end());
    Some((from, to, kept.join("\n")))
}

/// Where a spec begins, or the comments before it on its line.
fn line_start(src: &SourceFile, spec: &ImportSpec) -> usize {
    let at = src.offset(spec.pos());
    let (_, col) = src.line_col(at);
    let line = (at + 1 - col) as usize;
    let before = &src.bytes()[line..at as usize];
    let comment = before.trim_ascii();
    let leading = before.len() - before.trim_ascii_start().len();
    if comment.starts_with(b"/*") && comment.ends_with(b"*/") { line + leading } else { at as usize }
}

/// Just past a spec and the comments behind it on its line.
fn line_end(src: &SourceFile, end: crate::source::Pos) -> usize {
    let start = src.offset(end) as usize;
    let bytes = src.bytes();
    let (mut at, mut found) = (start, start);
    loop {
        match &bytes[at..] {
            [b' ' | b'\t' | b';', ..] => at += 1,
            [b'/', b'/', rest @ ..] => {
                let line = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                return at + 2 + rest[..line].trim_ascii_end().len();
            }
            [b'/', b'*', rest @ ..] => match rest.windows(2).position(|w| w == b"*/") {
                Some(length) => {
                    at += 4 + length;
                    found = at;
                }
                None => return found,
            },
            [b'\n' | b'\r', ..] => return found,
            // Comments between two specs of a line belong to the second.
            _ => return start,
        }
    }
}

fn line_of(src: &SourceFile, spec: &ImportSpec) -> Line {
    let (from, end) = (line_start(src, spec), src.offset(spec.end()) as usize);
    let to = line_end(src, spec.end());
    let text = |from: usize, to: usize| String::from_utf8_lossy(&src.bytes()[from..to]).into_owned();
    Line {
        path: unquote_string(&spec.path.raw).unwrap_or_default(),
        name: spec.name.map(|n| n.name.as_str().to_owned()).unwrap_or_default(),
        comment: text(end, to).trim_start_matches([' ', '\t', ';']).to_owned(),
        text: text(from, to),
    }
}
