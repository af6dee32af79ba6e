//! Operands: what the columns of the opcode table mean and how they are encoded.
//!
//! Code is a sequence of 16-bit units: the opcode, then the operands one after
//! another. A register, a slot, a small constant and a count take one unit;
//! wider constants, references and labels take two or four, low unit first. A
//! label is the absolute offset, in units, of the instruction it names.

use serde::{Deserialize, Serialize};

/// A register of a function: an index into `Function::regs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(transparent)]
pub struct Reg(pub u16);

/// What a register holds. It never changes within a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// A canonical 64-bit integer, a boolean, or a type word. Not traced.
    Int,
    /// A float64.
    F64,
    /// A float32 (the low 32 bits of its word in records and frames).
    F32,
    /// An address in the heap or of immortal data, inside an object or just past it; or nil. Traced.
    Ptr,
    /// An interface's data word: an address or any other bits. Traced as ambiguous.
    Any,
    /// An address inside the own frame. Never live across a suspend point.
    Raw,
}

impl Class {
    /// Whether the collector looks at registers of this class.
    pub fn is_traced(self) -> bool {
        matches!(self, Class::Ptr | Class::Any)
    }

    /// Whether machine code keeps it in an integer register.
    pub fn is_word(self) -> bool {
        !matches!(self, Class::F64 | Class::F32)
    }

    /// The letter of dumps.
    pub fn letter(self) -> char {
        match self {
            Class::Int => 'i',
            Class::F64 => 'd',
            Class::F32 => 'f',
            Class::Ptr => 'p',
            Class::Any => 'a',
            Class::Raw => 'r',
        }
    }
}

/// Which classes a register operand takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Exactly this class.
    One(Class),
    /// Any class; the opcode's own rule relates the operands (verifier).
    Word,
    /// A heap address or a slot address.
    Address,
}

/// Access of a register operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Use,
    /// Written.
    Def,
    /// Read, then written.
    Mod,
}

/// The role of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One register.
    Reg(Access, Accept),
    /// A counted list of registers of any classes.
    Regs(Access),
    /// A constant of so many bits.
    Imm(u8),
    /// A frame slot.
    Slot,
    /// A code offset.
    Label,
    /// A counted list of code offsets.
    Labels,
    /// An index into one of the module's tables.
    Ref(Table),
}

/// The module's tables that instructions refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Func,
    Type,
    Native,
    Str,
    Selector,
}

/// Where code units are read from. The decoder's slice is checked; the machine
/// has an unchecked one for verified code.
pub trait CodeSource<'c> {
    /// The next unit.
    fn unit(&mut self) -> u16;
    /// The next `n` units as a slice.
    fn units(&mut self, n: usize) -> &'c [u16];
}

/// A marker type for each role of the table: how its value is written and read.
pub trait Operand {
    /// The decoded value.
    type Value<'c>: Copy + std::fmt::Debug + PartialEq;
    /// What the operand is.
    const ROLE: Role;
    /// Appends the encoding of a value.
    fn write(value: Self::Value<'_>, code: &mut Vec<u16>);
    /// Reads a value.
    fn read<'c, S: CodeSource<'c>>(source: &mut S) -> Self::Value<'c>;
}

/// Registers of a call, a return, a send: a borrowed view of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegList<'c>(pub &'c [u16]);

impl<'c> RegList<'c> {
    /// How many.
    pub fn len(self) -> usize {
        self.0.len()
    }
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
    /// The register at a place.
    pub fn get(self, i: usize) -> Reg {
        Reg(self.0[i])
    }
    /// The registers in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Reg> + 'c {
        self.0.iter().map(|&r| Reg(r))
    }
}

/// Targets of a jump table: pairs of units, low first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelList<'c>(pub &'c [u16]);

impl<'c> LabelList<'c> {
    /// How many.
    pub fn len(self) -> usize {
        self.0.len() / 2
    }
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
    /// The target at a place.
    pub fn get(self, i: usize) -> u32 {
        self.0[2 * i] as u32 | (self.0[2 * i + 1] as u32) << 16
    }
    /// The targets in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = u32> + 'c {
        self.0.chunks_exact(2).map(|u| u[0] as u32 | (u[1] as u32) << 16)
    }
}

macro_rules! reg_operands {
    ($($name:ident $access:ident $accept:expr, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub struct $name;
            impl Operand for $name {
                type Value<'c> = Reg;
                const ROLE: Role = Role::Reg(Access::$access, $accept);
                #[inline(always)]
                fn write(value: Reg, code: &mut Vec<u16>) {
                    code.push(value.0);
                }
                #[inline(always)]
                fn read<'c, S: CodeSource<'c>>(source: &mut S) -> Reg {
                    Reg(source.unit())
                }
            }
        )*
    };
}

reg_operands! {
    DefI Def Accept::One(Class::Int), "Writes an integer register.";
    DefF Def Accept::One(Class::F64), "Writes a float64 register.";
    DefS Def Accept::One(Class::F32), "Writes a float32 register.";
    DefP Def Accept::One(Class::Ptr), "Writes a pointer register.";
    DefA Def Accept::One(Class::Any), "Writes an interface data register.";
    DefR Def Accept::One(Class::Raw), "Writes a slot address register.";
    DefW Def Accept::Word, "Writes a register of any class.";
    DefAddr Def Accept::Address, "Writes a pointer or slot address register.";
    UseI Use Accept::One(Class::Int), "Reads an integer register.";
    UseF Use Accept::One(Class::F64), "Reads a float64 register.";
    UseS Use Accept::One(Class::F32), "Reads a float32 register.";
    UseP Use Accept::One(Class::Ptr), "Reads a pointer register.";
    UseA Use Accept::One(Class::Any), "Reads an interface data register.";
    UseW Use Accept::Word, "Reads a register of any class.";
    UseAddr Use Accept::Address, "Reads a pointer or slot address register.";
    ModP Mod Accept::One(Class::Ptr), "Reads and writes a pointer register.";
    ModI Mod Accept::One(Class::Int), "Reads and writes an integer register.";
}

macro_rules! list_operands {
    ($($name:ident $access:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub struct $name;
            impl Operand for $name {
                type Value<'c> = RegList<'c>;
                const ROLE: Role = Role::Regs(Access::$access);
                fn write(value: RegList<'_>, code: &mut Vec<u16>) {
                    code.push(u16::try_from(value.len()).expect("internal error: register list too long"));
                    code.extend_from_slice(value.0);
                }
                #[inline(always)]
                fn read<'c, S: CodeSource<'c>>(source: &mut S) -> RegList<'c> {
                    let n = source.unit() as usize;
                    RegList(source.units(n))
                }
            }
        )*
    };
}

list_operands! {
    Uses Use, "Reads a list of registers.";
    Defs Def, "Writes a list of registers.";
}

/// A list of code offsets.
pub struct Labels;

impl Operand for Labels {
    type Value<'c> = LabelList<'c>;
    const ROLE: Role = Role::Labels;
    fn write(value: LabelList<'_>, code: &mut Vec<u16>) {
        code.push(u16::try_from(value.len()).expect("internal error: jump table too long"));
        code.extend_from_slice(value.0);
    }
    #[inline(always)]
    fn read<'c, S: CodeSource<'c>>(source: &mut S) -> LabelList<'c> {
        let n = source.unit() as usize;
        LabelList(source.units(2 * n))
    }
}

macro_rules! scalar_operands {
    ($($name:ident $ty:ident $units:literal $role:expr, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub struct $name;
            impl Operand for $name {
                type Value<'c> = $ty;
                const ROLE: Role = $role;
                fn write(value: $ty, code: &mut Vec<u16>) {
                    let bits = value as u64;
                    for i in 0..$units {
                        code.push((bits >> (16 * i)) as u16);
                    }
                }
                #[inline(always)]
                fn read<'c, S: CodeSource<'c>>(source: &mut S) -> $ty {
                    let mut bits = 0u64;
                    for i in 0..$units {
                        bits |= (source.unit() as u64) << (16 * i);
                    }
                    bits as $ty
                }
            }
        )*
    };
}

scalar_operands! {
    ImmU16 u16 1 Role::Imm(16), "A constant of 16 bits.";
    ImmI32 i32 2 Role::Imm(32), "A signed constant of 32 bits.";
    ImmU32 u32 2 Role::Imm(32), "An unsigned constant of 32 bits.";
    ImmI64 i64 4 Role::Imm(64), "A signed constant of 64 bits.";
    ImmU64 u64 4 Role::Imm(64), "A constant of 64 bits.";
    SlotRef u16 1 Role::Slot, "An index into the function's slots.";
    Label u32 2 Role::Label, "A code offset in units.";
    FuncRef u32 2 Role::Ref(Table::Func), "An index into the module's functions.";
    TypeRef u32 2 Role::Ref(Table::Type), "An index into the module's types.";
    NativeRef u32 2 Role::Ref(Table::Native), "An index into the module's natives.";
    StrId u32 2 Role::Ref(Table::Str), "An index into the module's strings.";
    SelRef u32 2 Role::Ref(Table::Selector), "An index into the module's method selectors.";
}
