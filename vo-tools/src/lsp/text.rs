//! Positions, ranges and names of files as the protocol has them.

use lsp_types::{Position, Range, Uri};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The byte offset of a position; past the end of a line, that of the line's end.
pub(super) fn offset(text: &str, position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].find('\n') {
            Some(length) => start += length + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or("");
    let mut units = 0;
    for (at, c) in line.char_indices() {
        if units >= position.character {
            return start + at;
        }
        units += c.len_utf16() as u32;
    }
    start + line.strip_suffix('\r').unwrap_or(line).len()
}

/// The position of a byte offset.
pub(super) fn position(text: &str, offset: usize) -> Position {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count() as u32;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line, character: before[start..].encode_utf16().count() as u32 }
}

/// The range of bytes.
pub(super) fn range(text: &str, from: usize, to: usize) -> Range {
    Range { start: position(text, from), end: position(text, to.max(from)) }
}

/// The path of a `file:` address.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let path = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut at = path.bytes();
    while let Some(b) = at.next() {
        if b != b'%' {
            bytes.push(b);
            continue;
        }
        let (high, low) = (char::from(at.next()?).to_digit(16)?, char::from(at.next()?).to_digit(16)?);
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The `file:` address of an absolute path.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let mut text = "file://".to_owned();
    for b in path.to_str()?.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => text.push(b.into()),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
    Uri::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_utf16_units() {
        let text = "a\nä😀b\r\nc";
        for (offset_, line, character) in [(0, 0, 0), (2, 1, 0), (4, 1, 1), (8, 1, 3), (11, 2, 0), (12, 2, 1)]
        {
            let at = Position { line, character };
            assert_eq!(position(text, offset_), at);
            assert_eq!(offset(text, at), offset_);
        }
        assert_eq!(offset(text, Position { line: 1, character: 99 }), 9);
        assert_eq!(offset(text, Position { line: 9, character: 0 }), text.len());
    }

    #[test]
    fn addresses_are_paths() {
        let path = Path::new("/tmp/a b/ä.vo");
        let uri = uri_of(path).expect("an address");
        assert_eq!(uri.as_str(), "file:///tmp/a%20b/%C3%A4.vo");
        assert_eq!(path_of(&uri).as_deref(), Some(path));
    }
}
