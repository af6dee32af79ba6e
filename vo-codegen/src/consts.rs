//! Constants of the checker as the words of registers.

use vo_types::constant::Constant;
use vo_types::types::Basic;

/// One leaf of a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    Int(i64),
    F64(f64),
    F32(f32),
}

/// A constant of a basic type.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Words(Vec<Word>),
    Str(Vec<u8>),
}

/// The canonical register of an integer of a basic type.
pub fn canonical_int(bits: u64, basic: Basic) -> i64 {
    match basic {
        Basic::Int8 => bits as i8 as i64,
        Basic::Int16 => bits as i16 as i64,
        Basic::Int32 | Basic::UntypedRune => bits as i32 as i64,
        Basic::Uint8 => bits as u8 as i64,
        Basic::Uint16 => bits as u16 as i64,
        Basic::Uint32 => bits as u32 as i64,
        _ => bits as i64,
    }
}

/// The integer, boolean included, that a constant of a basic type is in a register.
pub fn as_int(value: &Constant, basic: Basic) -> Option<i64> {
    if basic.is_boolean() {
        return value.as_bool().map(i64::from);
    }
    if basic.is_integer() || basic == Basic::UnsafePointer {
        return value.to_int().wrapping_u64().map(|bits| canonical_int(bits, basic));
    }
    None
}

/// A constant of a basic type, leaf by leaf.
pub fn scalar(value: &Constant, basic: Basic) -> Scalar {
    let f64 = |c: Constant| Word::F64(c.to_float().to_f64().unwrap_or(0.0));
    let f32 = |c: Constant| Word::F32(c.to_float().to_f32().unwrap_or(0.0));
    if let Some(int) = as_int(value, basic) {
        return Scalar::Words(vec![Word::Int(int)]);
    }
    match basic {
        Basic::Float32 => Scalar::Words(vec![f32(value.clone())]),
        Basic::Float64 | Basic::UntypedFloat => Scalar::Words(vec![f64(value.clone())]),
        Basic::Complex64 => Scalar::Words(vec![f32(value.real()), f32(value.imag())]),
        Basic::Complex128 | Basic::UntypedComplex => {
            Scalar::Words(vec![f64(value.real()), f64(value.imag())])
        }
        _ => Scalar::Str(value.as_bytes().unwrap_or_default()),
    }
}
