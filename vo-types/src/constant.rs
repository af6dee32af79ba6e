//! Exact constant values and the arithmetic of constant expressions.
//!
//! The idea: a value is kept in the simplest form that holds it exactly (small integer, big
//! integer, fraction), and only numbers with enormous exponents fall back to a 512-bit floating
//! point form. Everything the language says about constant expressions (division, shifts,
//! comparison, conversion between kinds, rounding to a machine type) is a pure function here;
//! the checker adds the error reporting.
//!
//! What must stay true: values are normalised, so that an integer that fits `i64` is always
//! `Int`, and a fraction with denominator one is never stored as such after `to_int`.

mod bigfloat;
mod format;
mod literal;

use std::cmp::Ordering;
use std::sync::{Arc, Mutex};

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

pub use bigfloat::BigFloat;
pub use format::quote;
pub use literal::{parse_float, parse_imaginary, parse_int};

/// Exponents (in bits) up to which a non-integer is kept as an exact fraction.
const MAX_EXACT_BITS: u64 = 4 << 10;

/// A constant value.
#[derive(Clone, Debug, Default)]
pub enum Constant {
    /// The value is not known because of an earlier error.
    #[default]
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A string of arbitrary bytes.
    Str(StrValue),
    /// An integer that fits an `i64`.
    Int(i64),
    /// An integer that does not fit an `i64`.
    Big(Arc<BigInt>),
    /// A number of moderate size, exact.
    Rat(Arc<BigRational>),
    /// A number of extreme size, 512 bits of mantissa.
    Float(Arc<BigFloat>),
    /// Real and imaginary part; neither part is itself complex.
    Complex(Arc<(Constant, Constant)>),
}

/// The kinds of constant values, ordered so that the larger of two kinds can hold both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConstKind {
    /// Not known because of an earlier error.
    Unknown,
    /// Boolean.
    Bool,
    /// String.
    String,
    /// Integer.
    Int,
    /// Fraction or floating-point number.
    Float,
    /// Complex number.
    Complex,
}

/// Operators of constant expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstOp {
    /// `+` (numbers and strings)
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/` of non-integers, or of integers giving a fraction
    Quo,
    /// `/` of integers, truncated towards zero
    IntQuo,
    /// `%`
    Rem,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `&^`
    AndNot,
    /// `&&`
    LAnd,
    /// `||`
    LOr,
}

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CmpOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A string value: a prefix of a shared buffer. A concatenation whose left operand ends where
/// its buffer ends grows that buffer in place, so that long chains of `+` take linear time
/// while every intermediate value stays valid.
#[derive(Clone)]
pub struct StrValue {
    buf: Arc<Mutex<Vec<u8>>>,
    len: usize,
}

impl std::fmt::Debug for StrValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.to_vec()))
    }
}

impl StrValue {
    /// A new string value.
    pub fn new(bytes: Vec<u8>) -> StrValue {
        let len = bytes.len();
        StrValue { buf: Arc::new(Mutex::new(bytes)), len }
    }

    /// Calls `f` with the bytes.
    pub fn with<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        let guard = self.buf.lock().unwrap_or_else(|e| e.into_inner());
        f(&guard[..self.len])
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.with(<[u8]>::to_vec)
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the string is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn concat(&self, right: &StrValue) -> StrValue {
        let tail = right.to_vec();
        let mut guard = self.buf.lock().unwrap_or_else(|e| e.into_inner());
        if guard.len() == self.len {
            guard.extend_from_slice(&tail);
            return StrValue { buf: self.buf.clone(), len: self.len + tail.len() };
        }
        let mut bytes = guard[..self.len].to_vec();
        bytes.extend_from_slice(&tail);
        StrValue::new(bytes)
    }
}

impl Constant {
    /// A string constant.
    pub fn string(bytes: impl Into<Vec<u8>>) -> Constant {
        Constant::Str(StrValue::new(bytes.into()))
    }

    /// An unsigned integer constant.
    pub fn from_u64(v: u64) -> Constant {
        Constant::from_bigint(BigInt::from(v))
    }

    /// An integer constant, normalised.
    pub fn from_bigint(v: BigInt) -> Constant {
        match v.to_i64() {
            Some(i) => Constant::Int(i),
            None => Constant::Big(Arc::new(v)),
        }
    }

    /// A fraction; one whose parts are too large becomes a floating-point number.
    pub fn from_rational(v: BigRational) -> Constant {
        if v.numer().bits() < MAX_EXACT_BITS && v.denom().bits() < MAX_EXACT_BITS {
            Constant::Rat(Arc::new(v))
        } else {
            Constant::from_bigfloat(BigFloat::from_rational(&v))
        }
    }

    /// A floating-point number; one of moderate exponent becomes an exact fraction. Infinity
    /// (an exponent out of all bounds) gives `Unknown`.
    pub fn from_bigfloat(v: BigFloat) -> Constant {
        if v.is_inf() {
            return Constant::Unknown;
        }
        if v.is_zero() {
            return Constant::Rat(Arc::new(BigRational::zero()));
        }
        if v.has_moderate_exponent(MAX_EXACT_BITS as i64)
            && let Some(r) = v.to_rational()
        {
            return Constant::from_rational(r);
        }
        Constant::Float(Arc::new(v))
    }

    /// The constant nearest to a machine number; infinities and NaN give `Unknown`.
    pub fn from_f64(v: f64) -> Constant {
        match BigRational::from_float(v) {
            Some(r) => Constant::from_rational(r),
            None => Constant::Unknown,
        }
    }

    /// A complex constant from its two (real) parts.
    pub fn complex(re: Constant, im: Constant) -> Constant {
        if matches!(re, Constant::Unknown) || matches!(im, Constant::Unknown) {
            return Constant::Unknown;
        }
        Constant::Complex(Arc::new((re, im)))
    }

    /// The kind of the value as represented now.
    pub fn kind(&self) -> ConstKind {
        match self {
            Constant::Unknown => ConstKind::Unknown,
            Constant::Bool(_) => ConstKind::Bool,
            Constant::Str(_) => ConstKind::String,
            Constant::Int(_) | Constant::Big(_) => ConstKind::Int,
            Constant::Rat(_) | Constant::Float(_) => ConstKind::Float,
            Constant::Complex(_) => ConstKind::Complex,
        }
    }

    /// Whether the value is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Constant::Unknown)
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Constant::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// A copy of the string's bytes, if it is a string.
    pub fn as_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Constant::Str(s) => Some(s.to_vec()),
            _ => None,
        }
    }

    /// The value as a big integer, if it is represented as an integer.
    pub fn as_bigint(&self) -> Option<BigInt> {
        match self {
            Constant::Int(i) => Some(BigInt::from(*i)),
            Constant::Big(b) => Some((**b).clone()),
            _ => None,
        }
    }

    /// The value as `i64`, if it is an integer (in any numeric form) that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.to_int() {
            Constant::Int(i) => Some(i),
            _ => None,
        }
    }

    /// The value as `u64`, if it is an integer (in any numeric form) that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self.to_int() {
            Constant::Int(i) => u64::try_from(i).ok(),
            Constant::Big(b) => b.to_u64(),
            _ => None,
        }
    }

    /// The low 64 bits of the two's complement of an integer value; what a machine register
    /// holds for it.
    pub fn wrapping_u64(&self) -> Option<u64> {
        match self.to_int() {
            Constant::Int(i) => Some(i as u64),
            Constant::Big(b) => {
                let mask = BigInt::from(u64::MAX);
                (b.as_ref() & mask).to_u64()
            }
            _ => None,
        }
    }

    /// The value rounded to the nearest `f64` (ties to even); infinite when too large. `None`
    /// for values that are not real numbers.
    pub fn to_f64(&self) -> Option<f64> {
        match self {
            Constant::Int(i) => Some(*i as f64),
            Constant::Big(b) => Some(bigfloat::round_ratio(b, &BigInt::one(), 53, -1074, 1024)),
            Constant::Rat(r) => Some(bigfloat::round_ratio(r.numer(), r.denom(), 53, -1074, 1024)),
            Constant::Float(f) => Some(f.to_f64(53, -1074, 1024)),
            Constant::Complex(_) => match self.to_float() {
                Constant::Complex(_) | Constant::Unknown => None,
                real => real.to_f64(),
            },
            _ => None,
        }
    }

    /// The value rounded once to the nearest `f32`; infinite when too large.
    pub fn to_f32(&self) -> Option<f32> {
        let one = BigInt::one();
        match self {
            Constant::Int(i) => Some(bigfloat::round_ratio(&BigInt::from(*i), &one, 24, -149, 128) as f32),
            Constant::Big(b) => Some(bigfloat::round_ratio(b, &one, 24, -149, 128) as f32),
            Constant::Rat(r) => Some(bigfloat::round_ratio(r.numer(), r.denom(), 24, -149, 128) as f32),
            Constant::Float(f) => Some(f.to_f64(24, -149, 128) as f32),
            Constant::Complex(_) => match self.to_float() {
                Constant::Complex(_) | Constant::Unknown => None,
                real => real.to_f32(),
            },
            _ => None,
        }
    }

    /// The real part of a number.
    pub fn real(&self) -> Constant {
        match self {
            Constant::Complex(c) => c.0.clone(),
            Constant::Int(_) | Constant::Big(_) | Constant::Rat(_) | Constant::Float(_) => self.clone(),
            _ => Constant::Unknown,
        }
    }

    /// The imaginary part of a number.
    pub fn imag(&self) -> Constant {
        match self {
            Constant::Complex(c) => c.1.clone(),
            Constant::Int(_) | Constant::Big(_) | Constant::Rat(_) | Constant::Float(_) => Constant::Int(0),
            _ => Constant::Unknown,
        }
    }

    /// The value as an integer, or `Unknown` if it is not one.
    pub fn to_int(&self) -> Constant {
        match self {
            Constant::Int(_) | Constant::Big(_) => self.clone(),
            Constant::Rat(r) if r.is_integer() => Constant::from_bigint(r.to_integer()),
            Constant::Float(f) => match f.to_integer() {
                Some(i) => Constant::from_bigint(i),
                None => Constant::Unknown,
            },
            Constant::Complex(_) => match self.to_float() {
                Constant::Complex(_) => Constant::Unknown,
                real => real.to_int(),
            },
            _ => Constant::Unknown,
        }
    }

    /// The value as a real number, or `Unknown`. Complex values lose a zero imaginary part.
    pub fn to_float(&self) -> Constant {
        match self {
            Constant::Int(i) => Constant::Rat(Arc::new(BigRational::from_integer(BigInt::from(*i)))),
            Constant::Big(b) => Constant::from_rational(BigRational::from_integer((**b).clone())),
            Constant::Rat(_) | Constant::Float(_) => self.clone(),
            Constant::Complex(c) if c.1.sign() == 0 => c.0.to_float(),
            _ => Constant::Unknown,
        }
    }

    /// The value as a complex number, or `Unknown`.
    pub fn to_complex(&self) -> Constant {
        match self {
            Constant::Int(_) | Constant::Big(_) | Constant::Rat(_) | Constant::Float(_) => {
                Constant::complex(self.clone(), Constant::Int(0))
            }
            Constant::Complex(_) => self.clone(),
            _ => Constant::Unknown,
        }
    }

    /// -1, 0 or 1; for complex numbers 0 only if both parts are zero. 1 for other values.
    pub fn sign(&self) -> i32 {
        let of = |s: Sign| match s {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        };
        match self {
            Constant::Int(i) => i.signum() as i32,
            Constant::Big(b) => of(b.sign()),
            Constant::Rat(r) => of(r.numer().sign()),
            Constant::Float(f) => f.sign(),
            Constant::Complex(c) => c.0.sign() | c.1.sign(),
            _ => 1,
        }
    }

    /// The number of bits of an integer's absolute value.
    pub fn bit_len(&self) -> u64 {
        match self {
            Constant::Int(i) => u64::from(64 - i.unsigned_abs().leading_zeros()),
            Constant::Big(b) => b.bits(),
            _ => 0,
        }
    }

    fn as_rational(&self) -> Option<BigRational> {
        match self {
            Constant::Int(i) => Some(BigRational::from_integer(BigInt::from(*i))),
            Constant::Big(b) => Some(BigRational::from_integer((**b).clone())),
            Constant::Rat(r) => Some((**r).clone()),
            _ => None,
        }
    }

    fn as_bigfloat(&self) -> Option<BigFloat> {
        match self {
            Constant::Float(f) => Some((**f).clone()),
            _ => self.as_rational().map(|r| BigFloat::from_rational(&r)),
        }
    }

    /// `-x`, or `Unknown` for values that are not numbers.
    pub fn neg(&self) -> Constant {
        match self {
            Constant::Int(_) | Constant::Big(_) => match self.as_bigint() {
                Some(b) => Constant::from_bigint(-b),
                None => Constant::Unknown,
            },
            Constant::Rat(r) => Constant::Rat(Arc::new(-(**r).clone())),
            Constant::Float(f) => Constant::Float(Arc::new(f.neg())),
            Constant::Complex(c) => Constant::complex(c.0.neg(), c.1.neg()),
            _ => Constant::Unknown,
        }
    }

    /// `^x`. For an unsigned type of `unsigned_bits` bits the result keeps only those bits.
    pub fn complement(&self, unsigned_bits: Option<u32>) -> Constant {
        let Some(v) = self.as_bigint() else {
            return Constant::Unknown;
        };
        let inverted = -v - BigInt::one();
        Constant::from_bigint(match unsigned_bits {
            Some(bits) => inverted & ((BigInt::one() << bits) - BigInt::one()),
            None => inverted,
        })
    }

    /// `!x`.
    pub fn not(&self) -> Constant {
        match self {
            Constant::Bool(b) => Constant::Bool(!b),
            _ => Constant::Unknown,
        }
    }

    /// `x << n`, of an integer.
    pub fn shl(&self, n: u32) -> Constant {
        match self.as_bigint() {
            Some(v) => Constant::from_bigint(v << n),
            None => Constant::Unknown,
        }
    }

    /// `x >> n` (arithmetic), of an integer.
    pub fn shr(&self, n: u32) -> Constant {
        match self {
            Constant::Int(i) => Constant::Int(i >> n.min(63)),
            Constant::Big(b) => Constant::from_bigint((**b).clone() >> n),
            _ => Constant::Unknown,
        }
    }
}

/// `x op y` for constants of any matching kinds; `Unknown` if either operand is, or if the
/// operation makes no sense for the kind. Division by zero must have been excluded.
pub fn binary_op(x: &Constant, op: ConstOp, y: &Constant) -> Constant {
    match (x, y) {
        (Constant::Unknown, _) | (_, Constant::Unknown) => Constant::Unknown,
        (Constant::Bool(a), Constant::Bool(b)) => match op {
            ConstOp::LAnd => Constant::Bool(*a && *b),
            ConstOp::LOr => Constant::Bool(*a || *b),
            _ => Constant::Unknown,
        },
        (Constant::Str(a), Constant::Str(b)) if op == ConstOp::Add => Constant::Str(a.concat(b)),
        (Constant::Complex(_), _) | (_, Constant::Complex(_)) => complex_op(x, op, y),
        (Constant::Int(a), Constant::Int(b)) => small_int_op(*a, op, *b),
        _ if x.kind() == ConstKind::Int && y.kind() == ConstKind::Int => big_int_op(x, op, y),
        (Constant::Float(_), _) | (_, Constant::Float(_)) => float_op(x, op, y),
        _ => rational_op(x, op, y),
    }
}

fn small_int_op(a: i64, op: ConstOp, b: i64) -> Constant {
    let fast = match op {
        ConstOp::Add => a.checked_add(b),
        ConstOp::Sub => a.checked_sub(b),
        ConstOp::Mul => a.checked_mul(b),
        ConstOp::IntQuo => a.checked_div(b),
        ConstOp::Rem => a.checked_rem(b),
        ConstOp::And => Some(a & b),
        ConstOp::Or => Some(a | b),
        ConstOp::Xor => Some(a ^ b),
        ConstOp::AndNot => Some(a & !b),
        _ => None,
    };
    match fast {
        Some(v) => Constant::Int(v),
        None => big_int_op(&Constant::Int(a), op, &Constant::Int(b)),
    }
}

fn big_int_op(x: &Constant, op: ConstOp, y: &Constant) -> Constant {
    let (Some(a), Some(b)) = (x.as_bigint(), y.as_bigint()) else {
        return Constant::Unknown;
    };
    let divides = matches!(op, ConstOp::Quo | ConstOp::IntQuo | ConstOp::Rem);
    if divides && b.is_zero() {
        return Constant::Unknown;
    }
    Constant::from_bigint(match op {
        ConstOp::Add => a + b,
        ConstOp::Sub => a - b,
        ConstOp::Mul => a * b,
        ConstOp::Quo => return Constant::from_rational(BigRational::new(a, b)),
        ConstOp::IntQuo => a / b,
        ConstOp::Rem => a % b,
        ConstOp::And => a & b,
        ConstOp::Or => a | b,
        ConstOp::Xor => a ^ b,
        ConstOp::AndNot => a & (-b - BigInt::one()),
        ConstOp::LAnd | ConstOp::LOr => return Constant::Unknown,
    })
}

fn rational_op(x: &Constant, op: ConstOp, y: &Constant) -> Constant {
    let (Some(a), Some(b)) = (x.as_rational(), y.as_rational()) else {
        return Constant::Unknown;
    };
    Constant::from_rational(match op {
        ConstOp::Add => a + b,
        ConstOp::Sub => a - b,
        ConstOp::Mul => a * b,
        ConstOp::Quo if !b.is_zero() => a / b,
        _ => return Constant::Unknown,
    })
}

fn float_op(x: &Constant, op: ConstOp, y: &Constant) -> Constant {
    let (Some(a), Some(b)) = (x.as_bigfloat(), y.as_bigfloat()) else {
        return Constant::Unknown;
    };
    Constant::from_bigfloat(match op {
        ConstOp::Add => a.add(&b),
        ConstOp::Sub => a.add(&b.neg()),
        ConstOp::Mul => a.mul(&b),
        ConstOp::Quo if !b.is_zero() => a.quo(&b),
        _ => return Constant::Unknown,
    })
}

fn complex_op(x: &Constant, op: ConstOp, y: &Constant) -> Constant {
    let (a, b, c, d) = (x.real(), x.imag(), y.real(), y.imag());
    let mul = |l: &Constant, r: &Constant| binary_op(l, ConstOp::Mul, r);
    let add = |l: &Constant, r: &Constant| binary_op(l, ConstOp::Add, r);
    let sub = |l: &Constant, r: &Constant| binary_op(l, ConstOp::Sub, r);
    match op {
        ConstOp::Add => Constant::complex(add(&a, &c), add(&b, &d)),
        ConstOp::Sub => Constant::complex(sub(&a, &c), sub(&b, &d)),
        ConstOp::Mul => Constant::complex(sub(&mul(&a, &c), &mul(&b, &d)), add(&mul(&a, &d), &mul(&b, &c))),
        ConstOp::Quo => {
            let norm = add(&mul(&c, &c), &mul(&d, &d));
            if norm.sign() == 0 {
                return Constant::Unknown;
            }
            let quo = |n: Constant| binary_op(&n, ConstOp::Quo, &norm);
            Constant::complex(quo(add(&mul(&a, &c), &mul(&b, &d))), quo(sub(&mul(&b, &c), &mul(&a, &d))))
        }
        _ => Constant::Unknown,
    }
}

/// `x op y` for a comparison; `None` if either operand is unknown or the kinds do not compare.
pub fn compare(x: &Constant, op: CmpOp, y: &Constant) -> Option<bool> {
    let by_order = |o: Ordering| match op {
        CmpOp::Eq => o == Ordering::Equal,
        CmpOp::Ne => o != Ordering::Equal,
        CmpOp::Lt => o == Ordering::Less,
        CmpOp::Le => o != Ordering::Greater,
        CmpOp::Gt => o == Ordering::Greater,
        CmpOp::Ge => o != Ordering::Less,
    };
    match (x, y) {
        (Constant::Unknown, _) | (_, Constant::Unknown) => None,
        (Constant::Bool(a), Constant::Bool(b)) => match op {
            CmpOp::Eq => Some(a == b),
            CmpOp::Ne => Some(a != b),
            _ => None,
        },
        (Constant::Str(a), Constant::Str(b)) => {
            let right = b.to_vec();
            Some(by_order(a.with(|left| left.cmp(right.as_slice()))))
        }
        (Constant::Complex(_), _) | (_, Constant::Complex(_)) => {
            let same = compare(&x.real(), CmpOp::Eq, &y.real())? && compare(&x.imag(), CmpOp::Eq, &y.imag())?;
            match op {
                CmpOp::Eq => Some(same),
                CmpOp::Ne => Some(!same),
                _ => None,
            }
        }
        (Constant::Int(a), Constant::Int(b)) => Some(by_order(a.cmp(b))),
        (Constant::Float(_), _) | (_, Constant::Float(_)) => {
            Some(by_order(x.as_bigfloat()?.compare(&y.as_bigfloat()?)))
        }
        _ => Some(by_order(x.as_rational()?.cmp(&y.as_rational()?))),
    }
}

/// Whether an integer lies in the range of a signed or unsigned integer of `bits` bits.
pub fn int_fits(value: &Constant, bits: u32, signed: bool) -> bool {
    match value {
        Constant::Int(i) if signed => {
            bits >= 64 || (*i >= -(1i64 << (bits - 1)) && *i < (1i64 << (bits - 1)))
        }
        Constant::Int(i) => *i >= 0 && (bits >= 63 || *i < (1i64 << bits)),
        Constant::Big(b) if !signed => !b.is_negative() && b.bits() <= u64::from(bits),
        _ => false,
    }
}

/// The greatest common form used as a key for duplicate detection: equal constants of one kind
/// have equal keys.
pub fn dedup_key(value: &Constant) -> Option<Vec<u8>> {
    let integer = value.to_int();
    let value = if integer.is_unknown() { value } else { &integer };
    let mut key = vec![value.kind() as u8];
    match value {
        Constant::Unknown => return None,
        Constant::Bool(b) => key.push(u8::from(*b)),
        Constant::Str(s) => key.extend(s.to_vec()),
        Constant::Int(i) => key.extend(BigInt::from(*i).to_signed_bytes_le()),
        Constant::Big(b) => key.extend(b.to_signed_bytes_le()),
        Constant::Rat(r) => {
            let (n, d) = (r.numer(), r.denom());
            key.extend((n.to_signed_bytes_le().len() as u32).to_le_bytes());
            key.extend(n.to_signed_bytes_le());
            key.extend(d.to_signed_bytes_le());
        }
        Constant::Float(f) => key.extend(f.key()),
        Constant::Complex(c) => {
            let re = dedup_key(&c.0.to_float())?;
            key.extend((re.len() as u32).to_le_bytes());
            key.extend(re);
            key.extend(dedup_key(&c.1.to_float())?);
        }
    }
    Some(key)
}

/// Number of trailing zero bits of a non-zero magnitude.
fn trailing_zeros(v: &BigUint) -> u64 {
    v.trailing_zeros().unwrap_or(0)
}

/// Greatest common divisor helper kept here so that the float module needs no trait imports.
fn div_rem(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    a.div_rem(b)
}

#[cfg(test)]
mod tests;
