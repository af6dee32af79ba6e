//! Characters: decoding, and the Unicode classes that the language speaks of.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character is a letter in the language's sense (Unicode classes Lu, Ll, Lt, Lm, Lo, and `_`).
pub fn is_letter(c: char) -> bool {
    use GeneralCategory::*;
    if c.is_ascii() {
        return c.is_ascii_alphabetic() || c == '_';
    }
    matches!(
        get_general_category(c),
        UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter
    )
}

/// Whether a character is a decimal digit (Unicode class Nd).
pub fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    get_general_category(c) == GeneralCategory::DecimalNumber
}

/// Whether a character is an upper-case letter (Unicode class Lu, which decides what is exported).
pub fn is_upper(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_uppercase();
    }
    get_general_category(c) == GeneralCategory::UppercaseLetter
}

/// Whether a character has a printed form (letters, marks, numbers, punctuation, symbols, ASCII space).
pub fn is_print(c: char) -> bool {
    use GeneralCategory::*;
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    !matches!(
        get_general_category(c),
        Control
            | Format
            | Surrogate
            | PrivateUse
            | Unassigned
            | SpaceSeparator
            | LineSeparator
            | ParagraphSeparator
    )
}

/// A character as error messages show it: `U+0023 '#'`, without the quoted part when it cannot be printed.
pub fn describe(c: char) -> String {
    let number = c as u32;
    if is_print(c) { format!("U+{number:04X} '{c}'") } else { format!("U+{number:04X}") }
}

/// The length of the encoded character at `at`: 1 for ASCII and for bytes that begin no character.
pub(super) fn width(src: &[u8], at: usize) -> usize {
    match src[at] {
        0..0x80 => 1,
        _ if valid_at(src, at) => match src[at] {
            0xF0.. => 4,
            0xE0.. => 3,
            _ => 2,
        },
        _ => 1,
    }
}

/// Whether a well-formed character begins at `at`.
pub(super) fn valid_at(src: &[u8], at: usize) -> bool {
    let length = match src[at] {
        0..0x80 => return true,
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => return false,
    };
    src.get(at..at + length).is_some_and(|bytes| std::str::from_utf8(bytes).is_ok())
}

/// The character at `at`; the replacement character where none begins.
pub(super) fn decode(src: &[u8], at: usize) -> char {
    let bytes = &src[at..at + width(src, at)];
    std::str::from_utf8(bytes).ok().and_then(|s| s.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER)
}
