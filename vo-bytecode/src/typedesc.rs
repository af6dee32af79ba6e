//! Type descriptors as they travel in a module; the runtime builds its own
//! pointer-linked form from them at load.
//!
//! Memory layout is Go's for amd64: sizes, alignments, field order.

use crate::operand::Class;
use serde::{Deserialize, Serialize};

/// An index into `Module::types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TypeId(pub u32);

/// Direction of a channel type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChanDir {
    Both,
    Send,
    Recv,
}

/// A field of a struct type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDesc {
    pub name: String,
    /// Package path of an unexported name, else empty.
    pub pkg: String,
    pub ty: TypeId,
    /// Offset in bytes.
    pub offset: u64,
    pub embedded: bool,
    pub tag: String,
}

/// A method in a concrete type's method set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodDesc {
    /// Index into `Module::selectors`.
    pub selector: u32,
    /// The function that takes the interface data word (class `Any` or `Ptr`) as its
    /// first parameter, or `NO_FUNC` where nothing in the program can call it.
    pub func: u32,
    /// The method's signature without receiver (a `Func` type).
    pub ty: TypeId,
}

/// Stands for a method whose code was left out.
pub const NO_FUNC: u32 = u32::MAX;

/// The kinds of types, with what each is made of. The numbers of
/// [`TypeKind::number`] are those of Go's `reflect.Kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeKind {
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    UnsafePointer,
    Array {
        elem: TypeId,
        len: u64,
    },
    Slice {
        elem: TypeId,
    },
    Struct {
        fields: Vec<FieldDesc>,
    },
    Pointer {
        elem: TypeId,
    },
    Func {
        params: Vec<TypeId>,
        results: Vec<TypeId>,
        variadic: bool,
    },
    /// `methods` are indices into `Module::selectors`, sorted by name.
    Interface {
        methods: Vec<u32>,
    },
    Map {
        key: TypeId,
        elem: TypeId,
    },
    Chan {
        dir: ChanDir,
        elem: TypeId,
    },
    /// An object that only the machine makes: a closure, a defer record, a box.
    /// The words (of eight bytes) that hold heap addresses are listed.
    Internal {
        pointer_words: Vec<u32>,
    },
    /// Vo's `port T`, `port<- T`, `<-port T`: the address of a handle.
    Port {
        dir: ChanDir,
        elem: TypeId,
    },
    /// Vo's `island`: the address of a handle.
    Island,
}

impl TypeKind {
    /// Go's `reflect.Kind`; 0 for internal objects.
    pub fn number(&self) -> u8 {
        use TypeKind::*;
        match self {
            Internal { .. } => 0,
            Bool => 1,
            Int => 2,
            Int8 => 3,
            Int16 => 4,
            Int32 => 5,
            Int64 => 6,
            Uint => 7,
            Uint8 => 8,
            Uint16 => 9,
            Uint32 => 10,
            Uint64 => 11,
            Uintptr => 12,
            Float32 => 13,
            Float64 => 14,
            Complex64 => 15,
            Complex128 => 16,
            Array { .. } => 17,
            Chan { .. } => 18,
            Func { .. } => 19,
            Interface { .. } => 20,
            Map { .. } => 21,
            Pointer { .. } => 22,
            Slice { .. } => 23,
            String => 24,
            Struct { .. } => 25,
            // Package reflect shows Vo's handles as opaque pointers.
            UnsafePointer | Port { .. } | Island => 26,
        }
    }
}

/// One type of the program. Identical types have one descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeDesc {
    /// As `%T` and run-time errors print it: `main.T`, `[]int`, `map[string]*main.T`.
    pub name: String,
    /// For a defined type: its package path, else empty.
    pub pkg: String,
    /// For a defined type: its bare name, else empty.
    pub defined: String,
    pub kind: TypeKind,
    /// Bytes.
    pub size: u64,
    pub align: u32,
    /// Whether `==` is defined on it (interfaces: yes, may panic).
    pub comparable: bool,
    /// Leaf registers of a value, in the order of the layout; `None` for a memory type,
    /// whose value travels as the address (class `Ptr`) of a copy nobody else writes.
    pub leaves: Option<Vec<Leaf>>,
    /// Whether an interface's data word is the value itself: a single leaf of at most
    /// eight bytes (integers as the canonical register, float32 as its low 32 bits, float64
    /// as its bits, pointers, channels, maps, functions), or no leaf at all. Else the
    /// word is the address of an immutable copy.
    pub inline: bool,
    /// Method set of the type, sorted by selector.
    pub methods: Vec<MethodDesc>,
    /// The pointer type to this one, where the program has it (reflection).
    pub pointer_to: Option<TypeId>,
}

/// How a leaf lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mem {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    /// 64-bit integers.
    I64,
    /// Words that belong to a pointer: lengths, capacities, type words.
    Len,
    F32,
    F64,
    Ptr,
    /// An interface's data word.
    Any,
}

impl Mem {
    /// The class of the register that holds it.
    pub fn class(self) -> Class {
        match self {
            Mem::F32 => Class::F32,
            Mem::F64 => Class::F64,
            Mem::Ptr => Class::Ptr,
            Mem::Any => Class::Any,
            _ => Class::Int,
        }
    }

    /// Bytes.
    pub fn size(self) -> u32 {
        match self {
            Mem::I8 | Mem::U8 => 1,
            Mem::I16 | Mem::U16 => 2,
            Mem::I32 | Mem::U32 | Mem::F32 => 4,
            _ => 8,
        }
    }
}

/// A scalar part of a value: where it lies and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leaf {
    /// Bytes from the start of the value.
    pub offset: u32,
    pub mem: Mem,
}
