//! Natives of package math, on the `libm` crate: the same algorithms as the
//! library that Go's own are taken from, and the same result on every machine.

use crate::natives;

/// NaN-preserving truncation toward the nearest even integer.
fn round_to_even(x: f64) -> f64 {
    libm::rint(x)
}

/// 10 to the power n, correctly rounded, 0 or infinity outside of the range.
fn pow10(n: i64) -> f64 {
    match n {
        ..-323 => 0.0,
        309.. => f64::INFINITY,
        // The parser of the standard library rounds correctly; a table would say the same.
        _ => format!("1e{n}").parse().unwrap_or(f64::NAN),
    }
}

/// The logarithm of |Γ(x)|; at negative infinity Go has the other infinity.
fn log_gamma(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { x } else { libm::lgamma_r(x).0 }
}

natives! {
    "math.Float64bits" => fn float64_bits(cx, f: f64) -> u64 { f.to_bits() }
    "math.Float64frombits" => fn float64_from_bits(cx, b: u64) -> f64 { f64::from_bits(b) }
    "math.Float32bits" => fn float32_bits(cx, f: f32) -> u32 { f.to_bits() }
    "math.Float32frombits" => fn float32_from_bits(cx, b: u32) -> f32 { f32::from_bits(b) }
    "math.Sqrt" => fn sqrt(cx, x: f64) -> f64 { x.sqrt() }
    "math.FMA" => fn fma(cx, x: f64, y: f64, z: f64) -> f64 { libm::fma(x, y, z) }
    "math.Abs" => fn abs(cx, x: f64) -> f64 { x.abs() }
    "math.Copysign" => fn copysign(cx, f: f64, sign: f64) -> f64 { f.copysign(sign) }
    "math.Floor" => fn floor(cx, x: f64) -> f64 { x.floor() }
    "math.Ceil" => fn ceil(cx, x: f64) -> f64 { x.ceil() }
    "math.Trunc" => fn trunc(cx, x: f64) -> f64 { x.trunc() }
    "math.Round" => fn round(cx, x: f64) -> f64 { x.round() }
    "math.RoundToEven" => fn round_even(cx, x: f64) -> f64 { round_to_even(x) }
    "math.Mod" => fn modulo(cx, x: f64, y: f64) -> f64 { libm::fmod(x, y) }
    "math.Remainder" => fn remainder(cx, x: f64, y: f64) -> f64 { libm::remainder(x, y) }
    "math.Sin" => fn sin(cx, x: f64) -> f64 { libm::sin(x) }
    "math.Cos" => fn cos(cx, x: f64) -> f64 { libm::cos(x) }
    "math.Tan" => fn tan(cx, x: f64) -> f64 { libm::tan(x) }
    "math.Asin" => fn asin(cx, x: f64) -> f64 { libm::asin(x) }
    "math.Acos" => fn acos(cx, x: f64) -> f64 { libm::acos(x) }
    "math.Atan" => fn atan(cx, x: f64) -> f64 { libm::atan(x) }
    "math.Atan2" => fn atan2(cx, y: f64, x: f64) -> f64 { libm::atan2(y, x) }
    "math.Sinh" => fn sinh(cx, x: f64) -> f64 { libm::sinh(x) }
    "math.Cosh" => fn cosh(cx, x: f64) -> f64 { libm::cosh(x) }
    "math.Tanh" => fn tanh(cx, x: f64) -> f64 { libm::tanh(x) }
    "math.Asinh" => fn asinh(cx, x: f64) -> f64 { libm::asinh(x) }
    "math.Acosh" => fn acosh(cx, x: f64) -> f64 { libm::acosh(x) }
    "math.Atanh" => fn atanh(cx, x: f64) -> f64 { libm::atanh(x) }
    "math.Exp" => fn exp(cx, x: f64) -> f64 { libm::exp(x) }
    "math.Exp2" => fn exp2(cx, x: f64) -> f64 { libm::exp2(x) }
    "math.Expm1" => fn expm1(cx, x: f64) -> f64 { libm::expm1(x) }
    "math.Log" => fn log(cx, x: f64) -> f64 { libm::log(x) }
    "math.Log2" => fn log2(cx, x: f64) -> f64 { libm::log2(x) }
    "math.Log10" => fn log10(cx, x: f64) -> f64 { libm::log10(x) }
    "math.Log1p" => fn log1p(cx, x: f64) -> f64 { libm::log1p(x) }
    "math.Pow" => fn pow(cx, x: f64, y: f64) -> f64 { libm::pow(x, y) }
    "math.Cbrt" => fn cbrt(cx, x: f64) -> f64 { libm::cbrt(x) }
    "math.Hypot" => fn hypot(cx, p: f64, q: f64) -> f64 { libm::hypot(p, q) }
    "math.Erf" => fn erf(cx, x: f64) -> f64 { libm::erf(x) }
    "math.Erfc" => fn erfc(cx, x: f64) -> f64 { libm::erfc(x) }
    "math.J0" => fn j0(cx, x: f64) -> f64 { libm::j0(x) }
    "math.J1" => fn j1(cx, x: f64) -> f64 { libm::j1(x) }
    "math.Jn" => fn jn(cx, n: i64, x: f64) -> f64 { libm::jn(n as i32, x) }
    "math.Y0" => fn y0(cx, x: f64) -> f64 { libm::y0(x) }
    "math.Y1" => fn y1(cx, x: f64) -> f64 { libm::y1(x) }
    "math.Yn" => fn yn(cx, n: i64, x: f64) -> f64 { libm::yn(n as i32, x) }
    "math.gamma" => fn gamma(cx, x: f64) -> f64 { libm::tgamma(x) }
    "math.lgammaMagnitude" => fn lgamma_magnitude(cx, x: f64) -> f64 { log_gamma(x) }
    "math.pow10" => fn power_of_ten(cx, n: i64) -> f64 { pow10(n) }
}
