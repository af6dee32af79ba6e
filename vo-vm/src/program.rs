//! A loaded program: verified code with everything it refers to found. Immutable, shared by all
//! islands and workers.
//!
//! Must stay true: a [`Program`] is only made of a module that [`vo_bytecode::verify`] has
//! accepted. That is the licence of the interpreter's unchecked reads.

use crate::builtins;
use crate::guesses::Guesses;
use crate::liveness::Liveness;
use crate::native::{HostFn, NativeCx, NativeFn, Registry};
use crate::point::Point;
use crate::tier::{Table, Tier};
use crate::window::HEADER;
use std::collections::HashSet;
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};
use vo_bytecode::module::{FuncFlags, Function, Module};
use vo_bytecode::operand::RegList;
use vo_bytecode::verify::{VerifyError, verify};
use vo_bytecode::{Class, Inst, Op, Status};
use vo_runtime::code::{CompiledCode, Entries, SharedLinkage, Thresholds};
use vo_runtime::panic::RuntimePanic;
use vo_runtime::rtype::{LoadedTypes, Ty};
use vo_runtime::transfer::Captured;

/// Words of the largest frame that a program may have.
const MAX_FRAME_WORDS: usize = 1 << 20;

/// A module that the verifier has accepted, or would accept.
pub struct Verified(Module);

impl Verified {
    /// Checks a module.
    ///
    /// # Errors
    /// What the verifier found.
    pub fn check(module: Module) -> Result<Verified, VerifyError> {
        verify(&module)?;
        Ok(Verified(module))
    }

    /// Takes a module that the code generator of this process has just made: what it makes is right by
    /// construction, and debug builds check that it is.
    ///
    /// # Panics
    /// In debug builds, when the verifier rejects it.
    pub fn compiled(module: Module) -> Verified {
        if cfg!(debug_assertions)
            && let Err(error) = verify(&module)
        {
            panic!("internal error: the compiler made code that the verifier rejects: {error}");
        }
        Verified(module)
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.0
    }
}

/// Why a module cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The bytecode is not well formed.
    Invalid(VerifyError),
    /// The library has no native functions of these names.
    MissingNatives(Vec<String>),
    /// The library's native function takes or answers something else than the module says.
    NativeSignature(String),
    /// A function's registers and slots need too much memory.
    FrameTooLarge { function: String, bytes: usize },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Invalid(error) => write!(f, "invalid bytecode: {error}"),
            LoadError::MissingNatives(names) => {
                write!(f, "native functions that this build does not have: {}", names.join(", "))
            }
            LoadError::NativeSignature(name) => {
                write!(f, "native function {name} has other parameters or results in this build")
            }
            LoadError::FrameTooLarge { function, bytes } => {
                write!(f, "function {function} needs a frame of {bytes} bytes, more than the machine has")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// A function as the machine runs it.
pub(crate) struct Code {
    /// The first instruction.
    pub(crate) start: *const u16,
    /// Words of a frame: header, registers, slots.
    pub(crate) frame_words: usize,
    /// Number of registers.
    pub(crate) regs: usize,
    pub(crate) slot_words: usize,
    /// Number of parameters (low half) and results (high half).
    pub(crate) shape: u32,
    pub(crate) index: u32,
    pub(crate) flags: FuncFlags,
    landing: *const u16,
    /// First word of each slot.
    pub(crate) slots: Box<[u32]>,
    /// Words of the slots that may hold addresses.
    pub(crate) slot_pointers: Box<[u32]>,
    function: NonNull<Function>,
    /// How it is run.
    pub(crate) tier: Tier,
    points: OnceLock<Box<[Point]>>,
    liveness: OnceLock<Box<Liveness>>,
}

// SAFETY: everything a `Code` points at is immutable and lives as long as its program.
unsafe impl Send for Code {}
// SAFETY: as above.
unsafe impl Sync for Code {}

/// The number of parameters and results as one word; see [`Code::shape`].
#[inline(always)]
pub(crate) fn shape(params: usize, results: usize) -> u32 {
    params as u32 | (results as u32) << 16
}

/// The destination registers of a call, and what comes after it.
pub(crate) struct CallShape<'c> {
    pub(crate) results: RegList<'c>,
    pub(crate) next: u32,
}

impl Code {
    fn new(index: usize, function: &Function) -> Result<Code, LoadError> {
        let (regs, slot_words) = (function.regs.len(), function.slot_words());
        let frame_words = HEADER + regs + slot_words;
        if frame_words > MAX_FRAME_WORDS {
            let (function, bytes) = (function.name.clone(), frame_words * 8);
            return Err(LoadError::FrameTooLarge { function, bytes });
        }
        let mut at = 0;
        let slots = function.slots.iter().map(|slot| {
            let first = at;
            at += slot.size.div_ceil(8);
            first
        });
        let start = function.code.as_ptr();
        Ok(Code {
            start,
            frame_words,
            regs,
            slot_words,
            shape: shape(usize::from(function.params), function.results.len()),
            index: index as u32,
            flags: function.flags,
            landing: function.landing.map_or(std::ptr::null(), |pc| start.wrapping_add(pc as usize)),
            slots: slots.collect(),
            slot_pointers: Box::default(),
            function: NonNull::from(function),
            tier: Tier::default(),
            points: OnceLock::new(),
            liveness: OnceLock::new(),
        })
    }

    /// A suspend point as the machine goes on there.
    #[inline(always)]
    pub(crate) fn point(&self, index: u32) -> &Point {
        &self.points.get_or_init(|| Point::all_of(self))[index as usize]
    }

    /// What is live at instructions that are no suspend points.
    pub(crate) fn liveness(&self) -> &Liveness {
        self.liveness.get_or_init(|| Box::new(Liveness::of(self)))
    }

    fn find_slot_pointers(&mut self, types: &LoadedTypes) {
        let mut found = Vec::new();
        for (slot, &first) in self.function().slots.iter().zip(&self.slots) {
            pointer_words(types.get(slot.ty.0), u64::from(slot.size), u64::from(first), &mut found);
        }
        self.slot_pointers = found.into_boxed_slice();
    }

    /// The function in the module.
    #[inline(always)]
    pub(crate) fn function(&self) -> &Function {
        // SAFETY: the program owns the module, whose functions do not move or change.
        unsafe { self.function.as_ref() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.function().name
    }

    /// The instruction at a code offset.
    #[inline(always)]
    pub(crate) fn at(&self, pc: u32) -> *const u16 {
        self.start.wrapping_add(pc as usize)
    }

    /// The landing pad, if the function has one.
    #[inline(always)]
    pub(crate) fn landing(&self) -> Option<*const u16> {
        (!self.landing.is_null()).then_some(self.landing)
    }

    /// Number of parameters.
    pub(crate) fn params(&self) -> usize {
        (self.shape & 0xffff) as usize
    }

    /// Number of results.
    pub(crate) fn results(&self) -> usize {
        (self.shape >> 16) as usize
    }

    /// The instruction at an offset, and the offset of the next.
    pub(crate) fn decode(&self, pc: u32) -> (Inst<'_>, u32) {
        match Inst::decode(&self.function().code, pc) {
            Ok(decoded) => decoded,
            Err(error) => panic!("internal error: {} does not decode: {error}", self.name()),
        }
    }

    /// The opcode at an offset.
    pub(crate) fn op_at(&self, pc: u32) -> Option<Op> {
        Op::from_u16(*self.function().code.get(pc as usize)?)
    }

    /// What the call at an offset leaves to be done when its callee has returned.
    pub(crate) fn call_shape(&self, pc: u32) -> CallShape<'_> {
        let (inst, next) = self.decode(pc);
        let results = match inst {
            Inst::Call { results, .. }
            | Inst::CallClosure { results, .. }
            | Inst::CallIface { results, .. }
            | Inst::CallNative { results, .. } => results,
            other => panic!("internal error: {} waits for a call at {:?}", self.name(), other.op()),
        };
        CallShape { results, next }
    }
}

/// A native function as the machine calls it.
pub(crate) struct Native {
    run: NativeRun,
    /// It only gathers output: what was gathered before need not be seen yet.
    pub(crate) prints: bool,
}

enum NativeRun {
    Library(NativeFn),
    Host(Arc<HostFn>),
}

impl Native {
    #[inline(always)]
    pub(crate) fn call(&self, cx: &mut NativeCx<'_>, args: &[u64], results: &mut [u64]) -> Status {
        match &self.run {
            NativeRun::Library(run) => run(cx, args, results),
            NativeRun::Host(run) => run(cx, args, results),
        }
    }
}

/// A loaded program.
pub struct Program {
    module: Arc<Module>,
    codes: Arc<[Code]>,
    /// Stands for compiled code where a frame is wanted: no registers.
    stub: Box<(Function, Option<Code>)>,
    strings: Arc<[(u64, u64)]>,
    natives: Vec<Native>,
    types: Arc<LoadedTypes>,
    /// Words of the package variables that may hold addresses.
    global_pointers: Box<[u32]>,
    /// One immortal closure object for each function: its index, nothing captured.
    closures: Arc<[u64]>,
    /// The types of package `runtime` that run-time panics are values of.
    operation_error: Option<Ty>,
    bounds_error: Option<Ty>,
    pub(crate) plain_error: Option<Ty>,
    /// Selectors of `Error() string` and `String() string`.
    pub(crate) error_method: Option<u32>,
    pub(crate) string_method: Option<u32>,
    compiled: OnceLock<Box<dyn CompiledCode>>,
    thresholds: OnceLock<Thresholds>,
    /// What compiled code has guessed wrong.
    guesses: Arc<Guesses>,
    /// What the closures of each function capture.
    captures: Vec<Box<[Captured]>>,
    /// `island.Gone`, the pointer to it, and the error type of that package.
    gone: Option<(Ty, Ty, Ty)>,
}

impl Program {
    /// Verifies a module, builds its types, and finds its native functions.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(module: Module, natives: &Registry) -> Result<Program, LoadError> {
        let verified = Verified::check(module).map_err(LoadError::Invalid)?;
        Program::load_verified(verified, natives)
    }

    /// As [`Program::load`], for a module that was verified before.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load_verified(verified: Verified, natives: &Registry) -> Result<Program, LoadError> {
        let module = Arc::new(verified.0);
        let codes = module.functions.iter().enumerate().map(|(i, f)| Code::new(i, f));
        let mut codes = codes.collect::<Result<Vec<_>, _>>()?;
        let natives = find_natives(&module, natives)?;
        let name = String::from("compiled code");
        let mut stub = Box::new((Function { name, ..Function::default() }, None));
        stub.1 = Some(Code::new(0, &stub.0)?);
        let strings = module.strings.iter().map(|s| (s.as_ptr() as u64, s.len() as u64)).collect();
        let closures = (0..module.functions.len() as u64).collect();
        let types = Arc::new(LoadedTypes::load(&module));
        codes.iter_mut().for_each(|code| code.find_slot_pointers(&types));
        let global_pointers = find_global_pointers(&module, &types);
        let runtime_type = |name: &str| types.iter().find(|ty| ty.pkg == "runtime" && ty.defined == name);
        let operation_error = runtime_type("errorString").or(types.known.runtime_error);
        let bounds_error = runtime_type("boundsError").or(operation_error);
        let plain_error = runtime_type("plainError").or(operation_error);
        let method = |name: &str| method_to_string(&module, name);
        let (error_method, string_method) = (method("Error"), method("String"));
        Ok(Program {
            codes: codes.into(),
            stub,
            strings,
            natives,
            global_pointers,
            closures,
            operation_error,
            bounds_error,
            plain_error,
            error_method,
            string_method,
            compiled: OnceLock::new(),
            thresholds: OnceLock::new(),
            guesses: Arc::default(),
            captures: find_captures(&module, &types),
            gone: find_gone(&types),
            types,
            module,
        })
    }

    /// The addresses that compiled code contains.
    pub fn linkage(&self) -> SharedLinkage {
        SharedLinkage {
            module: self.module.clone(),
            types: self.types.clone(),
            strings: self.strings.clone(),
            closures: self.closures.clone(),
        }
    }

    /// Where the compiler puts finished code.
    pub fn entries(&self) -> Arc<dyn Entries> {
        Arc::new(Table { codes: self.codes.clone(), guesses: self.guesses.clone() })
    }

    /// Gives the program its compiler, which fills [`Program::entries`]. From now on what is hot by these
    /// thresholds is asked of it; functions are counted where `count_calls` is set. Only the first compiler
    /// counts, and it must come before the program runs.
    pub fn set_compiler(&self, compiled: Box<dyn CompiledCode>, thresholds: Thresholds, count_calls: bool) {
        if self.compiled.set(compiled).is_ok() {
            let _ = self.thresholds.set(thresholds);
            if count_calls {
                self.codes.iter().for_each(|code| code.tier.start_counting());
            }
        }
    }

    /// The program's native code, if it has any.
    pub fn compiled(&self) -> Option<&dyn CompiledCode> {
        self.compiled.get().map(|compiled| &**compiled)
    }

    /// When something is hot; `None` where nothing is compiled.
    #[inline(always)]
    pub(crate) fn thresholds(&self) -> Option<&Thresholds> {
        self.thresholds.get()
    }

    /// What compiled code has guessed wrong.
    pub(crate) fn guesses(&self) -> &Guesses {
        &self.guesses
    }

    /// The table of native code addresses, for compiled code.
    pub(crate) fn functions(&self) -> *const u64 {
        self.compiled().map_or(std::ptr::null(), |compiled| compiled.functions())
    }

    /// What the closures of a function capture; nothing where that is not known.
    pub(crate) fn captures(&self, func: u32) -> &[Captured] {
        &self.captures[func as usize]
    }

    /// `island.Gone`, the pointer type to it, and package island's type of errors; `None` where the program does without.
    pub(crate) fn gone_types(&self) -> Option<(Ty, Ty, Ty)> {
        self.gone
    }

    /// The module that the program was loaded from.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The program's types.
    #[inline(always)]
    pub fn types(&self) -> &Arc<LoadedTypes> {
        &self.types
    }

    /// The function with this index.
    #[inline(always)]
    pub(crate) fn code(&self, func: u32) -> &Code {
        &self.codes[func as usize]
    }

    /// The function that stands for compiled code.
    pub(crate) fn stub(&self) -> &Code {
        self.stub.1.as_ref().expect("internal error: the program is being loaded")
    }

    /// All functions.
    pub(crate) fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// Address and length of a string constant.
    #[inline(always)]
    pub(crate) fn string(&self, string: u32) -> (u64, u64) {
        self.strings[string as usize]
    }

    /// The type with this index.
    #[inline(always)]
    pub(crate) fn ty(&self, ty: u32) -> Ty {
        self.types.get(ty)
    }

    /// The type word of the type with this index.
    #[inline(always)]
    pub(crate) fn type_word(&self, ty: u32) -> u64 {
        self.types.get(ty).word()
    }

    /// The closure that stands for a function without captured variables.
    #[inline(always)]
    pub(crate) fn static_closure(&self, func: u32) -> u64 {
        std::ptr::from_ref(&self.closures[func as usize]) as u64
    }

    /// The native function with this index.
    #[inline(always)]
    pub(crate) fn native(&self, native: u32) -> &Native {
        &self.natives[native as usize]
    }

    /// The type of the value of a run-time panic.
    pub(crate) fn error_type(&self, panic: RuntimePanic) -> Option<Ty> {
        // From the numbers of the table: the bounds errors stand in a row.
        let bounds = (RuntimePanic::Index { index: 0, len: 0 }).code()..(RuntimePanic::SliceToArray {
            want: 0,
            len: 0,
        })
        .code();
        match panic {
            _ if panic.is_plain() => self.plain_error,
            _ if bounds.contains(&panic.code()) => self.bounds_error,
            _ => self.operation_error,
        }
    }

    /// Words of the package variables that may hold addresses.
    pub(crate) fn global_pointers(&self) -> &[u32] {
        &self.global_pointers
    }

    /// Words of the largest frame.
    pub(crate) fn max_frame_words(&self) -> usize {
        self.codes.iter().map(|c| c.frame_words).max().unwrap_or(HEADER)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({} functions)", self.codes.len())
    }
}

/// Adds the words of `bytes` bytes of a type, the first of which is word `first`, that may hold addresses.
fn pointer_words(ty: Ty, bytes: u64, first: u64, found: &mut Vec<u32>) {
    let words = bytes.div_ceil(8);
    found.extend((0..words).filter(|&i| ty.layout.is_pointer(i as usize)).map(|i| (first + i) as u32));
}

fn find_global_pointers(module: &Module, types: &LoadedTypes) -> Box<[u32]> {
    let mut found = Vec::new();
    for var in &module.globals.vars {
        let ty = types.get(var.ty.0);
        if !ty.is_noscan() {
            pointer_words(ty, ty.size, var.offset / 8, &mut found);
        }
    }
    found.into_boxed_slice()
}

fn find_captures(module: &Module, types: &LoadedTypes) -> Vec<Box<[Captured]>> {
    let of = |f: &Function| {
        f.captures.iter().map(|c| Captured { ty: types.get(c.ty.0), boxed: c.boxed }).collect()
    };
    module.functions.iter().map(of).collect()
}

fn find_gone(types: &LoadedTypes) -> Option<(Ty, Ty, Ty)> {
    let find = |name: &str| types.iter().find(|ty| ty.pkg == "island" && ty.defined == name);
    let gone = find("Gone")?;
    Some((gone, gone.pointer_to?, find("failure")?))
}

fn find_natives(module: &Module, registry: &Registry) -> Result<Vec<Native>, LoadError> {
    let mut missing = Vec::new();
    let mut found = Vec::with_capacity(module.natives.len());
    let mut seen = HashSet::new();
    for import in &module.natives {
        let agrees = |params: &[Class], results: &[Class]| {
            let same = *params == import.params && *results == import.results;
            same.then_some(()).ok_or_else(|| LoadError::NativeSignature(import.name.clone()))
        };
        let library = registry.get(&import.name).or_else(|| builtins::find(&import.name));
        match (library, registry.host(&import.name)) {
            (Some(native), _) => {
                agrees(&native.params, &native.results)?;
                let prints = builtins::only_prints(&import.name);
                found.push(Native { run: NativeRun::Library(native.run), prints });
            }
            (None, Some(native)) => {
                agrees(&native.params, &native.results)?;
                found.push(Native { run: NativeRun::Host(native.run.clone()), prints: false });
            }
            (None, None) if seen.insert(&import.name) => missing.push(import.name.clone()),
            (None, None) => {}
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(LoadError::MissingNatives(missing)) }
}

/// The selector of an exported method without parameters that answers a string.
fn method_to_string(module: &Module, name: &str) -> Option<u32> {
    let string = module.known.string?;
    let is_it = |s: &vo_bytecode::module::Selector| {
        s.name == name
            && s.pkg.is_empty()
            && matches!(&module.type_desc(s.ty).kind,
                vo_bytecode::TypeKind::Func { params, results, .. } if params.is_empty() && results[..] == [string])
    };
    module.selectors.iter().position(is_it).map(|i| i as u32)
}
