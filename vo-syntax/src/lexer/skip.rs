//! Stepping over blocks and functions without making tokens of them.

use super::Lexer;
use crate::source::Dialect;
use crate::token::Token;

/// The bytes at which a block's end may be, or something that hides it.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut i = 0;
    while i < 6 {
        stops[b"{}\"'`/"[i] as usize] = true;
        i += 1;
    }
    stops
};

/// A function that was stepped over.
pub struct Skim<'a> {
    /// Whether a method's receiver is a pointer, and its base type's name.
    pub recv: Option<(bool, &'a str)>,
    /// The function's name.
    pub name: &'a str,
    /// Where the name stands: an offset.
    pub name_at: u32,
    /// Just behind the function: an offset.
    end: usize,
    body: bool,
}

impl<'a> Lexer<'a> {
    /// From the current token `{` to its `}`, which becomes the current token. False, and nothing has
    /// happened, where the block has no end or the file has encoding errors.
    pub fn skip_block(&mut self) -> bool {
        if !self.clean {
            return false;
        }
        let Some(end) = self.end_of_block(self.end) else { return false };
        self.token = Token::RBrace;
        (self.start, self.end, self.at) = (end - 1, end, end);
        self.newline_ends = true;
        true
    }

    /// What there is to know of the function whose `func` is the current token. None, where it is none of the
    /// ordinary ones: functions that the language knows by name, receivers that are no plain types, names of other
    /// letters than ASCII's, and what has no end.
    pub fn skim_func(&self) -> Option<Skim<'a>> {
        if !self.clean {
            return None;
        }
        let mut at = self.blanks(self.end);
        let mut recv = None;
        if self.src.get(at) == Some(&b'(') {
            let found = self.skim_receiver(at + 1)?;
            recv = Some(found.0);
            at = self.blanks(found.1);
        }
        let name = self.word(at)?;
        if matches!(name, "init" | "main" | "_") {
            return None;
        }
        let name_at = at as u32;
        let (end, body) = self.end_of_func(at + name.len())?;
        Some(Skim { recv, name, name_at, end, body })
    }

    /// Moves to the end of a function that was skimmed: its last token becomes the current one.
    pub fn step_over(&mut self, func: &Skim<'_>) {
        self.token = if func.body { Token::RBrace } else { Token::Ident };
        (self.start, self.end, self.at) = (func.end - 1, func.end, func.end);
        self.newline_ends = true;
    }

    fn blanks(&self, at: usize) -> usize {
        at + self.src[at..].iter().take_while(|&&b| b == b' ' || b == b'\t').count()
    }

    /// The word at `at`, of ASCII letters.
    fn word(&self, at: usize) -> Option<&'a str> {
        let rest = self.src.get(at..)?;
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let ends = rest.get(length).is_some_and(u8::is_ascii);
        let word = std::str::from_utf8(&rest[..length]).ok()?;
        (ends && !word.is_empty() && !word.as_bytes()[0].is_ascii_digit()).then_some(word)
    }

    /// `name *Base[…])` in a receiver from `at` on: whether it is a pointer and the base's name; and where it ends.
    fn skim_receiver(&self, at: usize) -> Option<((bool, &'a str), usize)> {
        let mut at = self.blanks(at);
        let mut base = None;
        if self.src.get(at) != Some(&b'*') {
            let word = self.word(at)?;
            base = Some(word);
            at = self.blanks(at + word.len());
        }
        let ptr = self.src.get(at) == Some(&b'*');
        if ptr {
            at = self.blanks(at + 1);
        }
        if let Some(word) = self.word(at) {
            base = Some(word);
            at = self.blanks(at + word.len());
        } else if ptr {
            return None;
        }
        if self.src.get(at) == Some(&b'[') {
            at = self.blanks(self.find(b"]", at)?);
        }
        (self.src.get(at) == Some(&b')')).then_some(((ptr, base?), at + 1))
    }

    /// Where a function ends whose parameters begin at `at`, and whether it has a body.
    fn end_of_func(&self, mut at: usize) -> Option<(usize, bool)> {
        let mut depth = 0u32;
        // Just behind what was last no blank.
        let mut last = at;
        loop {
            let b = *self.src.get(at)?;
            match b {
                b' ' | b'\t' | b'\r' => {
                    at += 1;
                    continue;
                }
                b'\n' | b';' if depth == 0 => return Some((last, false)),
                b'/' if self.src.get(at + 1) == Some(&b'/') => {
                    at = self.find(b"\n", at)? - 1;
                    continue;
                }
                b'/' => {
                    at = self.end_of_comment(at)?;
                    continue;
                }
                b'{' if depth > 0 || self.ends_in_type_keyword(last) => at = self.end_of_block(at + 1)?,
                b'{' => return Some((self.end_of_block(at + 1)?, true)),
                b'(' | b'[' => {
                    depth += 1;
                    at += 1;
                }
                b')' | b']' => {
                    depth = depth.checked_sub(1)?;
                    at += 1;
                }
                b'"' | b'\'' => at = self.end_of_quoted(at)?,
                b'`' => at = self.find(b"`", at + 1)?,
                _ => at += 1,
            }
            last = at;
        }
    }

    /// Whether the source up to `end` ends in a keyword behind which `{` belongs to a type.
    fn ends_in_type_keyword(&self, end: usize) -> bool {
        let text = &self.src[..end];
        [&b"struct"[..], b"interface"].into_iter().any(|keyword| {
            let before = text.strip_suffix(keyword).map(|rest| rest.last().copied().unwrap_or(b' '));
            before.is_some_and(|b| !b.is_ascii_alphanumeric() && b != b'_')
        })
    }

    /// Just behind the `}` that closes a block whose content begins at `at`.
    fn end_of_block(&self, mut at: usize) -> Option<usize> {
        let mut open = 1;
        loop {
            at += self.src.get(at..)?.iter().position(|&b| STOPS[b as usize])?;
            let b = self.src[at];
            at = match (b, self.src.get(at + 1)) {
                (b'"' | b'\'', _) => self.end_of_quoted(at)?,
                (b'`', _) => self.find(b"`", at + 1)?,
                (b'/', Some(b'/')) => self.find(b"\n", at + 2)?,
                (b'/', Some(b'*')) => self.end_of_comment(at)?,
                _ => at + 1,
            };
            match b {
                b'{' => open += 1,
                b'}' if open == 1 => return Some(at),
                b'}' => open -= 1,
                _ => {}
            }
        }
    }

    /// Just behind a string or character literal that begins at `at`.
    fn end_of_quoted(&self, at: usize) -> Option<usize> {
        let quote = self.src[at];
        let mut at = at + 1;
        loop {
            match *self.src.get(at)? {
                b'\\' => at += 2,
                b'\n' => return None,
                b if b == quote => return Some(at + 1),
                _ => at += 1,
            }
        }
    }

    /// Just behind a `/* */` comment that begins at `at`; they nest in Vo.
    fn end_of_comment(&self, at: usize) -> Option<usize> {
        if self.dialect == Dialect::Go {
            return self.find(b"*/", at + 2);
        }
        let (mut at, mut open) = (at + 2, 1);
        while open > 0 {
            match (*self.src.get(at)?, self.src.get(at + 1)) {
                (b'/', Some(b'*')) => (at, open) = (at + 2, open + 1),
                (b'*', Some(b'/')) => (at, open) = (at + 2, open - 1),
                _ => at += 1,
            }
        }
        Some(at)
    }

    /// Just behind the next occurrence of `what` from `at` on.
    fn find(&self, what: &[u8], at: usize) -> Option<usize> {
        let rest = self.src.get(at..)?;
        let found = match what {
            [byte] => memchr::memchr(*byte, rest),
            _ => memchr::memmem::find(rest, what),
        };
        found.map(|i| at + i + what.len())
    }
}
