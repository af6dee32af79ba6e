//! Floating-point numbers of 512 bits with very large exponents, for constants such as `1e10000`
//! that would be absurd as fractions; and correct rounding of fractions to machine floats.
//!
//! A value is `mant * 2^exp` with an odd-length normalisation: the mantissa has at most
//! [`PRECISION`] bits and is odd unless the value is zero. Exponents beyond ±2^31 overflow to
//! infinity or underflow to zero.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{div_rem, trailing_zeros};

/// Bits of mantissa that survive an operation.
pub const PRECISION: u64 = 512;
/// Largest magnitude of a binary exponent.
const MAX_EXP: i64 = i32::MAX as i64;

/// See the module's description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigFloat {
    mant: BigInt,
    exp: i64,
    inf: bool,
}

impl BigFloat {
    fn make(mant: BigInt, exp: i64, precision: u64) -> BigFloat {
        let (mant, exp) = round_bits(mant, exp, precision);
        if mant.is_zero() {
            return BigFloat { mant, exp: 0, inf: false };
        }
        let zeros = trailing_zeros(mant.magnitude());
        let mant = mant >> zeros;
        let exp = exp + zeros as i64;
        let top = exp + mant.bits() as i64;
        if top < -MAX_EXP {
            return BigFloat { mant: BigInt::zero(), exp: 0, inf: false };
        }
        BigFloat { mant, exp, inf: top > MAX_EXP }
    }

    /// `mant * 2^exp`, rounded.
    pub fn from_parts(mant: BigInt, exp: i64) -> BigFloat {
        BigFloat::make(mant, exp, PRECISION)
    }

    /// A fraction, rounded.
    pub fn from_rational(r: &BigRational) -> BigFloat {
        quotient(r.numer(), 0, r.denom(), 0, PRECISION)
    }

    /// `10^n`, computed with 128 guard bits.
    pub fn pow10(n: u64) -> BigFloat {
        let wide = PRECISION + 128;
        let mut result = BigFloat::make(BigInt::one(), 0, wide);
        let mut base = BigFloat::make(BigInt::from(10), 0, wide);
        let mut left = n;
        while left > 0 {
            if left & 1 == 1 {
                result = result.mul_with(&base, wide);
            }
            if result.inf {
                return result;
            }
            left >>= 1;
            if left > 0 {
                base = base.mul_with(&base, wide);
            }
            if base.inf {
                return base;
            }
        }
        result
    }

    /// Whether the exponent went out of all bounds.
    pub fn is_inf(&self) -> bool {
        self.inf
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        !self.inf && self.mant.is_zero()
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match self.mant.sign() {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        }
    }

    /// The exponent of the value seen as `m * 2^e` with `0.5 <= m < 1`.
    fn top(&self) -> i64 {
        self.exp + self.mant.bits() as i64
    }

    /// Whether the value is small enough in exponent for an exact fraction.
    pub fn has_moderate_exponent(&self, limit: i64) -> bool {
        let top = self.top();
        -limit < top && top < limit
    }

    /// The exact fraction; `None` if it would be enormous.
    pub fn to_rational(&self) -> Option<BigRational> {
        if self.inf || self.exp.abs() > 1 << 16 {
            return None;
        }
        Some(if self.exp >= 0 {
            BigRational::from_integer(self.mant.clone() << self.exp)
        } else {
            BigRational::new(self.mant.clone(), BigInt::one() << -self.exp)
        })
    }

    /// The integer this is, allowing for an error of a few units in the last place as constants
    /// of this form are already rounded; `None` if it is none or is too large to write down.
    pub fn to_integer(&self) -> Option<BigInt> {
        if self.inf || self.top() > 1 << 20 {
            return None;
        }
        if self.exp >= 0 {
            return Some(self.mant.clone() << self.exp);
        }
        let rounded = BigFloat::make(self.mant.clone(), self.exp, PRECISION - 4);
        (rounded.exp >= 0).then(|| rounded.mant << rounded.exp)
    }

    /// `-x`.
    pub fn neg(&self) -> BigFloat {
        BigFloat { mant: -self.mant.clone(), exp: self.exp, inf: self.inf }
    }

    /// `x + y`.
    pub fn add(&self, other: &BigFloat) -> BigFloat {
        if self.inf || other.is_zero() {
            return self.clone();
        }
        if other.inf || self.is_zero() {
            return other.clone();
        }
        let (high, low) = if self.top() >= other.top() { (self, other) } else { (other, self) };
        // Far below the last bit the smaller operand only decides the direction of rounding.
        if high.top() - low.top() > 2 * PRECISION as i64 + 8 {
            return high.clone();
        }
        let exp = high.exp.min(low.exp);
        let sum = (high.mant.clone() << (high.exp - exp)) + (low.mant.clone() << (low.exp - exp));
        BigFloat::from_parts(sum, exp)
    }

    /// `x * y`.
    pub fn mul(&self, other: &BigFloat) -> BigFloat {
        self.mul_with(other, PRECISION)
    }

    fn mul_with(&self, other: &BigFloat, precision: u64) -> BigFloat {
        if self.inf || other.inf {
            return BigFloat { inf: true, ..self.clone() };
        }
        BigFloat::make(&self.mant * &other.mant, self.exp + other.exp, precision)
    }

    /// `x / y`, where `y` is not zero.
    pub fn quo(&self, other: &BigFloat) -> BigFloat {
        if self.inf {
            return self.clone();
        }
        if other.inf {
            return BigFloat::from_parts(BigInt::zero(), 0);
        }
        quotient(&self.mant, self.exp, &other.mant, other.exp, PRECISION)
    }

    /// Ordering by value.
    pub fn compare(&self, other: &BigFloat) -> Ordering {
        match self.sign().cmp(&other.sign()) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
        if self.is_zero() {
            return Ordering::Equal;
        }
        let by_top = self.top().cmp(&other.top());
        if by_top != Ordering::Equal {
            return if self.sign() < 0 { by_top.reverse() } else { by_top };
        }
        let exp = self.exp.min(other.exp);
        (self.mant.clone() << (self.exp - exp)).cmp(&(other.mant.clone() << (other.exp - exp)))
    }

    /// Rounded to a machine format of `precision` bits whose smallest unit is `2^min_exp` and
    /// whose values stay below `2^max_exp`.
    pub fn to_f64(&self, precision: u64, min_exp: i64, max_exp: i64) -> f64 {
        let top = self.top();
        let signed = |v: f64| if self.sign() < 0 { -v } else { v };
        if self.is_zero() || top < min_exp - 1 {
            return signed(0.0);
        }
        if self.inf || top > max_exp {
            return signed(f64::INFINITY);
        }
        match self.to_rational() {
            Some(r) => round_ratio(r.numer(), r.denom(), precision, min_exp, max_exp),
            None => signed(0.0),
        }
    }

    /// Bytes that are equal exactly for equal values.
    pub fn key(&self) -> Vec<u8> {
        let mut key = self.exp.to_le_bytes().to_vec();
        key.extend(self.mant.to_signed_bytes_le());
        key
    }

    /// Decimal mantissa in `[1, 10)` and decimal exponent, for messages.
    pub fn to_decimal(&self) -> (f64, i64) {
        const LOG10_2: f64 = std::f64::consts::LOG10_2;
        let shift = self.mant.bits() as i64 - 64;
        let mant = if shift > 0 { self.mant.clone() >> shift } else { self.mant.clone() };
        let exp = self.exp + shift.max(0);
        let log = mant.to_f64().unwrap_or(1.0).abs().log10() + exp as f64 * LOG10_2;
        let whole = log.floor();
        let lead = 10f64.powf(log - whole);
        (if self.sign() < 0 { -lead } else { lead }, whole as i64)
    }
}

/// Rounds `mant * 2^exp` to `precision` bits, ties to even.
fn round_bits(mant: BigInt, exp: i64, precision: u64) -> (BigInt, i64) {
    let bits = mant.bits();
    if bits <= precision {
        return (mant, exp);
    }
    let drop = bits - precision;
    let negative = mant.is_negative();
    let magnitude = mant.magnitude().clone();
    let mut kept = magnitude.clone() >> drop;
    let half = magnitude.bit(drop - 1);
    let rest = half && trailing_zeros(&magnitude) < drop - 1;
    if half && (rest || kept.bit(0)) {
        kept += 1u32;
    }
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    (BigInt::from_biguint(sign, kept), exp + drop as i64)
}

/// `(n * 2^ne) / (d * 2^de)` rounded to `precision` bits.
fn quotient(n: &BigInt, ne: i64, d: &BigInt, de: i64, precision: u64) -> BigFloat {
    if n.is_zero() {
        return BigFloat::make(BigInt::zero(), 0, precision);
    }
    let want = precision as i64 + 2 + d.bits() as i64 - n.bits() as i64;
    let shift = want.max(0);
    let (q, r) = div_rem(&(n.clone() << shift), d);
    // A sticky bit below the quotient stands for the remainder.
    let mut q = q << 1;
    if !r.is_zero() {
        let sticky = BigInt::one();
        q = if (n.is_negative()) ^ (d.is_negative()) { q - sticky } else { q + sticky };
    }
    BigFloat::make(q, ne - de - shift - 1, precision)
}

/// Rounds the fraction `n/d` to the nearest number of a machine format (ties to even); see
/// [`BigFloat::to_f64`] for the parameters.
pub fn round_ratio(n: &BigInt, d: &BigInt, precision: u64, min_exp: i64, max_exp: i64) -> f64 {
    if n.is_zero() {
        return 0.0;
    }
    let negative = n.is_negative() ^ d.is_negative();
    let signed = |v: f64| if negative { -v } else { v };
    let (n, d) = (n.abs(), d.abs());
    // The exponent of the last kept bit: relative to the value, but not below the format's unit.
    let mut top = n.bits() as i64 - d.bits() as i64;
    let scaled_less = if top >= 0 { n < d.clone() << top } else { n.clone() << -top < d };
    if !scaled_less {
        top += 1;
    }
    let unit = (top - precision as i64).max(min_exp);
    let (num, den) = if unit >= 0 { (n, d << unit) } else { (n << -unit, d) };
    let (mut q, r) = div_rem(&num, &den);
    let twice: BigInt = r << 1;
    let up = match twice.cmp(&den) {
        Ordering::Greater => true,
        Ordering::Equal => q.bit(0),
        Ordering::Less => false,
    };
    if up {
        q += 1;
    }
    if q.bits() as i64 + unit > max_exp {
        return signed(f64::INFINITY);
    }
    // At most 53 bits and an exponent in range: both steps are exact.
    let mant = q.to_f64().unwrap_or(0.0);
    signed(scale(mant, unit))
}

/// `v * 2^e`, in two steps so that the power itself stays a normal number. Both are exact for
/// the values made above: the first stays normal, the second does not drop a bit.
fn scale(v: f64, e: i64) -> f64 {
    let first = e.clamp(-900, 900);
    v * 2f64.powi(first as i32) * 2f64.powi((e - first) as i32)
}
