//! Literals: numbers, strings, runes. What is malformed is reported and marked, never refused: the token is
//! as long as it looks, so that the parser goes on behind it.

use super::{Lexer, chars, describe};
use crate::diag::Code;
use crate::token::Token;

/// What a run of digits held.
#[derive(Clone, Copy, Default)]
struct Digits {
    any: bool,
    separators: bool,
    /// Offset of the first digit that is too large for the base.
    invalid: Option<usize>,
}

impl Digits {
    fn and(self, next: Digits) -> Digits {
        Digits {
            any: self.any | next.any,
            separators: self.separators | next.separators,
            invalid: self.invalid.or(next.invalid),
        }
    }
}

fn base_name(base: u32) -> &'static str {
    match base {
        2 => "binary",
        8 => "octal",
        16 => "hexadecimal",
        _ => "decimal",
    }
}

impl Lexer<'_> {
    fn literal(&mut self, token: Token, ok: bool) {
        self.token = token;
        self.bad = !ok;
        self.newline_ends = true;
    }

    /// Reports at most one error a number.
    fn number_error(&mut self, ok: &mut bool, at: usize, message: String) {
        if std::mem::replace(ok, false) {
            self.error(Code::InvalidNumber, at, message);
        }
    }

    fn digits(&mut self, base: u32) -> Digits {
        let mut found = Digits::default();
        loop {
            match self.peek() {
                b'_' => found.separators = true,
                b @ b'0'..=b'9' => {
                    found.any = true;
                    if u32::from(b - b'0') >= base {
                        found.invalid = found.invalid.or(Some(self.at));
                    }
                }
                b'a'..=b'f' | b'A'..=b'F' if base == 16 => found.any = true,
                _ => return found,
            }
            self.at += 1;
        }
    }

    /// A number: integer, floating-point or imaginary; the first byte is a digit, or a point before one.
    pub(super) fn number(&mut self) {
        let mut ok = true;
        let (base, prefix) = self.number_prefix();
        let mut found = Digits { any: prefix == b'0', ..Digits::default() };
        let mut token = Token::Int;
        if self.peek() != b'.' || self.at > self.start {
            found = found.and(self.digits(base));
        }
        if self.peek() == b'.' {
            if matches!(prefix, b'o' | b'b') {
                let message = format!("invalid radix point in {} literal", base_name(base));
                self.number_error(&mut ok, self.at, message);
            }
            self.at += 1;
            token = Token::Float;
            found = found.and(self.digits(base));
        }
        if !found.any {
            self.number_error(&mut ok, self.at, format!("{} literal has no digits", base_name(base)));
        }
        self.exponent(&mut ok, &mut token, &mut found, prefix);
        if self.peek() == b'i' {
            token = Token::Imag;
            self.at += 1;
        }
        if let (Token::Int, Some(at)) = (token, found.invalid) {
            let digit = self.src[at] as char;
            let message = format!("invalid digit '{digit}' in {} literal", base_name(base));
            self.number_error(&mut ok, at, message);
        }
        if found.separators
            && let Some(at) = misplaced_separator(&self.src[self.start..self.at])
        {
            self.number_error(&mut ok, self.start + at, "'_' must separate successive digits".into());
        }
        self.literal(token, ok);
    }

    /// Consumes `0x`, `0o`, `0b` or a leading `0`: the base, and the prefix's letter (`0` for a leading zero,
    /// a blank for none).
    fn number_prefix(&mut self) -> (u32, u8) {
        if self.peek() != b'0' {
            return (10, b' ');
        }
        let letter = self.peek_at(1).to_ascii_lowercase();
        let (base, prefix, width) = match letter {
            b'x' => (16, b'x', 2),
            b'o' => (8, b'o', 2),
            b'b' => (2, b'b', 2),
            _ => (8, b'0', 1),
        };
        self.at += width;
        (base, prefix)
    }

    fn exponent(&mut self, ok: &mut bool, token: &mut Token, found: &mut Digits, prefix: u8) {
        let letter = self.peek();
        match letter.to_ascii_lowercase() {
            b'e' if !matches!(prefix, b' ' | b'0') => {
                let message = format!("'{}' exponent requires decimal mantissa", letter as char);
                self.number_error(ok, self.at, message);
            }
            b'p' if prefix != b'x' => {
                let message = format!("'{}' exponent requires hexadecimal mantissa", letter as char);
                self.number_error(ok, self.at, message);
            }
            b'e' | b'p' => {}
            _ => {
                if prefix == b'x' && *token == Token::Float {
                    let message = "hexadecimal mantissa requires a 'p' exponent".to_owned();
                    self.number_error(ok, self.at, message);
                }
                return;
            }
        }
        self.at += 1;
        *token = Token::Float;
        if matches!(self.peek(), b'+' | b'-') {
            self.at += 1;
        }
        let digits = self.digits(10);
        if !digits.any {
            self.number_error(ok, self.at, "exponent has no digits".into());
        }
        found.separators |= digits.separators;
    }

    /// `"…"`
    pub(super) fn string(&mut self) {
        let mut ok = true;
        self.at += 1;
        loop {
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    break;
                }
                b'\\' => ok &= self.escape(b'"'),
                b'\n' => {
                    self.error(Code::UnterminatedLiteral, self.at, "newline in string");
                    ok = false;
                    break;
                }
                0 if self.at_end() => {
                    self.error(Code::UnterminatedLiteral, self.start, "string not terminated");
                    ok = false;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.literal(Token::String, ok);
    }

    /// `` `…` ``
    pub(super) fn raw_string(&mut self) {
        let rest = &self.src[self.at + 1..];
        let close = memchr::memchr(b'`', rest);
        self.at = close.map_or(self.src.len(), |length| self.at + length + 2);
        if close.is_none() {
            self.error(Code::UnterminatedLiteral, self.start, "string not terminated");
        }
        self.literal(Token::String, close.is_some());
    }

    /// `'…'`
    pub(super) fn char_literal(&mut self) {
        let mut ok = true;
        let mut count = 0;
        self.at += 1;
        loop {
            match self.peek() {
                b'\'' => {
                    self.check_char_count(&mut ok, count);
                    self.at += 1;
                    break;
                }
                b'\\' => ok &= self.escape(b'\''),
                b'\n' => {
                    if std::mem::replace(&mut ok, false) {
                        self.error(Code::UnterminatedLiteral, self.at, "newline in rune literal");
                    }
                    break;
                }
                0 if self.at_end() => {
                    if std::mem::replace(&mut ok, false) {
                        self.error(Code::UnterminatedLiteral, self.start, "rune literal not terminated");
                    }
                    break;
                }
                _ => self.at += chars::width(self.src, self.at),
            }
            count += 1;
        }
        self.literal(Token::Char, ok);
    }

    fn check_char_count(&mut self, ok: &mut bool, count: u32) {
        let (at, message) = match count {
            1 => return,
            0 => (self.at, "empty rune literal or unescaped '"),
            _ => (self.start, "more than one character in rune literal"),
        };
        if std::mem::replace(ok, false) {
            self.error(Code::InvalidRuneLiteral, at, message);
        }
    }

    /// A backslash and what follows; false when it is no valid escape (and reported). The end of the file is
    /// left to the caller.
    fn escape(&mut self, quote: u8) -> bool {
        self.at += 1;
        let (count, base, max) = match self.peek() {
            b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' => {
                self.at += 1;
                return true;
            }
            b if b == quote => {
                self.at += 1;
                return true;
            }
            b'0'..=b'7' => (3, 8, 255),
            b'x' => (2, 16, 255),
            b'u' => (4, 16, u32::from(char::MAX)),
            b'U' => (8, 16, u32::from(char::MAX)),
            0 if self.at_end() => return true,
            _ => {
                self.error(Code::InvalidEscape, self.at, "unknown escape");
                return false;
            }
        };
        if base == 16 {
            self.at += 1;
        }
        self.escape_digits(count, base, max)
    }

    fn escape_digits(&mut self, count: u32, base: u32, max: u32) -> bool {
        let mut value: u32 = 0;
        for _ in 0..count {
            if self.at_end() {
                return true;
            }
            let Some(digit) = (self.peek() as char).to_digit(base) else {
                let found = chars::decode(self.src, self.at);
                let shown = match found {
                    '\n' => "'\\n'".to_owned(),
                    '\'' => "'\\''".to_owned(),
                    '\\' => "'\\\\'".to_owned(),
                    c => format!("'{c}'"),
                };
                let message = format!("invalid character {shown} in {} escape", base_name(base));
                self.error(Code::InvalidEscape, self.at, message);
                return false;
            };
            value = value.wrapping_mul(base).wrapping_add(digit);
            self.at += 1;
        }
        if value > max && base == 8 {
            self.error(Code::InvalidEscape, self.at, format!("octal escape value {value} > 255"));
            return false;
        }
        if value > max || (0xD800..0xE000).contains(&value) {
            let shown = char::from_u32(value).map_or_else(|| format!("U+{value:04X}"), describe);
            let message = format!("escape is invalid Unicode code point {shown}");
            self.error(Code::InvalidEscape, self.at, message);
            return false;
        }
        true
    }
}

/// The index of the first `_` that does not stand between two digits (a base prefix counts as a digit); of
/// several in a row, the second.
fn misplaced_separator(text: &[u8]) -> Option<usize> {
    let hex = text.len() > 1 && text[1].eq_ignore_ascii_case(&b'x');
    let prefixed = text[0] == b'0' && text.len() > 1 && b"xob".contains(&text[1].to_ascii_lowercase());
    let is_digit = |i: usize| {
        let b = text[i];
        prefixed && i == 1 || b.is_ascii_digit() || hex && b.is_ascii_hexdigit()
    };
    (0..text.len()).filter(|&i| text[i] == b'_').find(|&i| {
        let before = i > 0 && is_digit(i - 1);
        let after = i + 1 < text.len() && (is_digit(i + 1) || text[i + 1] == b'_');
        !before || !after
    })
}
