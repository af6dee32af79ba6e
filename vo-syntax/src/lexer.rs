//! Bytes to tokens.
//!
//! [`Lexer::next`] moves to the next token and describes it in the lexer's fields; there is no token struct
//! to copy about, since the parser looks at one token at a time. Semicolons are inserted at line ends as the
//! Go specification says; an inserted one is a [`Token::Semi`] whose [`Lexer::semi`] says what stood there.
//!
//! What must stay true:
//! * Every error is reported at the place and in the words of Go's compiler.
//! * The whole file is checked for encoding errors once, at the start. Almost every file has none, and then
//!   no token needs to look again; in the others, the offending bytes are skipped wherever they stand.
//! * Progress: every call of `next` consumes at least one byte, or answers `Eof` (or a last `Semi`) at the end.

mod chars;
mod literal;
mod skip;
mod unquote;

use crate::ast::{Comment, Directive, LitKind};
use crate::diag::{Code, Diagnostic};
use crate::source::{Dialect, LineDirective, Pos, SourceFile, Span};
use crate::token::Token;
pub use chars::{describe, is_digit, is_letter, is_print, is_upper};
use std::sync::Arc;
pub use unquote::{Unquoted, unquote_char, unquote_string};

/// What a semicolon token was in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Semi {
    /// `;`
    Semicolon,
    /// A line end.
    Newline,
    /// The end of the file.
    Eof,
}

impl Semi {
    /// The word that error messages use.
    pub fn text(self) -> &'static str {
        match self {
            Semi::Semicolon => "semicolon",
            Semi::Newline => "newline",
            Semi::Eof => "EOF",
        }
    }
}

/// After so many errors in one file, the rest is not looked at.
pub const MAX_ERRORS: usize = 1_000;

/// The lexer of one file.
pub struct Lexer<'a> {
    file: &'a SourceFile,
    src: &'a [u8],
    dialect: Dialect,
    /// Offset of the next byte to look at.
    at: usize,
    /// Whether a line end here becomes a semicolon.
    newline_ends: bool,
    /// Whether the file is free of encoding errors.
    clean: bool,
    /// The current token.
    pub token: Token,
    /// The current token's first byte (an offset in the file).
    pub start: usize,
    /// Just past the current token.
    pub end: usize,
    /// For [`Token::Semi`]: what it was.
    pub semi: Semi,
    /// For literals: whether it is malformed (and reported).
    pub bad: bool,
    /// What is wrong so far.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether comments are collected.
    pub keep_comments: bool,
    /// The comments since the last look, if they are collected.
    pub comments: Vec<Comment>,
    /// The comments that begin `//go:` since the last look.
    pub directives: Vec<Directive>,
    line_directives: Vec<LineDirective>,
}

impl<'a> Lexer<'a> {
    /// A lexer before the file's first token: call [`Lexer::next`] to read it.
    pub fn new(file: &'a SourceFile) -> Lexer<'a> {
        let mut lexer = Lexer::blank(file);
        if lexer.src.starts_with(BOM) {
            lexer.at = BOM.len();
        }
        lexer.check_encoding();
        lexer
    }

    fn blank(file: &'a SourceFile) -> Lexer<'a> {
        Lexer {
            file,
            src: file.bytes(),
            dialect: file.dialect(),
            at: 0,
            newline_ends: false,
            clean: true,
            token: Token::Eof,
            start: 0,
            end: 0,
            semi: Semi::Semicolon,
            bad: false,
            diagnostics: Vec::new(),
            keep_comments: false,
            comments: Vec::new(),
            directives: Vec::new(),
            line_directives: Vec::new(),
        }
    }

    /// A lexer before the token at an offset of a file that has no encoding errors.
    pub fn resume(file: &'a SourceFile, offset: u32) -> Lexer<'a> {
        Lexer { at: offset as usize, ..Lexer::blank(file) }
    }

    /// The file.
    pub fn file(&self) -> &'a SourceFile {
        self.file
    }

    /// Where the current token begins.
    pub fn pos(&self) -> Pos {
        self.file.pos(self.start as u32)
    }

    /// The byte just behind the current token; zero at the end of the file.
    pub fn byte_ahead(&self) -> u8 {
        self.peek()
    }

    /// The current token's place.
    pub fn span(&self) -> Span {
        Span::new(self.pos(), self.file.pos(self.end as u32))
    }

    /// The current token's text.
    pub fn text(&self) -> &'a [u8] {
        &self.src[self.start..self.end]
    }

    /// The kind of the current literal token.
    pub fn lit_kind(&self) -> LitKind {
        match self.token {
            Token::Float => LitKind::Float,
            Token::Imag => LitKind::Imag,
            Token::Char => LitKind::Char,
            Token::String => LitKind::String,
            _ => LitKind::Int,
        }
    }

    /// Skips the rest of the file.
    pub fn stop(&mut self) {
        self.at = self.src.len();
        self.newline_ends = false;
        self.start = self.at;
        self.end = self.at;
        self.token = Token::Eof;
    }

    /// Hands the `//line` directives met so far to the source file. Called at the end of the file.
    pub fn publish_line_directives(&mut self) {
        self.file.set_line_directives(std::mem::take(&mut self.line_directives));
    }

    fn error(&mut self, code: Code, at: usize, message: impl Into<String>) {
        let pos = self.file.pos(at.min(self.src.len()) as u32);
        self.diagnostics.push(Diagnostic::error(code, pos.span(), message));
        if self.diagnostics.len() > MAX_ERRORS {
            self.at = self.src.len();
        }
    }

    /// Reports every byte that no source file may hold.
    fn check_encoding(&mut self) {
        let body = self.at;
        let valid = std::str::from_utf8(self.src).is_ok();
        let has = |needle: &[u8]| memory_contains(&self.src[body..], needle);
        if valid && !has(b"\0") && !has(BOM) {
            return;
        }
        self.clean = false;
        let mut at = body;
        let mut found = 0;
        while at < self.src.len() && found < MAX_ERRORS / 2 {
            let width = bad_byte(self.src, at);
            if width > 0 {
                let message = match self.src[at] {
                    0 => "invalid NUL character",
                    0xEF if width == BOM.len() => "invalid BOM in the middle of the file",
                    _ => "invalid UTF-8 encoding",
                };
                self.error(Code::InvalidEncoding, at, message);
                found += 1;
            }
            at += width.max(chars::width(self.src, at));
        }
    }

    fn peek(&self) -> u8 {
        self.peek_at(0)
    }

    /// The byte `ahead` bytes further on; zero at the end of the file.
    fn peek_at(&self, ahead: usize) -> u8 {
        self.src.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.at >= self.src.len()
    }

    /// Says that the current token, a keyword, is taken for a name: a line may end behind it.
    pub fn keyword_is_name(&mut self) {
        self.newline_ends = true;
    }

    /// Moves to the next token.
    pub fn next(&mut self) {
        let newline_ends = std::mem::take(&mut self.newline_ends);
        loop {
            self.skip_blanks(newline_ends);
            self.start = self.at;
            let Some(&first) = self.src.get(self.at) else {
                self.end_of_file(newline_ends);
                return;
            };
            if self.scan(first, newline_ends) {
                self.end = self.at;
                return;
            }
        }
    }

    fn skip_blanks(&mut self, newline_ends: bool) {
        while let Some(&b) = self.src.get(self.at) {
            match b {
                b' ' | b'\t' | b'\r' => {}
                b'\n' if !newline_ends => {}
                _ => break,
            }
            self.at += 1;
        }
    }

    fn end_of_file(&mut self, newline_ends: bool) {
        self.end = self.at;
        self.token = Token::Eof;
        if newline_ends {
            self.semi = Semi::Eof;
            self.token = Token::Semi;
        }
    }

    /// Reads what begins with `first`: a token (true), or a comment or a bad character (false).
    fn scan(&mut self, first: u8, newline_ends: bool) -> bool {
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.ident(),
            b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b'`' => self.raw_string(),
            b'\'' => self.char_literal(),
            b'\n' => {
                self.at += 1;
                self.semi = Semi::Newline;
                self.token = Token::Semi;
            }
            b'.' if self.peek_at(1).is_ascii_digit() => self.number(),
            b'/' if self.peek_at(1) == b'/' => {
                self.line_comment();
                return false;
            }
            b'/' if self.peek_at(1) == b'*' => return self.block_comment(newline_ends),
            _ if first >= 0x80 || first == 0 => return self.wide(),
            _ => return self.operator(first),
        }
        true
    }

    /// An identifier that begins with a non-ASCII letter, or a character that begins nothing.
    fn wide(&mut self) -> bool {
        let bad = bad_byte(self.src, self.at);
        if bad > 0 {
            self.at += bad;
            return false;
        }
        let c = chars::decode(self.src, self.at);
        if is_letter(c) {
            self.ident();
            return true;
        }
        let (code, what) = (Code::InvalidCharacter, describe(c));
        if is_digit(c) {
            self.error(code, self.at, format!("identifier cannot begin with digit {what}"));
        } else {
            self.error(code, self.at, format!("invalid character {what} in identifier"));
        }
        self.ident();
        true
    }

    /// An identifier or keyword. The first character has been looked at.
    fn ident(&mut self) {
        self.at += chars::width(self.src, self.at);
        loop {
            let b = self.peek();
            if b.is_ascii_alphanumeric() || b == b'_' {
                self.at += 1;
            } else if b < 0x80 && (b != 0 || self.clean || self.at_end()) || !self.wide_ident_char() {
                break;
            }
        }
        let word = &self.src[self.start..self.at];
        let keyword = if (2..=11).contains(&word.len()) && word[0].is_ascii_lowercase() {
            Token::keyword(word, self.dialect)
        } else {
            None
        };
        self.token = keyword.unwrap_or(Token::Ident);
        use Token::{Break, Continue, Fallthrough, Ident, Island, Return};
        self.newline_ends = matches!(self.token, Ident | Break | Continue | Fallthrough | Return | Island);
    }

    /// Consumes a non-ASCII character of an identifier (or a byte that has been reported already).
    fn wide_ident_char(&mut self) -> bool {
        if !self.clean {
            let bad = bad_byte(self.src, self.at);
            if bad > 0 {
                self.at += bad;
                return true;
            }
        }
        let c = chars::decode(self.src, self.at);
        if !is_letter(c) && !is_digit(c) {
            let message = format!("invalid character {} in identifier", describe(c));
            self.error(Code::InvalidCharacter, self.at, message);
        }
        self.at += c.len_utf8();
        true
    }

    /// The name of the current identifier token: its text without the bytes that have been reported.
    pub fn name(&self) -> std::borrow::Cow<'a, str> {
        let text = self.text();
        match std::str::from_utf8(text) {
            Ok(name) if self.clean || !name.contains(['\0', '\u{feff}']) => name.into(),
            _ => String::from_utf8_lossy(text).replace(['\0', '\u{feff}', '\u{fffd}'], "").into(),
        }
    }

    fn operator(&mut self, first: u8) -> bool {
        use Token::*;
        let (second, third) = (self.peek_at(1), self.peek_at(2));
        let vo = self.dialect == Dialect::Vo;
        let (token, width) = match (first, second, third) {
            (b'(', ..) => (LParen, 1),
            (b')', ..) => (RParen, 1),
            (b'[', ..) => (LBrack, 1),
            (b']', ..) => (RBrack, 1),
            (b'{', ..) => (LBrace, 1),
            (b'}', ..) => (RBrace, 1),
            (b',', ..) => (Comma, 1),
            (b';', ..) => (Semi, 1),
            (b':', b'=', _) => (Define, 2),
            (b':', ..) => (Colon, 1),
            (b'.', b'.', b'.') => (Ellipsis, 3),
            (b'.', ..) => (Period, 1),
            (b'=', b'=', _) => (Eq, 2),
            (b'=', ..) => (Assign, 1),
            (b'!', b'=', _) => (Ne, 2),
            (b'!', ..) => (Not, 1),
            (b'+', b'+', _) => (Inc, 2),
            (b'+', b'=', _) => (AddAssign, 2),
            (b'+', ..) => (Add, 1),
            (b'-', b'-', _) => (Dec, 2),
            (b'-', b'=', _) => (SubAssign, 2),
            (b'-', ..) => (Sub, 1),
            (b'*', b'=', _) => (MulAssign, 2),
            (b'*', ..) => (Mul, 1),
            (b'/', b'=', _) => (QuoAssign, 2),
            (b'/', ..) => (Quo, 1),
            (b'%', b'=', _) => (RemAssign, 2),
            (b'%', ..) => (Rem, 1),
            (b'&', b'&', _) => (LogAnd, 2),
            (b'&', b'^', b'=') => (AndNotAssign, 3),
            (b'&', b'^', _) => (AndNot, 2),
            (b'&', b'=', _) => (AndAssign, 2),
            (b'&', ..) => (And, 1),
            (b'|', b'|', _) => (LogOr, 2),
            (b'|', b'=', _) => (OrAssign, 2),
            (b'|', ..) => (Or, 1),
            (b'^', b'=', _) => (XorAssign, 2),
            (b'^', ..) => (Xor, 1),
            (b'<', b'<', b'=') => (ShlAssign, 3),
            (b'<', b'<', _) => (Shl, 2),
            (b'<', b'=', _) => (Le, 2),
            (b'<', b'-', _) => (Arrow, 2),
            (b'<', ..) => (Lt, 1),
            (b'>', b'>', b'=') => (ShrAssign, 3),
            (b'>', b'>', _) => (Shr, 2),
            (b'>', b'=', _) => (Ge, 2),
            (b'>', ..) => (Gt, 1),
            (b'~', b'>', _) if vo => (DynArrow, 2),
            (b'~', ..) => (Tilde, 1),
            (b'?', ..) if vo => (Question, 1),
            (b'@', ..) if vo => (At, 1),
            _ => {
                let message = format!("invalid character {}", describe(first as char));
                self.error(Code::InvalidCharacter, self.at, message);
                self.at += 1;
                return false;
            }
        };
        self.at = (self.at + width).min(self.src.len());
        self.token = token;
        self.semi = self::Semi::Semicolon;
        self.newline_ends = matches!(token, RParen | RBrack | RBrace | Inc | Dec | Question);
        true
    }

    /// `// …` up to the line end, which is left for the semicolon rule.
    fn line_comment(&mut self) {
        let start = self.at;
        let rest = &self.src[start..];
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = start + length;
        let text = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
        let span = self.span_of(start, start + text.len());
        if text.starts_with(b"//go:") {
            let text = String::from_utf8_lossy(&text[2..]).into();
            let line = memchr::memrchr(b'\n', &self.src[..start]).map_or(0, |i| i + 1);
            let alone = self.src[line..start].trim_ascii().is_empty();
            self.directives.push(Directive { span, text, alone });
        } else if text.starts_with(b"//line ") && (start == 0 || self.src[start - 1] == b'\n') {
            self.line_directive(&text[7..], start + 7, self.at + 1);
        }
        self.comment(span);
    }

    fn comment(&mut self, span: Span) {
        if self.keep_comments {
            self.comments.push(Comment { span });
        }
    }

    fn span_of(&self, start: usize, end: usize) -> Span {
        Span::new(self.file.pos(start as u32), self.file.pos(end as u32))
    }

    /// `/* … */`; answers true when it acts as a line end.
    fn block_comment(&mut self, newline_ends: bool) -> bool {
        let start = self.at;
        if !self.skip_block_comment() {
            self.error(Code::UnterminatedLiteral, start, "comment not terminated");
            return false;
        }
        let text = &self.src[start..self.at];
        self.comment(self.span_of(start, self.at));
        let several_lines = text.contains(&b'\n');
        if text.starts_with(b"/*line ") && !several_lines {
            self.line_directive(&text[7..text.len() - 2], start + 7, self.at);
        }
        if several_lines && newline_ends {
            self.semi = Semi::Newline;
            self.token = Token::Semi;
            return true;
        }
        false
    }

    /// Moves behind the comment that begins here; in Vo, comments nest. False when it is not closed.
    fn skip_block_comment(&mut self) -> bool {
        let mut depth = 0usize;
        while self.at + 1 < self.src.len() {
            match (self.src[self.at], self.src[self.at + 1]) {
                (b'/', b'*') if depth == 0 || self.dialect == Dialect::Vo => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.src.len();
        false
    }

    /// The name in a `//line` directive, which is relative to the directory of the file that holds it.
    fn beside_this_file(&self, name: &str) -> Arc<str> {
        match self.file.name().rsplit_once('/') {
            _ if name.is_empty() => "".into(),
            Some((dir, _)) => join_names(dir, name).into(),
            None => join_names(".", name).into(),
        }
    }

    /// The text of a `//line` directive: `file:line` or `file:line:col`, applying from offset `from` on.
    fn line_directive(&mut self, text: &[u8], text_at: usize, from: usize) {
        let text = String::from_utf8_lossy(text);
        let Some((head, last)) = text.rsplit_once(':') else { return };
        let invalid = |what: &str, digits: &str| format!("invalid {what} number: {digits}");
        let number = |digits: &str| digits.parse::<u32>().ok();
        let Some(n) = number(last) else {
            return self.error(Code::Syntax, text_at + head.len() + 1, invalid("line", last));
        };
        let in_range = |n: u32| n != 0 && n <= MAX_LINE;
        let with_col = head.rsplit_once(':').and_then(|(name, line)| Some((name, number(line)?, line)));
        let (name, line, col, line_at) = match with_col {
            Some((name, line, _)) if in_range(n) => (name, line, n, name.len() + 1),
            Some((_, _, digits)) => {
                let at = text_at + head.len() - digits.len();
                return self.error(Code::Syntax, at, invalid("column", last));
            }
            None => (head, n, 0, head.len() + 1),
        };
        if !in_range(line) {
            return self.error(Code::Syntax, text_at + line_at, invalid("line", &text[line_at..]));
        }
        let file: Arc<str> = match (name, self.line_directives.last()) {
            ("", Some(previous)) if col != 0 => previous.file.clone(),
            ("", None) if col != 0 => self.file.name().clone(),
            _ => self.beside_this_file(name),
        };
        self.line_directives.push(LineDirective { from: from as u32, file, line, col });
    }
}

/// `dir/name` without `.` and `..` parts that can be resolved.
fn join_names(dir: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let all = if name.starts_with('/') { name.to_owned() } else { format!("{dir}/{name}") };
    for part in all.split('/') {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|p| !p.is_empty() && *p != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The highest line or column that a `//line` directive may name.
const MAX_LINE: u32 = 1 << 30;

/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// How many bytes at `at` no source file may hold: a NUL, a byte order mark, an invalid UTF-8 byte. Zero when
/// all is well.
fn bad_byte(src: &[u8], at: usize) -> usize {
    match src[at] {
        0 => 1,
        0xEF if src[at..].starts_with(BOM) => BOM.len(),
        1..0x80 => 0,
        _ if chars::valid_at(src, at) => 0,
        _ => 1,
    }
}

fn memory_contains(haystack: &[u8], needle: &[u8]) -> bool {
    match needle {
        [byte] => memchr::memchr(*byte, haystack).is_some(),
        _ => memchr::memmem::find(haystack, needle).is_some(),
    }
}
