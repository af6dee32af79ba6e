//! Instructions as values, generated from the opcode table: [`Inst`], its
//! encoder and decoder, and the [`Visitor`] that both engines implement.
//!
//! What must stay true: `decode(encode(i)) == i` for every instruction, and a
//! checked decoder never reads past the end of the code.

use crate::operand::{self, CodeSource, Operand, Reg};
use crate::ops::Op;

/// Checked reader over a function's code.
pub struct Reader<'c> {
    code: &'c [u16],
    at: usize,
    overrun: bool,
}

impl<'c> Reader<'c> {
    /// Starts at a code offset.
    pub fn new(code: &'c [u16], at: u32) -> Reader<'c> {
        Reader { code, at: at as usize, overrun: false }
    }

    /// The offset of the next unit.
    pub fn offset(&self) -> u32 {
        self.at as u32
    }
}

impl<'c> CodeSource<'c> for Reader<'c> {
    fn unit(&mut self) -> u16 {
        match self.code.get(self.at) {
            Some(&unit) => {
                self.at += 1;
                unit
            }
            None => {
                self.overrun = true;
                0
            }
        }
    }

    fn units(&mut self, n: usize) -> &'c [u16] {
        match self.code.get(self.at..self.at + n) {
            Some(units) => {
                self.at += n;
                units
            }
            None => {
                self.overrun = true;
                &[]
            }
        }
    }
}

/// Why code does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// No opcode has this number.
    BadOpcode { offset: u32, number: u16 },
    /// The code ends within an instruction.
    Truncated { offset: u32 },
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecodeError::BadOpcode { offset, number } => write!(f, "offset {offset}: no opcode {number}"),
            DecodeError::Truncated { offset } => {
                write!(f, "offset {offset}: the code ends within an instruction")
            }
        }
    }
}

/// Register operands of an instruction, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegUse {
    pub reg: Reg,
    pub access: operand::Access,
}

/// How a generic pass looks at an operand's value.
trait Look {
    fn regs(self, role: operand::Role, f: &mut dyn FnMut(RegUse));
    fn labels(self, role: operand::Role, f: &mut dyn FnMut(u32));
}

macro_rules! look_scalar {
    ($($ty:ty),*) => {
        $(impl Look for $ty {
            fn regs(self, _: operand::Role, _: &mut dyn FnMut(RegUse)) {}
            fn labels(self, role: operand::Role, f: &mut dyn FnMut(u32)) {
                if role == operand::Role::Label {
                    f(self as u32);
                }
            }
        })*
    };
}

look_scalar!(u16, i32, u32, i64, u64);

impl Look for Reg {
    fn regs(self, role: operand::Role, f: &mut dyn FnMut(RegUse)) {
        if let operand::Role::Reg(access, _) = role {
            f(RegUse { reg: self, access });
        }
    }
    fn labels(self, _: operand::Role, _: &mut dyn FnMut(u32)) {}
}

impl Look for operand::RegList<'_> {
    fn regs(self, role: operand::Role, f: &mut dyn FnMut(RegUse)) {
        if let operand::Role::Regs(access) = role {
            self.iter().for_each(|reg| f(RegUse { reg, access }));
        }
    }
    fn labels(self, _: operand::Role, _: &mut dyn FnMut(u32)) {}
}

impl Look for operand::LabelList<'_> {
    fn regs(self, _: operand::Role, _: &mut dyn FnMut(RegUse)) {}
    fn labels(self, _: operand::Role, f: &mut dyn FnMut(u32)) {
        self.iter().for_each(f);
    }
}

macro_rules! define_inst {
    ($($name:ident = $method:ident $doc:literal { $($field:ident : $role:ident),* } [$($flag:ident),*];)*) => {
        /// A decoded instruction; lists borrow from the code.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Inst<'c> {
            $(#[doc = $doc] $name { $($field: <operand::$role as Operand>::Value<'c>),* },)*
        }

        /// Handles every instruction: the interpreter executes, the JIT translates.
        /// There is no default, so a new row of the table is a compile error in both.
        #[allow(clippy::too_many_arguments)]
        pub trait Visitor<'c> {
            /// What a handler answers.
            type Out;
            $(#[doc = $doc] fn $method(&mut self, $($field: <operand::$role as Operand>::Value<'c>),*) -> Self::Out;)*
        }

        impl<'c> Inst<'c> {
            /// The opcode.
            pub fn op(&self) -> Op {
                match self { $(Inst::$name { .. } => Op::$name,)* }
            }

            /// Appends the encoding.
            pub fn encode(&self, code: &mut Vec<u16>) {
                match *self {
                    $(Inst::$name { $($field),* } => {
                        code.push(Op::$name as u16);
                        $(<operand::$role as Operand>::write($field, code);)*
                    })*
                }
            }

            /// Reads one instruction; answers it and the offset of the next.
            pub fn decode(code: &'c [u16], offset: u32) -> Result<(Inst<'c>, u32), DecodeError> {
                let mut reader = Reader::new(code, offset);
                let number = reader.unit();
                if reader.overrun {
                    return Err(DecodeError::Truncated { offset });
                }
                let inst = match Op::from_u16(number) {
                    $(Some(Op::$name) => Inst::$name {
                        $($field: <operand::$role as Operand>::read(&mut reader)),*
                    },)*
                    None => return Err(DecodeError::BadOpcode { offset, number }),
                };
                if reader.overrun {
                    return Err(DecodeError::Truncated { offset });
                }
                Ok((inst, reader.offset()))
            }

            /// Calls `f` for each register operand in the order of the encoding.
            pub fn for_each_reg(&self, mut f: impl FnMut(RegUse)) {
                match *self {
                    $(Inst::$name { $($field),* } => {
                        let _ = &mut f;
                        $(Look::regs($field, <operand::$role as Operand>::ROLE, &mut f);)*
                    })*
                }
            }

            /// Calls `f` for each register that the instruction sets, in the order of the encoding.
            pub fn for_each_set(&self, mut f: impl FnMut(Reg)) {
                self.for_each_reg(|used| {
                    if used.access != operand::Access::Use {
                        f(used.reg);
                    }
                });
            }

            /// Calls `f` for each code offset the instruction may jump to.
            pub fn for_each_label(&self, mut f: impl FnMut(u32)) {
                match *self {
                    $(Inst::$name { $($field),* } => {
                        let _ = &mut f;
                        $(Look::labels($field, <operand::$role as Operand>::ROLE, &mut f);)*
                    })*
                }
            }

            /// Hands the operands to the visitor's method for this opcode.
            pub fn accept<V: Visitor<'c>>(self, visitor: &mut V) -> V::Out {
                match self {
                    $(Inst::$name { $($field),* } => visitor.$method($($field),*),)*
                }
            }
        }

        /// Reads one instruction from `source` and hands it to the visitor without
        /// building it. `bad` is what is answered for a number without opcode.
        #[inline(always)]
        #[allow(non_upper_case_globals)]
        pub fn dispatch<'c, S, V>(source: &mut S, visitor: &mut V, bad: fn(u16) -> V::Out) -> V::Out
        where
            S: CodeSource<'c>,
            V: Visitor<'c>,
        {
            let number = source.unit();
            $(const $name: u16 = Op::$name as u16;)*
            match number {
                $($name => {
                    $(let $field = <operand::$role as Operand>::read(source);)*
                    visitor.$method($($field),*)
                })*
                _ => bad(number),
            }
        }
    };
}

crate::for_each_op!(define_inst);

/// Walks the instructions of a function's code.
pub fn instructions(code: &[u16]) -> impl Iterator<Item = Result<(u32, Inst<'_>), DecodeError>> {
    let mut at = 0u32;
    std::iter::from_fn(move || {
        if at as usize >= code.len() {
            return None;
        }
        Some(match Inst::decode(code, at) {
            Ok((inst, next)) => {
                let offset = at;
                at = next;
                Ok((offset, inst))
            }
            Err(error) => {
                at = code.len() as u32;
                Err(error)
            }
        })
    })
}
