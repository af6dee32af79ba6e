//! The pen: writes tokens and white space to a page, and comments where they belong between the tokens.
//!
//! The layout says what follows what: tokens ([`Pen::token`] and its kin) and gaps ([`Gap`]). A gap is not
//! written at once. When the next token comes and its place in the source is known, the comments that stand
//! before that place are written first, and they decide what becomes of the gaps on both sides of them.
//!
//! Two positions run along. `pos` is a place in the source: that of the next token if the layout has said so
//! ([`Pen::at`]), else an estimate that grows with what is written. The output's line and column are counted
//! beside it.
//!
//! What must stay true:
//! * Every comment is written exactly once, before the first token that stands behind it in the source.
//! * A comment that ends its line is never put where a line end would become a semicolon.

use super::align::{Mark, Page};
use super::comments::Group;
use crate::source::{Pos, SourceFile};
use crate::token::Token;

/// White space between tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gap {
    /// Nothing: what a comment has made of another gap.
    None,
    /// A blank.
    Blank,
    /// The end of a cell of a column.
    Cell,
    /// A line end.
    Line,
    /// A line end at which all columns end.
    Section,
    /// From here on, lines are indented by one more.
    In,
    /// From here on, lines are indented by one less.
    Out,
}

/// At most so many line ends follow each other: there is never more than one empty line.
pub(super) const MAX_LINES: i64 = 2;

/// A place in the source; line zero means none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    /// In bytes.
    pub(super) offset: i64,
    /// From 1.
    pub(super) line: i64,
    /// In bytes, from 1.
    pub(super) col: i64,
}

impl Place {
    const END: Place = Place { offset: i64::MAX, line: i64::MAX / 2, col: 1 };

    pub(super) fn is_valid(self) -> bool {
        self.line > 0
    }
}

/// Remembers the output line on which a token was written.
#[derive(Clone, Copy)]
pub(super) struct LineSlot(usize);

/// See the module's description.
pub(super) struct Pen<'a> {
    pub(super) page: Page,
    pub(super) src: &'a SourceFile,
    pub(super) groups: &'a [Group],
    /// The first comment group that is not written yet.
    pub(super) next_group: usize,
    pub(super) gaps: Vec<Gap>,
    pub(super) indent: usize,
    /// How many composite literals are open in this function.
    pub(super) literals: u32,
    /// Whether no blank is wanted behind a `/* */` comment here.
    pub(super) tight: bool,
    /// Whether no line end is wanted behind a `/* */` comment here.
    pub(super) joined: bool,
    /// Whether columns end with this line, because it holds a token of several lines.
    end_columns: bool,
    /// Whether a line end here would become a semicolon.
    pub(super) implied_semi: bool,
    /// The last token, if it was not followed by a gap.
    last_token: Option<Token>,
    /// The last `(` or `[`, if no token has followed it.
    pub(super) open: Option<Token>,
    pub(super) pos: Place,
    /// Where the last text written ended.
    pub(super) last: Place,
    pub(super) out_line: i64,
    pub(super) out_col: i64,
    lines: Vec<i64>,
    pending_line: Option<LineSlot>,
}

impl<'a> Pen<'a> {
    pub(super) fn new(src: &'a SourceFile, groups: &'a [Group]) -> Pen<'a> {
        Pen {
            page: Page::default(),
            src,
            groups,
            next_group: 0,
            gaps: Vec::new(),
            indent: 0,
            literals: 0,
            tight: false,
            joined: false,
            end_columns: false,
            implied_semi: false,
            last_token: None,
            open: None,
            pos: Place { offset: 0, line: 1, col: 1 },
            last: Place::default(),
            out_line: 1,
            out_col: 1,
            lines: Vec::new(),
            pending_line: None,
        }
    }

    /// A position of the source as a place.
    pub(super) fn place(&self, pos: Pos) -> Place {
        if !pos.is_valid() {
            return Place::default();
        }
        let offset = self.src.offset(pos);
        let (line, col) = self.src.line_col(offset);
        Place { offset: offset.into(), line: line.into(), col: col.into() }
    }

    /// The source line of a position; zero for none.
    pub(super) fn line(&self, pos: Pos) -> i64 {
        self.place(pos).line
    }

    /// Says where the next token stands in the source.
    pub(super) fn at(&mut self, pos: Pos) {
        if pos.is_valid() {
            self.pos = self.place(pos);
        }
    }

    // -------------------------------------------------------------------------------------------------------
    // Output lines

    /// A slot in which output lines can be remembered.
    pub(super) fn line_slot(&mut self) -> LineSlot {
        self.lines.push(0);
        LineSlot(self.lines.len() - 1)
    }

    /// Remembers the output line of the next token.
    pub(super) fn remember_line(&mut self, slot: LineSlot) {
        self.pending_line = Some(slot);
    }

    /// Moves a remembered line.
    pub(super) fn shift_line(&mut self, slot: LineSlot) {
        self.lines[slot.0] += 1;
    }

    /// Whether the output has gone on to another line since.
    pub(super) fn left_line(&self, slot: LineSlot) -> bool {
        self.out_line > self.lines[slot.0]
    }

    // -------------------------------------------------------------------------------------------------------
    // Tokens and gaps

    /// Adds a gap.
    pub(super) fn gap(&mut self, gap: Gap) {
        self.note_open();
        if gap == Gap::None {
            return;
        }
        self.gaps.push(gap);
        if matches!(gap, Gap::Line | Gap::Section) {
            self.implied_semi = false;
        }
        self.last_token = None;
    }

    /// Adds several gaps.
    pub(super) fn gap_all(&mut self, gaps: &[Gap]) {
        gaps.iter().for_each(|&gap| self.gap(gap));
    }

    fn note_open(&mut self) {
        match self.last_token {
            None => {}
            Some(token @ (Token::LParen | Token::LBrack)) => self.open = Some(token),
            Some(_) => self.open = None,
        }
    }

    /// Writes a keyword, an operator or a punctuation mark.
    pub(super) fn token(&mut self, token: Token) {
        use Token::*;
        let text = match token {
            Comma => ",",
            Semi => ";",
            token => token.text(),
        };
        let ends = matches!(
            token,
            Break | Continue | Fallthrough | Return | Inc | Dec | RParen | RBrack | RBrace | Question
        );
        self.note_open();
        if combine(self.last_token, text.as_bytes()[0]) {
            self.gaps.push(Gap::Blank);
        }
        self.put(token, text, ends);
    }

    /// Writes a name, or a type that is a keyword.
    pub(super) fn name(&mut self, text: &str) {
        self.note_open();
        self.put(Token::Ident, text, true);
    }

    /// Writes a literal.
    pub(super) fn literal(&mut self, kind: Token, text: &str) {
        self.note_open();
        self.put(kind, text, true);
    }

    fn put(&mut self, token: Token, text: &str, mut ends: bool) {
        self.last_token = Some(token);
        let next = self.pos;
        let (wrote_line, dropped_section) = self.flush(next, token);
        // Empty lines behind comments are kept, where they do no harm.
        if !self.implied_semi {
            let mut n = (next.line - self.pos.line).min(MAX_LINES);
            if wrote_line && n == MAX_LINES {
                n -= 1;
            }
            if n > 0 {
                self.mark(if dropped_section { Mark::Section } else { Mark::Line }, n);
                ends = false;
            }
        }
        if let Some(slot) = self.pending_line.take() {
            self.lines[slot.0] = self.out_line;
        }
        self.write(next, text);
        self.implied_semi = ends;
    }

    /// Writes all that waits before the token at `next`: gaps, and comments among them. Answers whether a line
    /// end was written behind a comment, and whether the end of a section was dropped.
    pub(super) fn flush(&mut self, next: Place, token: Token) -> (bool, bool) {
        if self.comment_before(next) {
            return self.intersperse(next, token);
        }
        self.write_gaps(self.gaps.len());
        (false, false)
    }

    /// Writes what remains at the end of the file.
    pub(super) fn finish(&mut self) {
        self.implied_semi = false;
        self.flush(Place::END, Token::Eof);
    }

    /// Moves to the source line `line`: at least `min` line ends, and as many more as the source has, but never
    /// more than one empty line. `ws` goes before them; the first ends the section if `section` is set. Answers
    /// how many there are, the end of a section counting twice.
    pub(super) fn line_break(&mut self, line: i64, min: i64, ws: Gap, section: bool) -> i64 {
        let n = (line - self.pos.line).min(MAX_LINES).max(min);
        if n <= 0 {
            return 0;
        }
        self.gap(ws);
        if section {
            self.gap(Gap::Section);
        }
        for _ in i64::from(section)..n {
            self.gap(Gap::Line);
        }
        n + i64::from(section)
    }

    // -------------------------------------------------------------------------------------------------------
    // The page

    /// Writes the first `n` of the waiting gaps.
    pub(super) fn write_gaps(&mut self, n: usize) {
        let mut gaps: Vec<Gap> = self.gaps.drain(..n).collect();
        let mut i = 0;
        while i < gaps.len() {
            match gaps[i] {
                Gap::None => {}
                Gap::In => self.indent += 1,
                Gap::Out => self.indent = self.indent.saturating_sub(1),
                Gap::Line | Gap::Section if gaps.get(i + 1) == Some(&Gap::Out) => {
                    // What was indented ends with its section: a long label on the next line must not widen
                    // the columns before it.
                    gaps[i] = Gap::Out;
                    gaps[i + 1] = Gap::Section;
                    continue;
                }
                Gap::Line => self.mark(Mark::Line, 1),
                Gap::Section => self.mark(Mark::Section, 1),
                Gap::Cell => self.mark(Mark::Cell, 1),
                Gap::Blank => self.blank(),
            }
            i += 1;
        }
    }

    fn write_indent(&mut self) {
        if self.out_col != 1 {
            return;
        }
        for _ in 0..self.indent {
            self.page.mark(Mark::Tab);
        }
        self.advance(self.indent as i64);
    }

    fn advance(&mut self, bytes: i64) {
        self.pos.offset += bytes;
        self.pos.col += bytes;
        self.out_col += bytes;
    }

    /// Writes a blank.
    pub(super) fn blank(&mut self) {
        self.write_indent();
        self.page.push(" ");
        self.advance(1);
    }

    /// Writes a mark, or `n` line ends.
    pub(super) fn mark(&mut self, mut mark: Mark, n: i64) {
        let line = matches!(mark, Mark::Line | Mark::Section);
        if self.end_columns {
            if !line {
                return self.blank();
            }
            mark = Mark::Section;
            self.end_columns = false;
        }
        self.write_indent();
        for _ in 0..n {
            self.page.mark(mark);
        }
        if !line {
            return self.advance(n);
        }
        self.pos.offset += n;
        self.pos.line += n;
        self.out_line += n;
        self.pos.col = 1;
        self.out_col = 1;
    }

    /// Writes text that stands at a place of the source.
    pub(super) fn write(&mut self, place: Place, text: &str) {
        self.write_indent();
        if place.is_valid() {
            self.pos = place;
        }
        self.page.push(text);
        let length = text.len() as i64;
        match text.rfind('\n') {
            Some(last) => {
                let lines = text.bytes().filter(|&b| b == b'\n').count() as i64;
                self.end_columns = true;
                self.pos.offset += length;
                self.pos.line += lines;
                self.out_line += lines;
                self.pos.col = length - last as i64;
                self.out_col = self.pos.col;
            }
            None => self.advance(length),
        }
        self.last = self.pos;
    }
}

/// Whether a token that begins with `next` would run together with the one before.
fn combine(before: Option<Token>, next: u8) -> bool {
    match before {
        Some(Token::Int) => next == b'.',
        Some(Token::Add) => next == b'+',
        Some(Token::Sub) => next == b'-',
        Some(Token::Quo) => next == b'*',
        Some(Token::Lt) => matches!(next, b'-' | b'<'),
        Some(Token::And) => matches!(next, b'&' | b'^'),
        Some(Token::Tilde) => next == b'>',
        _ => false,
    }
}
