//! Bytes to tokens.

/// Whether a character is an upper-case letter (Unicode class Lu, which decides what is exported).
pub fn is_upper(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_uppercase() } else { c.is_uppercase() }
}
