//! The values of string and rune literals.

/// The value of a rune literal, or one element of a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unquoted {
    /// A character (which strings encode as UTF-8).
    Char(char),
    /// A byte given by `\x` or an octal escape.
    Byte(u8),
}

/// The bytes of a string literal, quotes included in `raw`; none when it is malformed.
pub fn unquote_string(raw: &str) -> Option<Vec<u8>> {
    if let Some(body) = raw.strip_prefix('`') {
        let body = body.strip_suffix('`')?;
        return Some(body.bytes().filter(|&b| b != b'\r').collect());
    }
    let mut rest = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = Vec::with_capacity(rest.len());
    while let Some(plain) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..plain]);
        rest = &rest[plain..];
        match take_char(&mut rest)? {
            Unquoted::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unquoted::Byte(b) => out.push(b),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

/// The value of a rune literal, quotes included in `raw`; none when it is malformed.
pub fn unquote_char(raw: &str) -> Option<u32> {
    let mut rest = raw.strip_prefix('\'')?.strip_suffix('\'')?;
    let value = match take_char(&mut rest)? {
        Unquoted::Char(c) => u32::from(c),
        Unquoted::Byte(b) => u32::from(b),
    };
    rest.is_empty().then_some(value)
}

/// Takes one character or escape off the front.
fn take_char(rest: &mut &str) -> Option<Unquoted> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    if first != '\\' {
        *rest = chars.as_str();
        return Some(Unquoted::Char(first));
    }
    let letter = chars.next()?;
    let simple = match letter {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' | '\'' | '"' => letter,
        _ => return take_number(rest, letter),
    };
    *rest = chars.as_str();
    Some(Unquoted::Char(simple))
}

/// Takes a numeric escape; `rest` begins with the backslash.
fn take_number(rest: &mut &str, letter: char) -> Option<Unquoted> {
    let (skip, count, base) = match letter {
        'x' => (2, 2, 16),
        'u' => (2, 4, 16),
        'U' => (2, 8, 16),
        '0'..='7' => (1, 3, 8),
        _ => return None,
    };
    let digits = rest.get(skip..skip + count)?;
    let value = u32::from_str_radix(digits, base).ok()?;
    *rest = &rest[skip + count..];
    match letter {
        'u' | 'U' => char::from_u32(value).map(Unquoted::Char),
        _ => u8::try_from(value).ok().map(Unquoted::Byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        assert_eq!(
            unquote_string(r#""a\n\x00\377\u00e4\U0001F600b""#).unwrap(),
            "a\n\0".bytes().chain([0xFF]).chain("ä😀b".bytes()).collect::<Vec<_>>()
        );
        assert_eq!(unquote_string("`a\r\n\\n`").unwrap(), b"a\n\\n");
        assert_eq!(unquote_string(r#""\q""#), None);
        assert_eq!(unquote_string(r#""\x1"#), None);
    }

    #[test]
    fn runes() {
        assert_eq!(unquote_char("'ä'"), Some(0xE4));
        assert_eq!(unquote_char(r"'\''"), Some(39));
        assert_eq!(unquote_char(r"'\377'"), Some(255));
        assert_eq!(unquote_char("'ab'"), None);
        assert_eq!(unquote_char("''"), None);
    }
}
