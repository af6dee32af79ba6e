//! Source in its usual layout: what `vo fmt` does, and what gofmt does for Go.
//!
//! The way through: the imports are sorted (`imports`), the tree is laid out (`decl`, `stmt`, `expr`, `lists`)
//! with a `pen` that writes tokens and white space to a page and puts the comments between them (`comments`,
//! `doc`), and the cells of the page are aligned (`align`). Which lines are broken is the author's choice and
//! stays; indentation, alignment, blanks and empty lines are ours.
//!
//! What must stay true:
//! * The program stays the same: input and output have the same tokens, apart from semicolons, commas and
//!   parentheses without a meaning. That is checked each time ([`FormatError::Changed`]).
//! * Every comment stays.
//! * What has been formatted does not change when it is formatted again.

mod align;
mod build_lines;
mod comments;
mod decl;
mod doc;
mod expr;
mod imports;
mod lists;
mod pen;
mod stmt;

use crate::ast::{File, NodeId, NodeIds};
use crate::diag::{Code, Diagnostic};
use crate::lexer::Lexer;
use crate::parser::{Options, Parsed, parse_file};
use crate::source::{Dialect, FileId, Pos, SourceMap};
use crate::token::Token;
use pen::Pen;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::fmt;

/// Why a source was not formatted.
#[derive(Debug)]
pub enum FormatError {
    /// It has syntax errors.
    Syntax {
        /// The errors.
        diagnostics: Vec<Diagnostic>,
        /// The source that they point into.
        sources: SourceMap,
    },
    /// It is larger than a source may be.
    TooLarge,
    /// A fault of ours: the layout would have changed the program.
    Changed {
        /// Where, in the input.
        line: u32,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Syntax { diagnostics, sources } => {
                let text = diagnostics.iter().map(|d| crate::diag::render(sources, d, false, false));
                f.write_str(text.collect::<String>().trim_end())
            }
            FormatError::TooLarge => f.write_str("file is too large"),
            FormatError::Changed { line } => {
                write!(f, "internal error: formatting would change the program (line {line})")
            }
        }
    }
}

impl std::error::Error for FormatError {}

/// Formats a source file. Its name says whether it is Go or Vo, and appears in errors.
pub fn format_source(name: &str, text: &[u8]) -> Result<String, FormatError> {
    format_text(name, text, Dialect::of_file_name(name))
}

/// Formats text of a dialect; `name` appears in errors only.
pub fn format_text(name: &str, text: &[u8], dialect: Dialect) -> Result<String, FormatError> {
    let mut source = Source::parse(name, text.to_vec(), dialect)?;
    if let Some(sorted) = imports::sort(source.map.file(source.id), &source.file) {
        source = Source::parse(name, sorted, dialect)?;
    }
    let text = build_lines::gather(source.lay_out());
    source.compare(&text)?;
    // Separators are not compared; that none is missing shows when the text is read again.
    match Source::parse(name, text.clone().into_bytes(), dialect) {
        Err(FormatError::Syntax { .. }) => return Err(FormatError::Changed { line: 1 }),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Ok(text)
}

/// A file without errors, with its comments.
struct Source {
    map: SourceMap,
    id: FileId,
    file: File,
}

impl Source {
    fn parse(name: &str, text: Vec<u8>, dialect: Dialect) -> Result<Source, FormatError> {
        let mut map = SourceMap::new();
        let id = map.add_with_dialect(name, text, dialect).map_err(|_| FormatError::TooLarge)?;
        let options = Options { comments: true, ..Options::default() };
        let Parsed { file, mut diagnostics, .. } = parse_file(&map, id, &NodeIds::new(), options);
        // These say something about comments; the tree is whole.
        diagnostics.retain(|d| {
            d.is_error() && !matches!(d.code, Code::MisplacedDirective | Code::InvalidBuildConstraint)
        });
        if diagnostics.is_empty() {
            return Ok(Source { map, id, file });
        }
        Err(FormatError::Syntax { diagnostics, sources: map })
    }

    fn lay_out(&self) -> String {
        let src = self.map.file(self.id);
        let groups = comments::groups(src, &self.file.comments);
        let sizes = RefCell::default();
        let mut layout = Layout { pen: Pen::new(src, &groups), sizes: &sizes };
        layout.file(&self.file);
        layout.pen.finish();
        let text = layout.pen.page.layout();
        if text.trim().is_empty() { String::new() } else { text }
    }

    /// Makes sure that a text has the same tokens.
    fn compare(&self, text: &str) -> Result<(), FormatError> {
        let mut map = SourceMap::new();
        let dialect = self.map.file(self.id).dialect();
        let other = map.add_with_dialect("", text, dialect).map_err(|_| FormatError::TooLarge)?;
        let (mut a, mut b) = (Lexer::new(self.map.file(self.id)), Lexer::new(map.file(other)));
        loop {
            next_telling(&mut a);
            next_telling(&mut b);
            if a.token != b.token || !same_text(&a, &b) {
                let (line, _) = a.file().line_col(a.start as u32);
                return Err(FormatError::Changed { line });
            }
            if a.token == Token::Eof {
                return Ok(());
            }
        }
    }
}

/// Moves to the next token that is more than a separator.
fn next_telling(lexer: &mut Lexer<'_>) {
    loop {
        lexer.next();
        use Token::{Comma, LParen, RParen, Semi};
        if !matches!(lexer.token, Comma | LParen | RParen | Semi) {
            return;
        }
    }
}

fn same_text(a: &Lexer<'_>, b: &Lexer<'_>) -> bool {
    match a.token {
        Token::Ident => a.text() == b.text(),
        // Numbers and import paths may be written anew.
        Token::Char => a.text() == b.text(),
        Token::String => {
            let value = |l: &Lexer<'_>| crate::lexer::unquote_string(&String::from_utf8_lossy(l.text()));
            a.text() == b.text() || value(a) == value(b)
        }
        _ => true,
    }
}

/// The layout of a tree, or of a part of it.
struct Layout<'a> {
    pen: Pen<'a>,
    /// The sizes of nodes on one line, as far as they have been asked for.
    sizes: &'a RefCell<FxHashMap<NodeId, usize>>,
}

impl Layout<'_> {
    /// The size in bytes of a node on one line without its comments; more than `max` if it is larger or has
    /// several lines.
    fn size(&mut self, id: NodeId, max: usize, lay_out: impl FnOnce(&mut Layout<'_>)) -> usize {
        if let Some(&size) = self.sizes.borrow().get(&id) {
            return size;
        }
        let too_large = max + 1;
        self.sizes.borrow_mut().insert(id, too_large);
        let mut layout = Layout { pen: Pen::new(self.pen.src, &[]), sizes: self.sizes };
        lay_out(&mut layout);
        layout.pen.finish();
        let size = layout.pen.page.one_line_size().filter(|&size| size <= max);
        if let Some(size) = size {
            self.sizes.borrow_mut().insert(id, size);
        }
        size.unwrap_or(too_large)
    }

    /// The position of a byte that must be the first one from `from` on, white space and comments apart.
    fn find(&self, from: Pos, byte: u8) -> Pos {
        let bytes = self.pen.src.bytes();
        let mut at = self.pen.src.offset(from) as usize;
        while at < bytes.len() && bytes[at] != byte {
            at += match &bytes[at..] {
                [b'/', b'/', rest @ ..] => 2 + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()),
                [b'/', b'*', rest @ ..] => 4 + rest.windows(2).position(|w| w == b"*/").unwrap_or(rest.len()),
                _ => 1,
            };
        }
        self.pen.src.pos(at as u32)
    }
}
