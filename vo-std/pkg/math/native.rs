//! Natives of package math. What IEEE 754 defines is exact everywhere. The transcendental functions
//! give the digits that Go gives on x86-64: those that differ from the `libm` crate (which has the
//! same ancestors) are in `circular` and `exponential`.

use crate::natives;

mod circular;
mod exponential;

/// The polynomial with these coefficients, highest power first.
fn horner(x: f64, coefficients: &[f64]) -> f64 {
    coefficients[1..].iter().fold(coefficients[0], |sum, c| sum * x + c)
}

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
    "math.Sin" => fn sin(cx, x: f64) -> f64 { circular::sin(x) }
    "math.Cos" => fn cos(cx, x: f64) -> f64 { circular::cos(x) }
    "math.Tan" => fn tan(cx, x: f64) -> f64 { circular::tan(x) }
    "math.Asin" => fn asin(cx, x: f64) -> f64 { circular::asin(x) }
    "math.Acos" => fn acos(cx, x: f64) -> f64 { circular::acos(x) }
    "math.Atan" => fn atan(cx, x: f64) -> f64 { circular::atan(x) }
    "math.Atan2" => fn atan2(cx, y: f64, x: f64) -> f64 { circular::atan2(y, x) }
    "math.Sinh" => fn sinh(cx, x: f64) -> f64 { exponential::sinh(x) }
    "math.Cosh" => fn cosh(cx, x: f64) -> f64 { exponential::cosh(x) }
    "math.Tanh" => fn tanh(cx, x: f64) -> f64 { exponential::tanh(x) }
    "math.Asinh" => fn asinh(cx, x: f64) -> f64 { libm::asinh(x) }
    "math.Acosh" => fn acosh(cx, x: f64) -> f64 { if x < 1.0 { f64::NAN } else { libm::acosh(x) } }
    "math.Atanh" => fn atanh(cx, x: f64) -> f64 { libm::atanh(x) }
    "math.Exp" => fn exp(cx, x: f64) -> f64 { exponential::exp(x) }
    "math.Exp2" => fn exp2(cx, x: f64) -> f64 { exponential::exp2(x) }
    "math.Expm1" => fn expm1(cx, x: f64) -> f64 { libm::expm1(x) }
    "math.Log" => fn log(cx, x: f64) -> f64 { libm::log(x) }
    "math.Log2" => fn log2(cx, x: f64) -> f64 { exponential::log2(x) }
    "math.Log10" => fn log10(cx, x: f64) -> f64 { exponential::log10(x) }
    "math.Log1p" => fn log1p(cx, x: f64) -> f64 { libm::log1p(x) }
    "math.Pow" => fn pow(cx, x: f64, y: f64) -> f64 { exponential::pow(x, y) }
    "math.Cbrt" => fn cbrt(cx, x: f64) -> f64 { exponential::cbrt(x) }
    "math.Hypot" => fn hypot(cx, p: f64, q: f64) -> f64 { exponential::hypot(p, q) }
    "math.Erf" => fn erf(cx, x: f64) -> f64 { libm::erf(x) }
    "math.Erfc" => fn erfc(cx, x: f64) -> f64 { libm::erfc(x) }
    "math.J0" => fn j0(cx, x: f64) -> f64 { libm::j0(x) }
    "math.J1" => fn j1(cx, x: f64) -> f64 { libm::j1(x) }
    "math.Jn" => fn jn(cx, n: i64, x: f64) -> f64 { libm::jn(n as i32, x) }
    "math.Y0" => fn y0(cx, x: f64) -> f64 { libm::y0(x) }
    "math.Y1" => fn y1(cx, x: f64) -> f64 { libm::y1(x) }
    "math.Yn" => fn yn(cx, n: i64, x: f64) -> f64 { libm::yn(n as i32, x) }
    "math.gamma" => fn gamma(cx, x: f64) -> f64 { exponential::gamma(x) }
    "math.lgammaMagnitude" => fn lgamma_magnitude(cx, x: f64) -> f64 { log_gamma(x) }
    "math.pow10" => fn power_of_ten(cx, n: i64) -> f64 { pow10(n) }
}

#[cfg(test)]
mod tests {
    use super::{circular, exponential};

    /// What Go 1.27 gives on x86-64.
    #[test]
    fn the_same_digits_as_go() {
        let facts = [
            ("circular::sin", circular::sin(1.0), 0x3feaed548f090cee),
            ("circular::sin", circular::sin(2.5), 0x3fe326af0dcfcab0),
            ("circular::sin", circular::sin(-7.75), 0xbfefd3c0d19d91a6),
            ("circular::sin", circular::sin(100000.0), 0x3fa24daa9c527e96),
            ("circular::sin", circular::sin(1e+22), 0xbfeb453ab76bf398),
            ("circular::cos", circular::cos(1.0), 0x3fe14a280fb5068c),
            ("circular::cos", circular::cos(2.5), 0xbfe9a2f7ef858b7d),
            ("circular::cos", circular::cos(-7.75), 0x3fba924459c41abd),
            ("circular::cos", circular::cos(100000.0), 0xbfeffac3841b3da8),
            ("circular::cos", circular::cos(1e+22), 0x3fe0be2cef01c8f3),
            ("circular::tan", circular::tan(1.0), 0x3ff8eb245cbee3a5),
            ("circular::tan", circular::tan(2.5), 0xbfe7e79b4e00bb15),
            ("circular::tan", circular::tan(-7.75), 0xc0232a2ffe123d4f),
            ("circular::tan", circular::tan(100000.0), 0xbfa250a9d503313d),
            ("circular::tan", circular::tan(1e+22), 0xbffa0f79c1b6b259),
            ("circular::asin", circular::asin(0.3), 0x3fd380159e14f6ff),
            ("circular::asin", circular::asin(-0.9), 0xbff1ea93705fa172),
            ("circular::acos", circular::acos(0.3), 0x3ff441f5ecbeef58),
            ("circular::acos", circular::acos(-0.9), 0x400586476251e745),
            ("circular::atan", circular::atan(0.3), 0x3fd2a73a661eaf06),
            ("circular::atan", circular::atan(1.5), 0x3fef730bd281f69b),
            ("circular::atan", circular::atan(-9.0), 0xbff75cbad2a40bd5),
            ("exponential::exp", exponential::exp(1.0), 0x4005bf0a8b145769),
            ("exponential::exp", exponential::exp(-2.5), 0x3fb50385c094f425),
            ("exponential::exp", exponential::exp(700.0), 0x7f0d945df4f8ec8e),
            ("exponential::exp", exponential::exp(-740.0), 0x0000000000000055),
            ("exponential::exp2", exponential::exp2(0.5), 0x3ff6a09e667f3bcc),
            ("exponential::exp2", exponential::exp2(-3.7), 0x3fb3b2c47bff8328),
            ("exponential::exp2", exponential::exp2(10.0), 0x4090000000000000),
            ("exponential::sinh", exponential::sinh(0.3), 0x3fd37d42af54b926),
            ("exponential::sinh", exponential::sinh(2.0), 0x400d03cf63b6e1a0),
            ("exponential::sinh", exponential::sinh(-30.0), 0xc29370470aec28ec),
            ("exponential::cosh", exponential::cosh(0.3), 0x3ff0b9b4e0b6ec4c),
            ("exponential::cosh", exponential::cosh(2.0), 0x400e18fa0df2d9bc),
            ("exponential::tanh", exponential::tanh(0.3), 0x3fd2a4dda7d914fa),
            ("exponential::tanh", exponential::tanh(-2.0), 0xbfeed9505e1bc3d4),
            ("exponential::log2", exponential::log2(3.0), 0x3ff95c01a39fbd69),
            ("exponential::log2", exponential::log2(8.0), 0x4008000000000000),
            ("exponential::log2", exponential::log2(0.7), 0xbfe0776228967d13),
            ("exponential::log10", exponential::log10(3.0), 0x3fde8927964fd5fc),
            ("exponential::log10", exponential::log10(1000.0), 0x4008000000000000),
            ("exponential::log10", exponential::log10(0.7), 0xbfc3d3d3d21ccf04),
            ("exponential::cbrt", exponential::cbrt(2.0), 0x3ff428a2f98d728b),
            ("exponential::cbrt", exponential::cbrt(-27.0), 0xc008000000000000),
            ("exponential::cbrt", exponential::cbrt(1e-310), 0x2a7a9d1b0b5d7427),
            ("exponential::gamma", exponential::gamma(0.5), 0x3ffc5bf891b4ef6a),
            ("exponential::gamma", exponential::gamma(5.5), 0x404a2be0247739f2),
            ("exponential::gamma", exponential::gamma(-40.3), 0xb6024fa6a36d1323),
            ("exponential::gamma", exponential::gamma(150.2), 0x7620dc9af0b24a69),
            ("exponential::pow", exponential::pow(2.0, 0.3), 0x3ff3b2c47bff8329),
            ("exponential::pow", exponential::pow(1.1, 100.0), 0x40caea4e6126bb8c),
            ("exponential::pow", exponential::pow(10.0, -3.0), 0x3f50624dd2f1a9fc),
            ("exponential::pow", exponential::pow(-3.0, 5.0), 0xc06e600000000000),
            ("exponential::pow", exponential::pow(9.5, 33.3), 0x46b1d3b18b584dc6),
            ("exponential::hypot", exponential::hypot(3.0, 4.0), 0x4014000000000000),
            ("circular::atan2", circular::atan2(3.0, 4.0), 0x3fe4978fa3269ee1),
            ("exponential::hypot", exponential::hypot(1.0, 1.0), 0x3ff6a09e667f3bcd),
            ("circular::atan2", circular::atan2(1.0, 1.0), 0x3fe921fb54442d18),
            ("exponential::hypot", exponential::hypot(-5.0, 2.5), 0x40165c55827df1d2),
            ("circular::atan2", circular::atan2(-5.0, 2.5), 0xbff1b6e192ebbe44),
        ];
        for (name, got, want) in facts {
            assert_eq!(got.to_bits(), want, "{name}: {got}, want {}", f64::from_bits(want));
        }
    }
}
