//! Literals to constant values.
//!
//! The lexer has already checked the spelling; what is malformed all the same gives `Unknown`.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Num, One, Zero};

use super::{BigFloat, Constant};

/// An integer literal: decimal, `0x`, `0o` or `0`, `0b`, with underscores.
pub fn parse_int(text: &str) -> Constant {
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let (digits, radix) = match clean.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&clean[2..], 16),
        [b'0', b'o' | b'O', ..] => (&clean[2..], 8),
        [b'0', b'b' | b'B', ..] => (&clean[2..], 2),
        [b'0', _, ..] => (&clean[1..], 8),
        _ => (clean.as_str(), 10),
    };
    match BigInt::from_str_radix(digits, radix) {
        Ok(v) => Constant::from_bigint(v),
        Err(_) => Constant::Unknown,
    }
}

/// A floating-point literal, decimal or hexadecimal.
pub fn parse_float(text: &str) -> Constant {
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let (radix, body, marker) = match clean.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &clean[2..], ['p', 'P']),
        _ => (10, clean.as_str(), ['e', 'E']),
    };
    let (mantissa, exponent) = match body.find(marker) {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let Ok(mant) = BigInt::from_str_radix(if digits.is_empty() { "0" } else { &digits }, radix) else {
        return Constant::Unknown;
    };
    let Ok(exponent) = exponent.parse::<i64>() else {
        return huge_exponent(exponent, &mant);
    };
    let fraction_len = fraction.len() as i64;
    if radix == 16 {
        binary(mant, exponent.saturating_sub(4 * fraction_len))
    } else {
        decimal(mant, exponent.saturating_sub(fraction_len))
    }
}

/// An imaginary literal, with its final `i`.
pub fn parse_imaginary(text: &str) -> Constant {
    let body = text.strip_suffix('i').unwrap_or(text);
    let prefixed = matches!(body.as_bytes(), [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    let hex_float = prefixed && body.contains(['p', 'P', '.']);
    let value = if hex_float || !prefixed {
        // A leading zero means nothing here: 0123i is 123i.
        parse_float(body)
    } else {
        parse_int(body)
    };
    Constant::complex(Constant::Int(0), value)
}

fn huge_exponent(exponent: &str, mant: &BigInt) -> Constant {
    if mant.is_zero() || exponent.starts_with('-') {
        Constant::from_rational(BigRational::zero())
    } else {
        Constant::Unknown
    }
}

fn binary(mant: BigInt, exp: i64) -> Constant {
    if mant.is_zero() {
        return Constant::from_rational(BigRational::zero());
    }
    if exp.abs() < 8192 {
        let one = BigInt::one();
        return Constant::from_rational(if exp >= 0 {
            BigRational::from_integer(mant << exp)
        } else {
            BigRational::new(mant, one << -exp)
        });
    }
    Constant::from_bigfloat(BigFloat::from_parts(mant, exp))
}

fn decimal(mant: BigInt, exp: i64) -> Constant {
    if mant.is_zero() {
        return Constant::from_rational(BigRational::zero());
    }
    if exp.abs() < 2500 {
        let power = BigInt::from(10).pow(exp.unsigned_abs() as u32);
        return Constant::from_rational(if exp >= 0 {
            BigRational::from_integer(mant * power)
        } else {
            BigRational::new(mant, power)
        });
    }
    let power = BigFloat::pow10(exp.unsigned_abs());
    let mant = BigFloat::from_parts(mant, 0);
    Constant::from_bigfloat(if exp >= 0 { mant.mul(&power) } else { mant.quo(&power) })
}
