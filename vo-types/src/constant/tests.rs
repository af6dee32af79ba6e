//! Facts about constant arithmetic.

use super::*;

#[test]
fn integers_are_exact_and_normalised() {
    let big = parse_int("0xFFFF_FFFF_FFFF_FFFF");
    assert_eq!(big.as_u64(), Some(u64::MAX));
    assert_eq!(big.as_i64(), None);
    let one = binary_op(&big.shr(63), ConstOp::Sub, &Constant::Int(0));
    assert!(matches!(one, Constant::Int(1)));
    assert_eq!(Constant::Int(1).shl(100).shr(98).as_i64(), Some(4));
    assert_eq!(parse_int("0755").as_i64(), Some(0o755));
    assert_eq!(parse_int("0b101").as_i64(), Some(5));
    let q = binary_op(&Constant::Int(-7), ConstOp::IntQuo, &Constant::Int(2));
    assert_eq!(q.as_i64(), Some(-3));
    assert_eq!(Constant::Int(0).complement(Some(8)).as_i64(), Some(255));
    assert_eq!(Constant::Int(5).complement(None).as_i64(), Some(-6));
}

#[test]
fn floats_round_once() {
    assert_eq!(parse_float("0.1").to_f64(), Some(0.1));
    assert_eq!(parse_float("0.1").to_f32(), Some(0.1f32));
    assert_eq!(parse_float("5e-324").to_f64(), Some(5e-324));
    assert_eq!(parse_float("2.2250738585072014e-308").to_f64(), Some(f64::MIN_POSITIVE));
    assert_eq!(parse_float("1.7976931348623157e308").to_f64(), Some(f64::MAX));
    assert_eq!(parse_float("1e309").to_f64(), Some(f64::INFINITY));
    assert_eq!(parse_float("0x1p-2").to_f64(), Some(0.25));
    assert_eq!(parse_float("0x1.8p1").to_f64(), Some(3.0));
    assert_eq!(parse_float("1.").to_f64(), Some(1.0));
    assert_eq!(parse_float(".5").to_f64(), Some(0.5));
    for text in ["3.14159265358979323846", "123456789.125", "9007199254740993", "4.9e-320"] {
        assert_eq!(parse_float(text).to_f64(), text.parse().ok(), "{text}");
    }
}

#[test]
fn huge_exponents_are_bounded() {
    let huge = parse_float("1e10000");
    assert!(matches!(huge, Constant::Float(_)));
    let ratio = binary_op(&huge, ConstOp::Quo, &parse_float("1e9999"));
    assert_eq!(ratio.to_f64(), Some(10.0));
    assert!(parse_float("1e100000000000").is_unknown());
    assert_eq!(parse_float("1e-100000000000").to_f64(), Some(0.0));
    assert_eq!(compare(&huge, CmpOp::Gt, &Constant::Int(3)), Some(true));
    assert_eq!(huge.to_string(), "1e+10000");
}

#[test]
fn complex_numbers_work() {
    let i = parse_imaginary("1i");
    let minus_one = binary_op(&i, ConstOp::Mul, &i);
    assert_eq!(minus_one.to_int().as_i64(), Some(-1));
    assert_eq!(parse_imaginary("0123i").imag().as_i64(), Some(123));
    assert_eq!(parse_imaginary("0x10i").imag().as_i64(), Some(16));
    assert_eq!(i.to_string(), "(0 + 1i)");
}

#[test]
fn strings_share_their_buffer() {
    let a = Constant::string("a");
    let ab = binary_op(&a, ConstOp::Add, &Constant::string("b"));
    let ac = binary_op(&a, ConstOp::Add, &Constant::string("c"));
    assert_eq!(ab.as_bytes().as_deref(), Some(&b"ab"[..]));
    assert_eq!(ac.as_bytes().as_deref(), Some(&b"ac"[..]));
    assert_eq!(a.as_bytes().as_deref(), Some(&b"a"[..]));
    let aa = binary_op(&a, ConstOp::Add, &a);
    assert_eq!(aa.as_bytes().as_deref(), Some(&b"aa"[..]));
}

#[test]
fn messages_spell_values_as_go_does() {
    assert_eq!(parse_float("0.1").to_string(), "0.1");
    assert_eq!(parse_float("1e100").to_string(), "1e+100");
    assert_eq!(parse_float("123456789.0").to_string(), "1.23457e+08");
    assert_eq!(parse_float("2.0").to_string(), "2");
    assert_eq!(Constant::string("a\"b\n\u{1}").to_string(), "\"a\\\"b\\n\\x01\"");
    assert_eq!(Constant::string(vec![0xff]).to_string(), "\"\\xff\"");
}

#[test]
fn ranges() {
    assert!(int_fits(&Constant::Int(127), 8, true));
    assert!(!int_fits(&Constant::Int(128), 8, true));
    assert!(int_fits(&Constant::Int(-128), 8, true));
    assert!(int_fits(&Constant::Int(255), 8, false));
    assert!(!int_fits(&Constant::Int(-1), 64, false));
    assert!(int_fits(&Constant::from_u64(u64::MAX), 64, false));
    assert!(!int_fits(&Constant::from_u64(u64::MAX), 64, true));
}
