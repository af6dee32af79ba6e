//! How constant values are spelled in messages.

use std::fmt;

use super::Constant;

/// Characters of a string value shown before the rest is cut off.
const MAX_SHOWN: usize = 72;

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constant::Unknown => f.write_str("unknown"),
            Constant::Bool(b) => write!(f, "{b}"),
            Constant::Str(s) => f.write_str(&shortened(&quote(&s.to_vec()))),
            Constant::Int(i) => write!(f, "{i}"),
            Constant::Big(b) => write!(f, "{b}"),
            Constant::Rat(_) | Constant::Float(_) => f.write_str(&real_text(self)),
            Constant::Complex(c) => write!(f, "({} + {}i)", c.0, c.1),
        }
    }
}

fn shortened(quoted: &str) -> String {
    if quoted.chars().count() <= MAX_SHOWN {
        return quoted.to_owned();
    }
    let head: String = quoted.chars().take(MAX_SHOWN - 3).collect();
    head + "..."
}

/// A Go string literal for the bytes.
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_quoted(&mut out, c);
        }
        for b in chunk.invalid() {
            out.push_str(&format!("\\x{b:02x}"));
        }
    }
    out.push('"');
    out
}

fn push_quoted(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        ' ' => out.push(' '),
        c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
        c if is_printable(c) => out.push(c),
        c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
        c => out.push_str(&format!("\\U{:08x}", c as u32)),
    }
}

fn is_printable(c: char) -> bool {
    !c.is_control()
        && !c.is_whitespace()
        && !matches!(c as u32, 0xad | 0x200b..=0x200f | 0x2028..=0x202e | 0xfeff | 0xe000..=0xf8ff | 0xfff9..=0xffff)
}

fn real_text(c: &Constant) -> String {
    let approx = c.to_f64().unwrap_or(0.0);
    if approx.is_finite() && (approx != 0.0 || c.sign() == 0) {
        let short = format_g(approx, 6);
        let integer = !matches!(c.to_int(), Constant::Unknown);
        // A fraction must not look like an integer.
        return if integer || short.contains('.') { short } else { shortest(approx) };
    }
    let (mant, exp) = match c {
        Constant::Float(f) => f.to_decimal(),
        _ => match c.as_bigfloat() {
            Some(f) => f.to_decimal(),
            None => (0.0, 0),
        },
    };
    format!("{}e{}{}", format_g(mant, 6), if exp < 0 { '-' } else { '+' }, exp.abs())
}

/// `%g`: as many digits as tell the number from its neighbours.
fn shortest(v: f64) -> String {
    let scientific = format!("{v:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exp: i32 = exponent.parse().unwrap_or(0);
    if !(-4..21).contains(&exp) {
        let sign = if exp < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exp.abs());
    }
    format!("{v}")
}

/// `%.<precision>g`: the shorter of plain and exponent notation, without trailing zeros.
pub fn format_g(v: f64, precision: usize) -> String {
    if v == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:.*e}", precision - 1, v);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exp: i32 = exponent.parse().unwrap_or(0);
    let trim = |s: &str| -> String {
        if s.contains('.') { s.trim_end_matches('0').trim_end_matches('.').to_owned() } else { s.to_owned() }
    };
    if exp < -4 || exp >= precision as i32 {
        let sign = if exp < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exp.abs());
    }
    let decimals = (precision as i32 - 1 - exp).max(0) as usize;
    trim(&format!("{v:.decimals$}"))
}
