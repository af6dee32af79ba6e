//! Stepping over a block without making tokens of it.

use super::Lexer;
use crate::source::Dialect;
use crate::token::Token;

impl Lexer<'_> {
    /// From the current token `{` to its `}`, which becomes the current token. False, and nothing has
    /// happened, where the block has no end or the file has encoding errors.
    pub fn skip_block(&mut self) -> bool {
        if !self.clean {
            return false;
        }
        let Some(end) = self.end_of_block() else { return false };
        self.token = Token::RBrace;
        (self.start, self.end, self.at) = (end - 1, end, end);
        self.newline_ends = true;
        true
    }

    /// Just behind the `}` that closes the block whose `{` is the current token.
    fn end_of_block(&self) -> Option<usize> {
        let mut at = self.end;
        let mut open = 1;
        loop {
            let b = *self.src.get(at)?;
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
            [byte] => rest.iter().position(|b| b == byte),
            _ => rest.windows(what.len()).position(|w| w == what),
        };
        found.map(|i| at + i + what.len())
    }
}
