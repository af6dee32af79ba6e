//! Source files and positions.
//!
//! Every file of a program is registered in one [`SourceMap`]. A [`Pos`] is a single 32-bit number: the
//! file's base plus a byte offset, so that a position alone says which file it lies in, and a [`Span`] is
//! eight bytes. Lines and columns are worked out only when somebody asks ([`SourceMap::lookup`]).
//!
//! What must stay true:
//! * `Pos(0)` means "no position"; bases start at 1 and files are one byte apart, so that the position just
//!   past a file's last byte still belongs to that file.
//! * Columns are 1-based *byte* columns, as in Go's compiler.
//! * A file's bytes never change once added. What the lexer learns on the way (the `//line` directives) is
//!   set once, so that a shared `&SourceMap` can be used by several parsing threads.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Which language a file is written in; decided by its extension (`.vo` or `.go`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Dialect {
    /// Go with Vo's extras: `?`, `fail`, `errdefer`, `~>`, islands, ports, nested block comments.
    #[default]
    Vo,
    /// Exactly Go.
    Go,
}

impl Dialect {
    /// The dialect that a file name calls for: Go for `*.go`, Vo for everything else.
    pub fn of_file_name(name: &str) -> Dialect {
        if name.ends_with(".go") { Dialect::Go } else { Dialect::Vo }
    }
}

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

/// A byte position in a [`SourceMap`]; zero means "none".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pos(pub u32);

impl Pos {
    /// No position.
    pub const NONE: Pos = Pos(0);

    /// Whether this is a position in a file.
    pub fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// The position `bytes` further on.
    pub fn offset(self, bytes: u32) -> Pos {
        Pos(self.0 + bytes)
    }

    /// The empty span at this position.
    pub fn span(self) -> Span {
        Span { start: self, end: self }
    }
}

impl fmt::Debug for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// A half-open range of bytes of one file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: Pos,
    /// Just past the last byte.
    pub end: Pos,
}

impl Span {
    /// No place at all.
    pub const NONE: Span = Span { start: Pos::NONE, end: Pos::NONE };

    /// The span from `start` up to `end`, which is not included.
    pub fn new(start: Pos, end: Pos) -> Span {
        Span { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        if !self.is_valid() {
            return other;
        }
        if !other.is_valid() {
            return self;
        }
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether this is a place in a file.
    pub fn is_valid(self) -> bool {
        self.start.is_valid()
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.end.0.saturating_sub(self.start.0)
    }

    /// Whether the span covers no byte.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}..{}", self.start.0, self.end.0)
    }
}

/// A position as people read it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Position {
    /// File name, as given to [`SourceMap::add`] or by a `//line` directive; empty when unknown.
    pub file: Arc<str>,
    /// 1-based line; 0 when unknown.
    pub line: u32,
    /// 1-based byte column; 0 when unknown.
    pub col: u32,
}

impl fmt::Display for Position {
    /// `file:line:col`, without the parts that are unknown; `-` when all are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() && self.line == 0 {
            return f.write_str("-");
        }
        f.write_str(&self.file)?;
        if self.line != 0 {
            write!(f, ":{}", self.line)?;
            if self.col != 0 {
                write!(f, ":{}", self.col)?;
            }
        }
        Ok(())
    }
}

/// A `//line` or `/*line*/` directive: from `from` on, positions are counted from the given place.
#[derive(Clone, Debug)]
pub struct LineDirective {
    /// Offset in the file of the first byte that the directive speaks of.
    pub from: u32,
    /// The name to report.
    pub file: Arc<str>,
    /// The line number of the byte at `from`.
    pub line: u32,
    /// The column of the byte at `from`; 0 when the directive gives none, and then no column is reported.
    pub col: u32,
}

/// One source file.
#[derive(Debug)]
pub struct SourceFile {
    id: FileId,
    name: Arc<str>,
    base: u32,
    bytes: Cow<'static, [u8]>,
    dialect: Dialect,
    lines: OnceLock<Vec<u32>>,
    line_directives: OnceLock<Vec<LineDirective>>,
}

impl SourceFile {
    /// The file's id.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// The name it was added under, as it is to appear in messages.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The dialect it is written in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The bytes, which need not be UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The position of the first byte.
    pub fn start(&self) -> Pos {
        Pos(self.base)
    }

    /// The position just past the last byte.
    pub fn end(&self) -> Pos {
        Pos(self.base + self.bytes.len() as u32)
    }

    /// The position of the byte at `offset`.
    pub fn pos(&self, offset: u32) -> Pos {
        Pos(self.base + offset)
    }

    /// The offset of a position that lies in this file.
    pub fn offset(&self, pos: Pos) -> u32 {
        pos.0.saturating_sub(self.base).min(self.bytes.len() as u32)
    }

    /// The text of a span of this file (with replacement characters where it is not UTF-8).
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        let (start, end) = (self.offset(span.start) as usize, self.offset(span.end) as usize);
        String::from_utf8_lossy(&self.bytes[start..end.max(start)])
    }

    /// Offsets of the first bytes of all lines.
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let starts = memchr::memchr_iter(b'\n', &self.bytes).map(|i| i as u32 + 1);
            std::iter::once(0).chain(starts).collect()
        })
    }

    /// How many lines the file has (a last line without newline counts; an empty file has one).
    pub fn line_count(&self) -> u32 {
        self.lines().len() as u32
    }

    /// The physical line (1-based) and byte column of an offset; `//line` is not considered.
    pub fn line_col(&self, offset: u32) -> (u32, u32) {
        let lines = self.lines();
        let line = lines.partition_point(|&start| start <= offset);
        (line as u32, offset - lines[line - 1] + 1)
    }

    /// The bytes of physical line `line` (1-based), without its line end; empty when there is no such line.
    pub fn line_bytes(&self, line: u32) -> &[u8] {
        let lines = self.lines();
        let Some(&start) = (line as usize).checked_sub(1).and_then(|i| lines.get(i)) else {
            return &[];
        };
        let end = lines.get(line as usize).map_or(self.bytes.len(), |&next| next as usize - 1);
        let text = &self.bytes[start as usize..end];
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Records the file's `//line` directives in order of their offsets. The lexer calls this once; a second
    /// call (the same file parsed again) changes nothing.
    pub fn set_line_directives(&self, directives: Vec<LineDirective>) {
        let _ = self.line_directives.set(directives);
    }

    /// The position of an offset as people read it, `//line` directives considered.
    pub fn position(&self, offset: u32) -> Position {
        let (line, col) = self.line_col(offset);
        let directives = self.line_directives.get().map_or(&[][..], |d| d);
        let before = directives.partition_point(|d| d.from <= offset);
        let Some(directive) = before.checked_sub(1).map(|i| &directives[i]) else {
            return Position { file: self.name.clone(), line, col };
        };
        let (from_line, from_col) = self.line_col(directive.from);
        let col = match directive.col {
            0 => 0,
            first if line == from_line => first + (col - from_col),
            _ => col,
        };
        Position { file: directive.file.clone(), line: directive.line + (line - from_line), col }
    }
}

/// The source map is full: positions have 32 bits, so a program may have 4 GiB of source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SourceMapFull;

impl fmt::Display for SourceMapFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("program source exceeds 4 GiB")
    }
}

impl std::error::Error for SourceMapFull {}

/// All source files of a program.
#[derive(Default, Debug)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file under the name that messages will show; the dialect follows from the name.
    pub fn add(&mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Result<FileId, SourceMapFull> {
        self.add_with_dialect(name, bytes, Dialect::of_file_name(name))
    }

    /// Adds a file whose text is part of the binary, or was read: what is part of the binary is not copied.
    pub fn add_text(&mut self, name: &str, text: Cow<'static, [u8]>) -> Result<FileId, SourceMapFull> {
        self.put(name, text, Dialect::of_file_name(name))
    }

    /// Adds a file of a given dialect.
    pub fn add_with_dialect(
        &mut self,
        name: &str,
        bytes: impl Into<Vec<u8>>,
        dialect: Dialect,
    ) -> Result<FileId, SourceMapFull> {
        self.put(name, Cow::Owned(bytes.into()), dialect)
    }

    fn put(
        &mut self,
        name: &str,
        bytes: Cow<'static, [u8]>,
        dialect: Dialect,
    ) -> Result<FileId, SourceMapFull> {
        let base = self.files.last().map_or(1, |f| f.end().0 + 1);
        let size = u32::try_from(bytes.len()).map_err(|_| SourceMapFull)?;
        if base.checked_add(size).and_then(|end| end.checked_add(1)).is_none() {
            return Err(SourceMapFull);
        }
        let id = FileId(self.files.len() as u32);
        let (lines, line_directives) = (OnceLock::new(), OnceLock::new());
        self.files.push(SourceFile { id, name: name.into(), base, bytes, dialect, lines, line_directives });
        Ok(id)
    }

    /// All files, in the order they were added.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file with this id.
    ///
    /// # Panics
    /// When the id comes from another map.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file in which a position lies.
    pub fn file_at(&self, pos: Pos) -> Option<&SourceFile> {
        let index = self.files.partition_point(|f| f.base <= pos.0).checked_sub(1)?;
        let file = &self.files[index];
        (pos.is_valid() && pos <= file.end()).then_some(file)
    }

    /// The position as people read it, `//line` directives considered; the empty [`Position`] for none.
    pub fn lookup(&self, pos: Pos) -> Position {
        self.file_at(pos).map(|f| f.position(f.offset(pos))).unwrap_or_default()
    }

    /// The text of a span; empty for none.
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        self.file_at(span.start).map_or(Cow::Borrowed(""), |f| f.text(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_know_their_file() {
        let mut map = SourceMap::new();
        let a = map.add("a.go", "x\nyz\n").unwrap();
        let b = map.add("b.vo", "").unwrap();
        let c = map.add("c.vo", "q").unwrap();
        assert_eq!(map.lookup(map.file(a).pos(3)).to_string(), "a.go:2:2");
        assert_eq!(map.lookup(map.file(a).end()).to_string(), "a.go:3:1");
        assert_eq!(map.lookup(map.file(b).start()).to_string(), "b.vo:1:1");
        assert_eq!(map.lookup(map.file(c).start()).to_string(), "c.vo:1:1");
        assert_eq!(map.lookup(Pos::NONE).to_string(), "-");
        assert_eq!(map.file(a).dialect(), Dialect::Go);
        assert_eq!(map.file(a).line_bytes(2), b"yz");
        assert_eq!(map.file(a).line_bytes(9), b"");
    }

    #[test]
    fn line_directives_move_positions() {
        let mut map = SourceMap::new();
        let text = "a\n//line foo.go:10\nb\nc\n";
        let id = map.add("a.go", text).unwrap();
        let file = map.file(id);
        file.set_line_directives(vec![LineDirective { from: 19, file: "foo.go".into(), line: 10, col: 0 }]);
        assert_eq!(file.position(0).to_string(), "a.go:1:1");
        assert_eq!(file.position(19).to_string(), "foo.go:10");
        assert_eq!(file.position(21).to_string(), "foo.go:11");
    }
}
