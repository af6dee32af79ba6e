//! A linked program: functions, types, strings, natives, globals.
//!
//! A module is closed: every index points into its own tables. The runtime and
//! the engines trust it only after [`crate::verify`] has accepted it.

use crate::operand::{Class, Reg};
use crate::suspend::SuspendPoint;
use crate::typedesc::{TypeDesc, TypeId};
use serde::{Deserialize, Serialize};

/// A program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Module {
    pub functions: Vec<Function>,
    pub types: Vec<TypeDesc>,
    /// String constants, any bytes.
    pub strings: Vec<Vec<u8>>,
    pub natives: Vec<NativeImport>,
    pub selectors: Vec<Selector>,
    /// Package variables of all packages, in one block of memory per island.
    pub globals: Globals,
    /// Initialises all packages in order; no parameters, no results.
    pub init: u32,
    /// `main.main`; no parameters, no results.
    pub main: u32,
    /// Source files that line tables refer to, as shown in traces.
    pub files: Vec<String>,
    /// Types that the machine itself makes values of.
    pub known: KnownTypes,
    /// Whether the program may look at memory of one type as another (it imports `unsafe`); the library does not.
    pub retypes: bool,
}

/// The block of package variables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Globals {
    /// Bytes.
    pub size: u64,
    pub vars: Vec<GlobalVar>,
}

/// A package variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GlobalVar {
    /// `pkg.name`.
    pub name: String,
    pub ty: TypeId,
    /// Bytes from the start of the block.
    pub offset: u64,
}

/// Types of values that the machine makes. The code generator always emits them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownTypes {
    pub bool_: Option<TypeId>,
    pub int: Option<TypeId>,
    pub uint8: Option<TypeId>,
    pub int32: Option<TypeId>,
    pub string: Option<TypeId>,
    /// `any`.
    pub any: Option<TypeId>,
    /// `error`.
    pub error: Option<TypeId>,
    /// `[]any`
    pub slice_any: Option<TypeId>,
    /// `runtime.errorString`-like defined string types of package `runtime` with methods
    /// `Error() string` and `RuntimeError()`: the value of a run-time panic. Its text is the
    /// message without "runtime error: ".
    pub runtime_error: Option<TypeId>,
    /// `*runtime.TypeAssertionError`'s struct, four strings: interface, concrete, asserted, missing method.
    pub type_assertion_error: Option<TypeId>,
    /// The pointer type to it.
    pub type_assertion_error_ptr: Option<TypeId>,
    /// The struct `runtime.PanicNilError` and the pointer type to it.
    pub panic_nil_error: Option<TypeId>,
    pub panic_nil_error_ptr: Option<TypeId>,
}

/// A native function of the library, found by name when the module is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NativeImport {
    /// `import/path.Name`.
    pub name: String,
    /// Leaf classes of the parameters.
    pub params: Vec<Class>,
    /// Leaf classes of the results.
    pub results: Vec<Class>,
}

/// A method as interfaces see it: equal selectors are the same method.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Selector {
    pub name: String,
    /// Package path of an unexported name, else empty.
    pub pkg: String,
    /// The signature without receiver.
    pub ty: TypeId,
    /// Leaf classes of parameters and results, without the data word.
    pub params: Vec<Class>,
    pub results: Vec<Class>,
}

/// Facts about a function that callers and the machine ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuncFlags {
    /// The first parameter is the closure it is called through.
    pub closure: bool,
    /// Begins with `RecoverToken`: a deferred call of it is handed the right to recover.
    /// A wrapper has the flag of what it wraps and lets the token pass.
    pub takes_token: bool,
    /// Of the closure that binds a method to an interface value, its first captured words: the method's selector.
    /// The right to recover goes to what implements it.
    pub bound: Option<u32>,
    /// Made by the compiler (method wrappers, thunks): left out of traces.
    pub wrapper: bool,
}

/// A region of the frame that holds a value in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub ty: TypeId,
    /// Bytes; the machine rounds up to words.
    pub size: u32,
}

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// As Go's tracebacks name it: `main.f`, `main.(*T).m`, `main.main.func1`.
    pub name: String,
    /// The first `params` registers are the parameters, in order.
    pub params: u16,
    /// Class of every register.
    pub regs: Vec<Class>,
    /// Classes of the results.
    pub results: Vec<Class>,
    pub slots: Vec<Slot>,
    /// Encoded instructions.
    pub code: Vec<u16>,
    /// Sorted by `pc`; the entry point is first.
    pub points: Vec<SuspendPoint>,
    /// Where a panic of a callee or of an instruction goes on: the code that begins with
    /// `DeferUnwind`. Functions that defer have one.
    pub landing: Option<u32>,
    pub flags: FuncFlags,
    /// Index into `Module::files`.
    pub file: u32,
    /// Line of the declaration.
    pub line: u32,
    /// Line table, sorted by offset: each entry holds up to the next.
    pub lines: Vec<LineEntry>,
    /// For the code of closures: what their words are, behind the first. Empty where the compiler does not say:
    /// then such a closure cannot be copied to another island.
    pub captures: Vec<Capture>,
}

/// A captured variable in a closure object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    pub ty: TypeId,
    /// One word, the address of the variable; else a word for each leaf of the value.
    pub boxed: bool,
}

/// From this offset on, code belongs to this line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineEntry {
    pub pc: u32,
    /// Index into `Module::files` (inlined code may come from another file).
    pub file: u32,
    pub line: u32,
}

impl Function {
    /// Class of a register.
    pub fn class(&self, reg: Reg) -> Class {
        self.regs[reg.0 as usize]
    }

    /// The suspend point of the instruction at a code offset: at offset 0, not the entry's.
    pub fn point_at(&self, pc: u32) -> Option<usize> {
        let at = self.points.partition_point(|p| p.pc <= pc).checked_sub(1)?;
        (self.points[at].pc == pc).then_some(at)
    }

    /// File index and line of the instruction at a code offset.
    pub fn line_at(&self, pc: u32) -> (u32, u32) {
        match self.lines.partition_point(|e| e.pc <= pc) {
            0 => (self.file, self.line),
            n => (self.lines[n - 1].file, self.lines[n - 1].line),
        }
    }

    /// Words of all slots, as they follow the registers in frames and records.
    pub fn slot_words(&self) -> usize {
        self.slots.iter().map(|s| (s.size as usize).div_ceil(8)).sum()
    }
}

impl Module {
    /// A type descriptor.
    pub fn type_desc(&self, id: TypeId) -> &TypeDesc {
        &self.types[id.0 as usize]
    }

    /// The first function with this name.
    pub fn function_named(&self, name: &str) -> Option<u32> {
        self.functions.iter().position(|f| f.name == name).map(|i| i as u32)
    }
}
