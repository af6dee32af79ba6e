//! Native functions: what the library's Rust half is written against.
//!
//! A native gets its arguments as words, in the order of the leaf registers of its parameters, and
//! leaves its results the same way: an `int` is one word (sign-extended), a `float64` its bits, a
//! string (address, length), a slice (address, length, capacity), an interface (type word, data word). It
//! answers [`Status::Ok`] with all results written, or what a method of [`NativeCx`] answered:
//!
//! ```text
//!   fn sleep(cx: &mut NativeCx<'_>, args: &[u64], _results: &mut [u64]) -> Status {
//!       cx.sleep(args[0])
//!   }
//!   fn read_file(cx: &mut NativeCx<'_>, args: &[u64], _results: &mut [u64]) -> Status {
//!       let path = native::bytes(args, 0).to_vec();
//!       cx.block(move || std::fs::read(to_path(path)), |cx, read, results| {
//!           cx.put_bytes(results, 0, &read.unwrap_or_default());
//!           Status::Ok
//!       })
//!   }
//! ```
//!
//! A native that must wait returns at once: `sleep`, `block`, `park` and `call` register the fiber and
//! what to do when it runs again (the *completion*), which writes the results. Nothing after such a
//! call may touch `results`; return its answer.
//!
//! # Memory
//!
//! Objects do not move. The collector may run whenever something is allocated, called or waited
//! for. It sees the arguments, the native stack (so locals and arrays of words are safe) and, while a
//! completion waits, the native's arguments; it does not look into Rust's heap. So a native that makes many
//! objects stores each into an object that is reachable already, such as the slice it
//! will answer (`make_slice` first, then fill), or keeps them alive with [`NativeCx::keep`].
//!
//! Byte slices that natives read may be written by a racing Vo program meanwhile; what is read is
//! then any mixture, as in Go.

mod registry;
mod values;
mod waiting;

pub use registry::{Classes, HostFn, HostNative, Native, NativeFn, Registry};
pub use values::{put_iface, put_slice};
pub use waiting::TimerTask;

use crate::host::Host;
use crate::interp::Site;
use crate::machine::Machine;
use crate::program::Program;
use crate::trace;
use std::sync::Arc;
use vo_bytecode::Status;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::rtype::LoadedTypes;
use vo_runtime::value::Iface;
use vo_sched::{FiberRef, WorkerCx};

/// What a native call that has not returned does when its fiber runs again: gets the results of the
/// Vo function that it called, if it called one, and writes its own.
pub(crate) type Run = Box<dyn FnOnce(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send>;

/// A native call that has not returned.
pub(crate) struct Completion {
    pub(crate) run: Run,
    /// Words that the collector looks at: the native's arguments, and what it asked to keep.
    pub(crate) roots: Vec<u64>,
}

/// A Vo function that a native wants called before it goes on.
pub(crate) struct PendingCall {
    pub(crate) closure: u64,
    pub(crate) args: Vec<u64>,
}

/// What a native function is given.
pub struct NativeCx<'m> {
    pub(crate) m: &'m mut Machine,
    /// The calling frame, at its `CallNative`.
    pub(crate) site: Site,
    /// The native's arguments, for completions.
    pub(crate) args: &'m [u64],
}

/// The string at `args[at..at + 2]`.
pub fn bytes(args: &[u64], at: usize) -> &[u8] {
    let (ptr, len) = (args[at], args[at + 1]);
    if len == 0 {
        return &[];
    }
    // SAFETY: the module's types say that a string or byte slice stands here; it is alive
    // while the arguments are, and objects do not move.
    unsafe { std::slice::from_raw_parts(ptr as *const u8, len as usize) }
}

/// The string at `args[at..at + 2]` as text; bytes that are not UTF-8 become U+FFFD.
pub fn text(args: &[u64], at: usize) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes(args, at))
}

/// The `[]byte` at `args[at..at + 3]`, to be written.
///
/// # Safety
/// No other reference to the same bytes is used meanwhile.
#[allow(clippy::mut_from_ref)]
pub unsafe fn bytes_mut(args: &[u64], at: usize) -> &mut [u8] {
    let (ptr, len) = (args[at], args[at + 1]);
    if len == 0 {
        return &mut [];
    }
    // SAFETY: as for `bytes`; exclusive by the contract.
    unsafe { std::slice::from_raw_parts_mut(ptr as *mut u8, len as usize) }
}

/// The slice of plain numbers (`[]int64`, `[]float64`, `[]int32`...) at `args[at..at + 3]`.
///
/// # Safety
/// The elements of the Vo slice are as large as `T`, and any bits are a `T`.
pub unsafe fn numbers<T: Copy>(args: &[u64], at: usize) -> &[T] {
    let (ptr, len) = (args[at], args[at + 1]);
    if len == 0 {
        return &[];
    }
    // SAFETY: as for `bytes`, with the contract for the element type.
    unsafe { std::slice::from_raw_parts(ptr as *const T, len as usize) }
}

/// The `float64` in a word.
pub fn float(word: u64) -> f64 {
    f64::from_bits(word)
}

/// What a native may ask for: the program, the host, the machine.
impl<'m> NativeCx<'m> {
    /// The program.
    pub fn program(&self) -> &Program {
        self.m.program()
    }

    /// The program's types.
    pub fn types(&self) -> &Arc<LoadedTypes> {
        self.m.program().types()
    }

    /// The outside.
    pub fn host(&self) -> Arc<dyn Host> {
        self.m.host()
    }

    /// Random bits from the run's seeded generator.
    pub fn random(&mut self) -> u64 {
        self.m.worker().rng().next_u64()
    }

    /// Nanoseconds of the monotonic clock that timers use.
    pub fn now(&mut self) -> u64 {
        self.m.worker().shared().now()
    }

    /// The scheduler's view of the worker that runs this.
    pub fn worker(&mut self) -> &mut WorkerCx {
        self.m.worker()
    }

    /// The fiber that runs.
    pub fn fiber(&self) -> FiberRef {
        self.m.fiber_ref()
    }

    /// The number of the goroutine that runs.
    pub fn goroutine_id(&self) -> u64 {
        self.m.fiber_ref().id()
    }

    /// `runtime.NumGoroutine`: the island's live goroutines.
    pub fn num_goroutine(&self) -> usize {
        self.m.island().world().live_fibers()
    }

    /// `runtime.GOMAXPROCS`: the number of workers; sets it where `n` is positive. Answers the old number.
    pub fn max_procs(&mut self, n: i64) -> usize {
        let shared = self.m.worker().shared().clone();
        if n > 0 { shared.set_workers(n as usize) } else { shared.workers() }
    }

    /// The frames of the calling goroutine, innermost (the caller of the native) first, wrappers left
    /// out, at most `limit` after the first `skip`.
    pub fn callers(&self, skip: usize, limit: usize) -> Vec<Caller> {
        trace::callers(self.m, self.site, skip, limit)
    }

    /// Leaves the right to recover, which the machine has handed on so far, for the call of a closure that is about to
    /// be made, if that takes it; otherwise nobody has it any more.
    pub fn pass_recover(&mut self, closure: u64) {
        // SAFETY: a function value of the program.
        let func = unsafe { crate::value::closure_func(closure) };
        let takes = |func: u32| self.m.takes_token(self.m.program().code(func), Some(closure));
        if !func.is_some_and(takes) {
            self.m.take_recover_token();
        }
    }

    /// The calling goroutine's trace as a fatal panic prints it, without its innermost `skip` frames; with
    /// `all`, those of the island's other goroutines behind it.
    pub fn stack_trace(&mut self, skip: usize, all: bool) -> String {
        let mut out = trace::current(self.m, self.site, skip);
        if all {
            self.m.with_island_stopped(self.site, |m| trace::write_others(&mut out, m));
        }
        out
    }

    /// The most bytes that a goroutine's frames may take; sets it where `bytes` is given. Answers the old
    /// number.
    pub fn max_stack(&mut self, bytes: Option<usize>) -> usize {
        self.m.vm.max_stack(bytes)
    }

    /// Collects the island's garbage.
    pub fn collect(&mut self) {
        self.m.collect_now(self.site);
    }

    /// How many collections of the island's heap are complete, modulo 2^32.
    pub fn collections(&self) -> u32 {
        self.m.island().heap().cycles() as u32
    }

    /// The heap's counters.
    pub fn heap_stats(&self) -> vo_runtime::heap::HeapStats {
        self.m.island().heap().stats()
    }
}

/// A frame of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// As Go names it: `main.f`.
    pub function: String,
    pub file: String,
    pub line: u32,
    /// A number that stands for the place: what `runtime.Callers` answers; see [`Program::place`].
    pub pc: u64,
}

impl Program {
    /// The frame that a [`Caller::pc`] stands for.
    pub fn place(&self, pc: u64) -> Option<Caller> {
        trace::place(self, pc)
    }
}

/// Ending otherwise than by returning. Each answers what the native then answers.
impl NativeCx<'_> {
    /// Panics with an interface value.
    pub fn panic(&mut self, value: Iface) -> Status {
        self.m.set_panic(self.site.w, value.ty, value.data);
        Status::Panic
    }

    /// Panics with a string.
    pub fn panic_string(&mut self, text: &str) -> Status {
        let value = self.any_string(text.as_bytes());
        self.panic(value)
    }

    /// Panics with a `runtime.Error` of this text; "runtime error: " is part of it where it is wanted.
    pub fn panic_error(&mut self, text: &str) -> Status {
        let value = self.runtime_error(text);
        self.panic(value)
    }

    /// Raises one of the machine's own panics.
    pub fn panic_runtime(&mut self, panic: RuntimePanic) -> Status {
        self.m.set_runtime_panic(self.site.w, panic);
        Status::Panic
    }

    /// Raises what an operation of the runtime answered.
    pub fn trap(&mut self, trap: Trap) -> Status {
        match trap {
            Trap::Panic(panic) => self.panic_runtime(panic),
            Trap::Fatal(fatal) => self.fatal(&fatal.to_string()),
        }
    }

    /// Ends the program: "fatal error: " and the text. It cannot be recovered.
    pub fn fatal(&mut self, text: &str) -> Status {
        crate::fatal::end_with(self.m, Some(self.site), crate::end::Fatal::Text(text.to_owned()));
        self.m.leaving = true;
        Status::Wake
    }

    /// `os.Exit`.
    pub fn exit(&mut self, code: i32) -> Status {
        self.m.end_program(code, String::new());
        self.m.leaving = true;
        Status::Wake
    }

    /// `runtime.Goexit`.
    pub fn goexit(&mut self) -> Status {
        self.m.set_goexit();
        Status::Panic
    }
}
