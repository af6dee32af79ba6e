//! Exponential and hyperbolic functions, powers, logarithms to other bases, and the gamma and error
//! functions, in exactly the order of operations that Go has on x86-64 with fused multiply-add, so
//! that programs print the same digits.
//!
//! No operation here may be fused (but where it says `mul_add`) or reordered: a last bit would change.

// Coefficients stand as they were published.
#![allow(clippy::excessive_precision)]

use super::circular::sin;
use super::horner;
use std::f64::consts::{LOG2_E, LOG10_E, PI};

/// e^x: after Shibata's SLEEF, a Taylor polynomial of a sixteenth of the reduced argument, then
/// squared four times. What is squared is e^x - 1, lest digits get lost.
pub fn exp(x: f64) -> f64 {
    const LN2_UPPER: f64 = 0.69314718055966295651160180568695068359375;
    const LN2_LOWER: f64 = 0.28235290563031577122588448175013436025525412068e-12;
    if x.is_nan() || x > 7.09782712893384e+02 {
        return if x.is_nan() { x } else { f64::INFINITY };
    }
    let k = (LOG2_E * x).round_ties_even();
    if k < -1075.0 {
        return 0.0;
    }
    let mut r = (-k).mul_add(LN2_UPPER, x);
    r = (-k).mul_add(LN2_LOWER, r);
    r *= 0.0625;
    let terms = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let mut sum: f64 = 1.0 / 40320.0;
    for term in terms {
        sum = sum.mul_add(r, term);
    }
    r *= sum;
    for _ in 0..3 {
        r *= r + 2.0;
    }
    r = (r + 2.0).mul_add(r, 1.0);
    scale(r, k as i64 + 1023)
}

/// r × 2^(biased - 1023).
fn scale(r: f64, biased: i64) -> f64 {
    match biased {
        ..-52 => 0.0,
        -52..=0 => r * power_of_two(biased + 1022) * power_of_two(1),
        1..2047 => r * power_of_two(biased),
        _ => f64::INFINITY,
    }
}

fn power_of_two(biased: i64) -> f64 {
    f64::from_bits((biased as u64) << 52)
}

pub fn exp2(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.93147180369123816490e-01;
    const LN2_LOW: f64 = 1.90821492927058770002e-10;
    if x.is_nan() {
        return x;
    }
    if x > 1.0239999999999999e+03 {
        return f64::INFINITY;
    }
    if x < -1.0740e+03 {
        return 0.0;
    }
    let k = if x > 0.0 { (x + 0.5) as i32 } else { (x - 0.5) as i32 };
    let k = if x == 0.0 { 0 } else { k };
    let t = x - f64::from(k);
    let (hi, lo) = (t * LN2_HIGH, -t * LN2_LOW);
    // Remez approximation of the reduced exponential (FreeBSD's msun).
    let r = hi - lo;
    let rr = r * r;
    let p = [
        4.13813679705723846039e-08,
        -1.65339022054652515390e-06,
        6.61375632143793436117e-05,
        -2.77777777770155933842e-03,
        1.66666666666666657415e-01,
    ];
    let c = r - rr * horner(rr, &p);
    let y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi);
    libm::ldexp(y, k)
}

pub fn sinh(x: f64) -> f64 {
    const P: [f64; 4] = [
        -0.2630563213397497062819489e+2,
        -0.2894211355989563807284660366e+4,
        -0.8991272022039509355398013511e+5,
        -0.6307673640497716991184787251e+6,
    ];
    const Q: [f64; 4] = [
        1.0,
        -0.173678953558233699533450911e+3,
        0.1521517378790019070696485176e+5,
        -0.6307673640497716991212077277e+6,
    ];
    let negative = x < 0.0;
    let x = if negative { -x } else { x };
    let y = if x > 21.0 {
        exp(x) * 0.5
    } else if x > 0.5 {
        let e = exp(x);
        (e - 1.0 / e) * 0.5
    } else {
        let square = x * x;
        horner(square, &P) * x / horner(square, &Q)
    };
    if negative { -y } else { y }
}

pub fn cosh(x: f64) -> f64 {
    let x = x.abs();
    if x > 21.0 {
        return exp(x) * 0.5;
    }
    let e = exp(x);
    (e + 1.0 / e) * 0.5
}

pub fn tanh(x: f64) -> f64 {
    const MAX_LOG: f64 = 8.8029691931113054295988e+01;
    const P: [f64; 3] = [-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3];
    const Q: [f64; 4] = [1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3];
    let z = x.abs();
    if z > 0.5 * MAX_LOG {
        return 1f64.copysign(x);
    }
    if z >= 0.625 {
        let y = 1.0 - 2.0 / (exp(2.0 * z) + 1.0);
        return if x < 0.0 { -y } else { y };
    }
    if x == 0.0 {
        return x;
    }
    let square = x * x;
    x + x * square * horner(square, &P) / horner(square, &Q)
}

pub fn log2(x: f64) -> f64 {
    if !(x > 0.0 && x.is_finite()) {
        return libm::log2(x);
    }
    let (fraction, exponent) = libm::frexp(x);
    if fraction == 0.5 {
        return f64::from(exponent - 1);
    }
    libm::log(fraction) * LOG2_E + f64::from(exponent)
}

pub fn log10(x: f64) -> f64 {
    libm::log(x) * LOG10_E
}

pub fn hypot(p: f64, q: f64) -> f64 {
    if p.is_infinite() || q.is_infinite() {
        return f64::INFINITY;
    }
    if p.is_nan() || q.is_nan() {
        return f64::NAN;
    }
    let (p, q) = (p.abs(), q.abs());
    let (large, small) = if p < q { (q, p) } else { (p, q) };
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    large * (1.0 + ratio * ratio).sqrt()
}

pub fn cbrt(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let a = x.abs();
    // A third of the exponent, good to five bits.
    let mut t = f64::from_bits(a.to_bits() / 3 + (715_094_163 << 32));
    if a < f64::MIN_POSITIVE {
        t = f64::from_bits(((1u64 << 54) as f64 * a).to_bits() / 3 + (696_219_795 << 32));
    }
    // To 23 bits, rounded to 22 so that its square is exact, then one Newton step.
    let r = t * t / a;
    let s = 5.42857142857142815906e-01 + r * t;
    t *= 3.57142857142857150787e-01
        + 1.60714285714285720630e+00 / (s + 1.41428571428571436819e+00 - 7.05306122448979611050e-01 / s);
    t = f64::from_bits((t.to_bits() & (0xF_FFFF_FFFC << 28)) + (1 << 30));
    let s = t * t;
    let r = a / s;
    let r = (r - t) / (t + t + r);
    (t + t * r).copysign(x)
}

/// x^y: the whole part of y by squaring, on fraction and exponent apart, the rest by logarithm.
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if y == 1.0 {
        return x;
    }
    if x == 0.0 || !x.is_finite() || !y.is_finite() {
        return libm::pow(x, y); // zeros, infinities and NaN
    }
    if y == 0.5 {
        return x.sqrt();
    }
    if y == -0.5 {
        return 1.0 / x.sqrt();
    }
    let mut whole = y.abs().trunc();
    let mut rest = y.abs() - whole;
    if rest != 0.0 && x < 0.0 {
        return f64::NAN;
    }
    if whole >= 9.223_372_036_854_775_808e18 {
        return match (x == -1.0, (x.abs() < 1.0) == (y > 0.0)) {
            (true, _) => 1.0,
            (_, true) => 0.0,
            _ => f64::INFINITY,
        };
    }
    let mut result = 1.0;
    if rest != 0.0 {
        if rest > 0.5 {
            rest -= 1.0;
            whole += 1.0;
        }
        result = exp(rest * libm::log(x));
    }
    let mut exponent = 0i64;
    let (mut square, e) = libm::frexp(x);
    let mut square_exponent = i64::from(e);
    let mut n = whole as i64;
    while n != 0 {
        if square_exponent.abs() > 1 << 12 {
            exponent += square_exponent; // beyond all floats already
            break;
        }
        if n & 1 == 1 {
            result *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        n >>= 1;
    }
    if y < 0.0 {
        result = 1.0 / result;
        exponent = -exponent;
    }
    libm::ldexp(result, exponent.clamp(-10_000, 10_000) as i32)
}

/// Stirling's formula for Γ(x), x > 33, as two factors whose product may overflow.
fn stirling(x: f64) -> (f64, f64) {
    const S: [f64; 5] = [
        7.87311395793093628397e-04,
        -2.29549961613378126380e-04,
        -2.68132617805781232825e-03,
        3.47222221605458667310e-03,
        8.33333333333482257126e-02,
    ];
    const ROOT_TWO_PI: f64 = 2.506628274631000502417;
    if x > 200.0 {
        return (f64::INFINITY, 1.0);
    }
    let w = 1.0 / x;
    let w = 1.0 + w * horner(w, &S);
    let e = exp(x);
    if x > 143.01608 {
        let root = pow(x, 0.5 * x - 0.25);
        (root, ROOT_TWO_PI * w * (root / e))
    } else {
        (pow(x, x - 0.5) / e, ROOT_TWO_PI * w)
    }
}

/// Γ(x), for any x that is not a negative integer.
pub fn gamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(x);
    }
    if !x.is_finite() {
        return if x == f64::INFINITY { x } else { f64::NAN };
    }
    match (x.abs() > 33.0, x > 0.0) {
        (true, true) => {
            let (a, b) = stirling(x);
            a * b
        }
        (true, false) => reflected_gamma(x),
        _ => moderate_gamma(x),
    }
}

/// Γ(x) for x < -33, by reflection.
fn reflected_gamma(x: f64) -> f64 {
    let q = x.abs();
    let mut p = q.floor();
    let sign = if (p as i64) & 1 == 0 { -1.0 } else { 1.0 };
    let mut z = q - p;
    if z > 0.5 {
        p += 1.0;
        z = q - p;
    }
    z = q * sin(PI * z);
    if z == 0.0 {
        return f64::INFINITY * sign;
    }
    let (a, b) = stirling(q);
    let z = z.abs();
    let d = z * a * b;
    sign * if d.is_infinite() { PI / z / a / b } else { PI / d }
}

/// Γ(x) for |x| <= 33, by recurrence to [2, 3].
fn moderate_gamma(mut x: f64) -> f64 {
    const P: [f64; 7] = [
        1.60119522476751861407e-04,
        1.19135147006586384913e-03,
        1.04213797561761569935e-02,
        4.76367800457137231464e-02,
        2.07448227648435975150e-01,
        4.94214826801497100753e-01,
        9.99999999999999996796e-01,
    ];
    const Q: [f64; 8] = [
        -2.31581873324120129819e-05,
        5.39605580493303397842e-04,
        -4.45641913851797240494e-03,
        1.18139785222060435552e-02,
        3.58236398605498653373e-02,
        -2.34591795718243348568e-01,
        7.14304917030273074085e-02,
        1.00000000000000000320e+00,
    ];
    const EULER: f64 = 0.577_215_664_901_532_9;
    let mut z = 1.0;
    while x >= 3.0 {
        x -= 1.0;
        z *= x;
    }
    while x < 2.0 {
        if x.abs() < 1e-9 {
            // Near a pole, of which the series has two terms.
            return if x == 0.0 { f64::INFINITY } else { z / ((1.0 + EULER * x) * x) };
        }
        z /= x;
        x += 1.0;
    }
    if x == 2.0 {
        return z;
    }
    x -= 2.0;
    z * horner(x, &P) / horner(x, &Q)
}
