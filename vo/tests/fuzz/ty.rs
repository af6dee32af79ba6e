//! The types of generated programs.

use crate::rng::Rng;

/// The numeric types, by name and width; floats last.
pub const NUMERIC: &[(&str, u32)] = &[
    ("int", 64),
    ("int8", 8),
    ("int16", 16),
    ("int32", 32),
    ("int64", 64),
    ("uint", 64),
    ("uint8", 8),
    ("uint16", 16),
    ("uint32", 32),
    ("uint64", 64),
    ("uintptr", 64),
    ("float64", 64),
    ("float32", 32),
];

/// The index of the first float in [`NUMERIC`].
pub const FLOATS: usize = 11;
/// The index of the first unsigned integer.
pub const UNSIGNED: usize = 5;

/// Structs of a program.
pub const STRUCTS: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    Num(usize),
    Bool,
    Str,
    Slice(Box<Ty>),
    Array(usize, Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Struct(usize),
    Ptr(usize),
    /// The interface of the program, which structs, their pointers and a defined integer implement.
    Iface,
    /// An empty interface.
    Any,
    Func(Vec<Ty>, Box<Ty>),
}

pub const INT: Ty = Ty::Num(0);

impl Ty {
    pub fn name(&self) -> String {
        match self {
            Ty::Num(n) => NUMERIC[*n].0.into(),
            Ty::Bool => "bool".into(),
            Ty::Str => "string".into(),
            Ty::Slice(elem) => format!("[]{}", elem.name()),
            Ty::Array(n, elem) => format!("[{n}]{}", elem.name()),
            Ty::Map(key, elem) => format!("map[{}]{}", key.name(), elem.name()),
            Ty::Struct(n) => format!("S{n}"),
            Ty::Ptr(n) => format!("*S{n}"),
            Ty::Iface => "Iface".into(),
            Ty::Any => "any".into(),
            Ty::Func(params, result) => {
                let params: Vec<String> = params.iter().map(Ty::name).collect();
                format!("func({}) {}", params.join(", "), result.name())
            }
        }
    }

    pub fn is_integer(&self) -> bool {
        matches!(self, Ty::Num(n) if *n < FLOATS)
    }

    pub fn is_float(&self) -> bool {
        matches!(self, Ty::Num(n) if *n >= FLOATS)
    }

    pub fn is_unsigned(&self) -> bool {
        matches!(self, Ty::Num(n) if (UNSIGNED..FLOATS).contains(n))
    }

    pub fn number(rng: &mut Rng) -> Ty {
        Ty::Num(rng.below(NUMERIC.len()))
    }

    pub fn integer(rng: &mut Rng) -> Ty {
        Ty::Num(rng.below(FLOATS))
    }

    pub fn scalar(rng: &mut Rng) -> Ty {
        match rng.below(8) {
            0 => Ty::Bool,
            1 => Ty::Str,
            2 | 3 => INT,
            _ => Ty::number(rng),
        }
    }

    /// Any type, of a depth.
    pub fn any(rng: &mut Rng, depth: usize) -> Ty {
        let inner = |rng: &mut Rng| Box::new(Ty::any(rng, depth - 1));
        match if depth == 0 { 0 } else { rng.below(14) } {
            0..=4 => Ty::scalar(rng),
            5 | 6 => Ty::Slice(inner(rng)),
            7 => Ty::Array(1 + rng.below(5), inner(rng)),
            8 => Ty::Map(Box::new(Ty::key(rng)), inner(rng)),
            9 => Ty::Struct(rng.below(STRUCTS)),
            10 => Ty::Ptr(rng.below(STRUCTS)),
            11 => Ty::Iface,
            12 => Ty::Any,
            _ => {
                let params = (0..rng.below(4)).map(|_| Ty::scalar(rng)).collect();
                Ty::Func(params, Box::new(Ty::scalar(rng)))
            }
        }
    }

    fn key(rng: &mut Rng) -> Ty {
        match rng.below(4) {
            0 => Ty::Str,
            1 => Ty::Bool,
            _ => Ty::integer(rng),
        }
    }
}
