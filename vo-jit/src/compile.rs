//! One unit from bytecode to bytes: translation, Cranelift's passes, and what is to be linked.

use crate::abi::{self, Shape};
use crate::branchless;
use crate::callbacks::Callback;
use crate::dispatch::Dispatches;
use crate::dump::Texts;
use crate::feedback::{Misses, Seen};
use crate::phis;
use crate::stub;
use crate::translate::body::Sites;
use crate::translate::{self, Entry};
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self, ExternalName, LibCall};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenResult, CompiledCode, Context, FinalizedRelocTarget};
use cranelift_frontend::FunctionBuilderContext;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use vo_bytecode::{Function, Module};
use vo_runtime::code::{INLINED, Linkage};

/// What is compiled at once.
pub(crate) struct Unit<'a> {
    pub(crate) link: Linkage<'a>,
    pub(crate) func: u32,
    pub(crate) entry: Entry,
    /// A continuation that begins in a loop ends where others begin that come later: each will have its own, with what
    /// was seen of it by then. (Of a long function that is called once, the whole rest would be compiled for each of its loops.)
    pub(crate) only_loop: bool,
    pub(crate) tables: &'a TypeTables,
    pub(crate) dispatches: &'a Dispatches,
    pub(crate) sites: &'a Sites,
    pub(crate) doors: &'a QuietDoors,
    /// What the interpreter has seen at calls of closures and methods.
    pub(crate) seen: &'a Seen<'a>,
    pub(crate) misses: &'a Misses,
    /// Whether memory may be looked at as of another type, see `Module::retypes`.
    pub(crate) retypes: bool,
}

/// Addresses of the quiet doors.
pub(crate) type QuietDoors = HashMap<Callback, u64>;

/// The callbacks that have quiet doors: those that are called on rare paths that come back.
pub(crate) const QUIET: &[Callback] = &[
    Callback::interrupt,
    Callback::panic_runtime,
    Callback::poll_entry,
    Callback::guard_missed,
    Callback::write_barrier,
    Callback::alloc,
    Callback::str_copy,
    Callback::bytes_copy,
    Callback::slice_grow,
    Callback::resolve_method,
    Callback::iface_impl,
    Callback::copy_mem,
    Callback::zero_mem,
    Callback::move_bytes,
];

impl<'a> Unit<'a> {
    pub(crate) fn function(&self) -> &'a Function {
        &self.link.module.functions[self.func as usize]
    }

    /// Whether the unit begins where calls of a function go.
    pub(crate) fn is_start_of(&self, func: u32) -> bool {
        self.func == func && self.entry == Entry::Start
    }
}

/// What is looked up by the dynamic type of an interface value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ByType {
    /// The function of the method with this selector.
    Method(u32),
    /// Whether it implements this interface type.
    Implements(u32),
}

/// What has been looked up so far: for each question a table of words by the type's index. A word holds the type's
/// address over the answer, or 0. All sites with the same question share a table.
#[derive(Default)]
pub(crate) struct TypeTables(Mutex<HashMap<ByType, Box<[u64]>>>);

impl TypeTables {
    /// Bits of a word that hold the answer; the type's address, which is a multiple of eight, is above.
    pub(crate) const ANSWER_BITS: i64 = 19;
    const LARGEST: usize = 1024;

    /// The words of a table, a power of two, for a program with so many types.
    pub(crate) fn words(types: usize) -> usize {
        types.next_power_of_two().min(Self::LARGEST)
    }

    /// The address of a question's table.
    pub(crate) fn address(&self, what: ByType, types: usize) -> u64 {
        let mut tables = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let new = || vec![0; Self::words(types)].into_boxed_slice();
        tables.entry(what).or_insert_with(new).as_mut_ptr() as u64
    }
}

/// Machine code that is not linked yet.
pub(crate) struct Blob {
    pub(crate) bytes: Vec<u8>,
    pub(crate) relocs: Vec<Link>,
    /// Code offsets by return address, ascending: (offset behind the call, bytecode offset or, with the bit
    /// `INLINED`, the number of an inlined site).
    pub(crate) calls: Vec<(u32, u32)>,
    /// Calls that were replaced by what the callee does, and calls that a guard made direct.
    pub(crate) inlined: usize,
    pub(crate) guarded: usize,
    /// Objects that are not made.
    pub(crate) kept: usize,
    /// Branches that are laid out as they were seen to go.
    pub(crate) laid: usize,
}

/// A place in a blob that wants an address.
pub(crate) struct Link {
    pub(crate) at: u32,
    pub(crate) kind: Reloc,
    pub(crate) target: Target,
    pub(crate) addend: i64,
}

/// What is wanted there.
pub(crate) enum Target {
    /// So far behind its start.
    Inside(u32),
    Library(u64),
}

/// Cranelift for this machine.
///
/// # Errors
/// The machine's architecture has no backend.
pub(crate) fn new_isa() -> Result<Arc<dyn TargetIsa>, String> {
    let mut flags = settings::builder();
    let mut set = |name: &str, value: &str| flags.set(name, value).map_err(|e| e.to_string());
    set("opt_level", "speed")?;
    set("preserve_frame_pointers", "true")?;
    set("enable_probestack", "false")?;
    set("enable_pinned_reg", "true")?;
    set("is_pic", "false")?;
    set("use_colocated_libcalls", "false")?;
    set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    set("enable_llvm_abi_extensions", "true")?;
    let isa = cranelift_codegen::isa::lookup(target_lexicon::Triple::host()).map_err(|e| e.to_string())?;
    let mut isa = isa;
    infer_features(&mut isa);
    isa.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())
}

/// Turns on what this processor has.
fn infer_features(isa: &mut cranelift_codegen::isa::Builder) {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [
            ("has_sse3", is_x86_feature_detected!("sse3")),
            ("has_ssse3", is_x86_feature_detected!("ssse3")),
            ("has_sse41", is_x86_feature_detected!("sse4.1")),
            ("has_sse42", is_x86_feature_detected!("sse4.2")),
            ("has_popcnt", is_x86_feature_detected!("popcnt")),
            ("has_avx", is_x86_feature_detected!("avx")),
            ("has_avx2", is_x86_feature_detected!("avx2")),
            ("has_fma", is_x86_feature_detected!("fma")),
            ("has_bmi1", is_x86_feature_detected!("bmi1")),
            ("has_bmi2", is_x86_feature_detected!("bmi2")),
            ("has_lzcnt", is_x86_feature_detected!("lzcnt")),
        ];
        for (name, _) in found.into_iter().filter(|(_, there)| *there) {
            // A name that this Cranelift does not know is a feature that it does not use.
            let _ = isa.enable(name);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = isa;
}

/// Compiles units one after another, with the compiler's memory used again.
pub(crate) struct Compiler {
    isa: Arc<dyn TargetIsa>,
    context: Context,
    frontend: FunctionBuilderContext,
    /// Whether the machine's instructions are wanted as text.
    texts: bool,
    /// Whether the process is ours, so that its code may be forgotten between two parts of a long compilation.
    pub(crate) owns_process: bool,
    /// See `Options::fail_on`.
    pub(crate) fail_on: Option<String>,
}

impl Compiler {
    pub(crate) fn new(isa: Arc<dyn TargetIsa>) -> Compiler {
        Compiler {
            isa,
            context: Context::new(),
            frontend: FunctionBuilderContext::new(),
            texts: false,
            owns_process: false,
            fail_on: None,
        }
    }

    /// Frees what is kept from one unit to the next.
    pub(crate) fn rest(&mut self) {
        (self.context, self.frontend) = (Context::new(), FunctionBuilderContext::new());
    }

    /// Compiles a unit.
    ///
    /// # Errors
    /// Cranelift's error, or its panic.
    pub(crate) fn unit(&mut self, unit: &Unit<'_>) -> Result<Blob, String> {
        Ok(self.unit_and_code(unit)?.0)
    }

    fn unit_and_code(&mut self, unit: &Unit<'_>) -> Result<(Blob, CompiledCode), String> {
        let fails = self.fail_on.as_deref() == Some(&*unit.function().name);
        if self.owns_process {
            vo_runtime::process::give_back_near_peak(FIRST_KIB);
        }
        let mut counts = translate::Counts::default();
        let code = self.build(|isa, func, fcx| {
            assert!(!fails, "internal error: the compiler was asked to fail on {}", unit.function().name);
            let biased;
            (counts, biased) = translate::translate(unit, isa, func, fcx);
            biased
        })?;
        let mut blob = blob(&code);
        (blob.inlined, blob.guarded, blob.kept) = (counts.inlined, counts.guarded, counts.kept);
        blob.laid = counts.laid;
        if self.owns_process && !self.texts && self.context.func.dfg.num_insts() >= LONG {
            // What it has grown to would lie there while the next ones are made.
            self.rest();
            vo_runtime::process::give_back_near_peak(0);
        }
        Ok((blob, code))
    }

    /// As [`Compiler::unit`], with what came out as text.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn unit_with_texts(&mut self, unit: &Unit<'_>) -> Result<(Blob, Texts), String> {
        self.texts = true;
        let (blob, code) = self.unit_and_code(unit)?;
        let asm = code.vcode.unwrap_or_default();
        Ok((blob, Texts { clif: self.context.func.display().to_string(), asm }))
    }

    /// Compiles the door of stubs with `n` words on the stack.
    ///
    /// # Errors
    /// As [`Compiler::unit`].
    pub(crate) fn door(&mut self, n: usize, module: &Module) -> Result<Blob, String> {
        let code = self.build(|isa, func, fcx| {
            stub::build_door(n, module, isa, func, fcx);
            HashSet::new()
        })?;
        Ok(blob(&code))
    }

    /// Compiles the quiet door of a callback.
    ///
    /// # Errors
    /// As [`Compiler::unit`].
    pub(crate) fn quiet_door(&mut self, callback: Callback) -> Result<Blob, String> {
        let code = self.build(|isa, func, fcx| {
            abi::build_quiet_door(callback, isa, func, fcx);
            HashSet::new()
        })?;
        Ok(blob(&code))
    }

    /// Compiles the thunk of a shape.
    ///
    /// # Errors
    /// As [`Compiler::unit`].
    pub(crate) fn thunk(&mut self, shape: &Shape) -> Result<Blob, String> {
        let code = self.build(|isa, func, fcx| {
            abi::build_thunk(shape, isa, func, fcx);
            HashSet::new()
        })?;
        Ok(blob(&code))
    }

    fn build(
        &mut self,
        fill: impl FnOnce(&dyn TargetIsa, &mut ir::Function, &mut FunctionBuilderContext) -> HashSet<ir::Inst>,
    ) -> Result<CompiledCode, String> {
        let Compiler { isa, context, frontend, texts, owns_process, .. } = self;
        let built = catch_unwind(AssertUnwindSafe(|| {
            context.clear();
            context.set_disasm(*texts);
            let biased = fill(&**isa, &mut context.func, frontend);
            phis::remove_redundant(&mut context.func);
            branchless::choose(&mut context.func, &biased);
            let code = generate(&**isa, context, *owns_process);
            code.map_err(|error| format!("{error:?}"))
        }));
        let built = built.unwrap_or_else(|panic| Err(panic_text(&*panic)));
        if built.is_err() {
            // What a panic left half done must not be used again.
            *context = Context::new();
            *frontend = FunctionBuilderContext::new();
        }
        built
    }
}

/// Instructions from which on a function takes so long that loading pages again counts for little: some milliseconds.
const LONG: usize = 400;

/// What translating and optimising takes in memory, about.
const FIRST_KIB: usize = 1024;

/// What the second step of [`generate`] may take in memory: at least, and for an instruction.
const SECOND_KIB: usize = 1536;
const SECOND_KIB_EACH: usize = 2;

/// Optimises a function and makes it machine code: [`Context::compile`] in two steps. The second has the most
/// in memory, and does without the code and the free memory of all that was before it.
fn generate(isa: &dyn TargetIsa, context: &mut Context, owns_process: bool) -> CodegenResult<CompiledCode> {
    let mut control = ControlPlane::default();
    context.optimize(isa, &mut control)?;
    let func = &context.func;
    if owns_process {
        vo_runtime::process::give_back_near_peak(SECOND_KIB + SECOND_KIB_EACH * func.dfg.num_insts());
    }
    let register_allocator = &mut Default::default();
    let made =
        isa.compile_function(func, &context.domtree, register_allocator, context.want_disasm, &mut control);
    Ok(made?.apply_params(&func.params))
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("the compiler panicked").to_owned()
}

/// What is to be linked.
fn blob(code: &CompiledCode) -> Blob {
    let relocs = code.buffer.relocs().iter().map(|reloc| Link {
        at: reloc.offset,
        kind: reloc.kind,
        addend: reloc.addend,
        target: match &reloc.target {
            FinalizedRelocTarget::Func(offset) => Target::Inside(*offset),
            // The only function that units name: themselves.
            FinalizedRelocTarget::ExternalName(ExternalName::User(_)) => Target::Inside(0),
            FinalizedRelocTarget::ExternalName(ExternalName::LibCall(call)) => {
                Target::Library(library(*call))
            }
            other => panic!("internal error: code refers to {other:?}"),
        },
    });
    let relocs = relocs.collect();
    let mut calls = Vec::new();
    for call in code.buffer.call_sites() {
        let at = call.ret_addr;
        let srclocs = code.buffer.get_srclocs_sorted();
        let found = srclocs.iter().find(|loc| loc.start < at && at <= loc.end);
        // Locations are offsets plus one; 0 and the default stand for none.
        match found.map(|loc| loc.loc.bits()) {
            Some(bits) if bits != 0 && bits != u32::MAX => {
                calls.push((at, if bits & INLINED == 0 { bits - 1 } else { bits }));
            }
            _ => {}
        }
    }
    calls.sort_unstable();
    Blob { bytes: code.code_buffer().to_vec(), relocs, calls, inlined: 0, guarded: 0, kept: 0, laid: 0 }
}

/// Arithmetic that this machine has no instruction for.
fn library(call: LibCall) -> u64 {
    extern "C" fn floor(x: f64) -> f64 {
        x.floor()
    }
    extern "C" fn ceil(x: f64) -> f64 {
        x.ceil()
    }
    extern "C" fn trunc(x: f64) -> f64 {
        x.trunc()
    }
    extern "C" fn fma(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
    match call {
        LibCall::FloorF64 => floor as *const () as u64,
        LibCall::CeilF64 => ceil as *const () as u64,
        LibCall::TruncF64 => trunc as *const () as u64,
        LibCall::FmaF64 => fma as *const () as u64,
        other => panic!("internal error: code calls {other:?}"),
    }
}
