//! Circular functions: the rational approximations of Stephen Moshier's Cephes library, in exactly
//! the order of operations that Go has on x86-64, so that programs print the same digits.
//!
//! No operation here may be fused or reordered: a last bit would change.

// Coefficients stand as they were published.
#![allow(clippy::excessive_precision)]

use super::horner;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, FRAC_PI_4, PI};

const SIN: [f64; 6] = [
    1.58962301576546568060e-10,
    -2.50507477628578072866e-8,
    2.75573136213857245213e-6,
    -1.98412698295895385996e-4,
    8.33333333332211858878e-3,
    -1.66666666666666307295e-1,
];
const COS: [f64; 6] = [
    -1.13585365213876817300e-11,
    2.08757008419747316778e-9,
    -2.75573141792967388112e-7,
    2.48015872888517045348e-5,
    -1.38888888888730564116e-3,
    4.16666666666665929218e-2,
];
const TAN_P: [f64; 3] = [-1.30936939181383777646e4, 1.15351664838587416140e6, -1.79565251976484877988e7];
const TAN_Q: [f64; 5] = [
    1.0,
    1.36812963470692954678e4,
    -1.32089234440210967447e6,
    2.50083801823357915839e7,
    -5.38695755929454629881e7,
];
const ATAN_P: [f64; 5] = [
    -8.750608600031904122785e-01,
    -1.615753718733365076637e+01,
    -7.500855792314704667340e+01,
    -1.228866684490136173410e+02,
    -6.485021904942025371773e+01,
];
const ATAN_Q: [f64; 6] = [
    1.0,
    2.485846490142306297962e+01,
    1.650270098316988542046e+02,
    4.328810604912902668951e+02,
    4.853903996359136964868e+02,
    1.945506571482613964425e+02,
];

/// An angle of at least zero as an even octant (modulo 8) and the rest, in [-π/4, π/4].
fn reduce(x: f64) -> (u64, f64) {
    if x >= (1u64 << 29) as f64 {
        return reduce_large(x);
    }
    // π/4 in three parts, the first two short enough that their products are exact.
    const A: f64 = 7.85398125648498535156e-1;
    const B: f64 = 3.77489470793079817668e-8;
    const C: f64 = 2.69515142907905952645e-15;
    let mut octant = (x * (2.0 * FRAC_2_PI)) as u64;
    octant += octant & 1;
    let y = octant as f64;
    (octant & 7, ((x - y * A) - y * B) - y * C)
}

/// 4/π in binary: the integer part, then 1216 bits of fraction.
const FOUR_OVER_PI: [u64; 20] = [
    0x0000000000000001,
    0x45f306dc9c882a53,
    0xf84eafa3ea69bb81,
    0xb6c52b3278872083,
    0xfca2c757bd778ac3,
    0x6e48dc74849ba5c0,
    0x0c925dd413a32439,
    0xfc3bd63962534e7d,
    0xd1046bea5d768909,
    0xd338e04d68befc82,
    0x7323ac7306a673e9,
    0x3908bf177bf25076,
    0x3ff12fffbc0b301f,
    0xde5e2316b414da3e,
    0xda6cfd9e4f96136e,
    0x9e8c7ecd3cbfd45a,
    0xea4f758fd7cbe2f6,
    0x7a0e73ef14a525d4,
    0xd7f6bf623f1aba10,
    0xac06608df8f6d757,
];

/// As `reduce`, after Payne and Hanek: only the bits of 4/π matter whose product with the mantissa is
/// neither a multiple of eight octants nor too small.
fn reduce_large(x: f64) -> (u64, f64) {
    let exponent = (x.to_bits() >> 52 & 0x7FF) as i64 - 1023 - 52;
    let mantissa = x.to_bits() & ((1 << 52) - 1) | 1 << 52;
    let start = (exponent + 61) as usize;
    let window = |i: usize| {
        let (word, shift) = (start / 64 + i, start % 64);
        let next = if shift == 0 { 0 } else { FOUR_OVER_PI[word + 1] >> (64 - shift) };
        FOUR_OVER_PI[word] << shift | next
    };
    let wide = |i: usize| u128::from(window(i)) * u128::from(mantissa);
    let product = (u128::from(window(0).wrapping_mul(mantissa)) << 64)
        .wrapping_add(wide(1))
        .wrapping_add(wide(2) >> 64);
    let (high, low) = ((product >> 64) as u64, product as u64);
    let octant = high >> 61;
    let fraction = high << 3 | low >> 61;
    let zeros = fraction.leading_zeros() + 1;
    let digits = (u128::from(fraction) << 64 | u128::from(low)) << zeros >> 76;
    let rest = f64::from_bits(digits as u64 | u64::from(1023 - zeros) << 52);
    if octant & 1 == 1 { ((octant + 1) & 7, (rest - 1.0) * FRAC_PI_4) } else { (octant, rest * FRAC_PI_4) }
}

fn sine_near_zero(z: f64) -> f64 {
    let zz = z * z;
    z + z * zz * horner(zz, &SIN)
}

fn cosine_near_zero(z: f64) -> f64 {
    let zz = z * z;
    1.0 - 0.5 * zz + zz * zz * horner(zz, &COS)
}

pub fn sin(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return f64::NAN;
    }
    let (octant, z) = reduce(x.abs());
    let y = if octant & 2 == 2 { cosine_near_zero(z) } else { sine_near_zero(z) };
    if (x < 0.0) != (octant > 3) { -y } else { y }
}

pub fn cos(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (octant, z) = reduce(x.abs());
    let y = if octant & 2 == 2 { sine_near_zero(z) } else { cosine_near_zero(z) };
    if octant == 2 || octant == 4 { -y } else { y }
}

pub fn tan(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() {
        return x;
    }
    if x.is_infinite() {
        return f64::NAN;
    }
    let (octant, z) = reduce(x.abs());
    let zz = z * z;
    let mut y = z;
    if zz > 1e-14 {
        y = z + z * (zz * horner(zz, &TAN_P) / horner(zz, &TAN_Q));
    }
    if octant & 2 == 2 {
        y = -1.0 / y;
    }
    if x < 0.0 { -y } else { y }
}

/// Arctangent in [0, 0.66].
fn small_atan(x: f64) -> f64 {
    let z = x * x;
    x * (z * horner(z, &ATAN_P) / horner(z, &ATAN_Q)) + x
}

fn positive_atan(x: f64) -> f64 {
    const MORE_BITS: f64 = 6.123233995736765886130e-17; // what π/2 lacks as a float
    const TAN_3_PI_8: f64 = 2.41421356237309504880;
    if x <= 0.66 {
        small_atan(x)
    } else if x > TAN_3_PI_8 {
        FRAC_PI_2 - small_atan(1.0 / x) + MORE_BITS
    } else {
        FRAC_PI_4 + small_atan((x - 1.0) / (x + 1.0)) + 0.5 * MORE_BITS
    }
}

pub fn atan(x: f64) -> f64 {
    if x == 0.0 {
        x
    } else if x > 0.0 {
        positive_atan(x)
    } else {
        -positive_atan(-x)
    }
}

pub fn asin(x: f64) -> f64 {
    let a = x.abs();
    if x == 0.0 {
        return x;
    }
    if a > 1.0 {
        return f64::NAN;
    }
    let other = (1.0 - a * a).sqrt();
    let y = if a > 0.7 { FRAC_PI_2 - positive_atan(other / a) } else { positive_atan(a / other) };
    if x < 0.0 { -y } else { y }
}

pub fn acos(x: f64) -> f64 {
    FRAC_PI_2 - asin(x)
}

pub fn atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    if y == 0.0 || x == 0.0 || x.is_infinite() || y.is_infinite() {
        return libm::atan2(y, x); // multiples of π/4
    }
    let q = atan(y / x);
    match (x < 0.0, q <= 0.0) {
        (false, _) => q,
        (true, true) => q + PI,
        (true, false) => q - PI,
    }
}
