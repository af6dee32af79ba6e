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

use crate::host::Host;
use crate::interp::Site;
use crate::machine::Machine;
use crate::ops::chan::{self as ops, Waited};
use crate::program::Program;
use crate::trace;
use std::collections::HashMap;
use std::sync::Arc;
use vo_bytecode::{Class, Status};
use vo_runtime::heap::AllocCache;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::rtype::{LoadedTypes, Ty};
use vo_runtime::value::{Iface, Slice, Str};
use vo_sched::chan::{SendResult, finish_recv, finish_send};
use vo_sched::fiber::Cx;
use vo_sched::{FiberRef, Outside, WaitReason, WorkerCx};

/// A native function.
pub type NativeFn = fn(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status;

/// Leaf classes of a native's parameters or results.
#[derive(Clone, Copy)]
pub struct Classes {
    len: usize,
    at: [Class; Classes::MOST],
}

impl Classes {
    /// The most that a native takes, or answers.
    pub const MOST: usize = 16;

    /// No classes.
    pub const NONE: Classes = Classes { len: 0, at: [Class::Int; Classes::MOST] };

    /// How many.
    pub const fn count(&self) -> usize {
        self.len
    }

    /// These classes.
    pub const fn of(classes: &[Class]) -> Classes {
        let mut all = Classes::NONE;
        while all.len < classes.len() {
            all.at[all.len] = classes[all.len];
            all.len += 1;
        }
        all
    }

    /// These and then those.
    pub const fn and(mut self, more: Classes) -> Classes {
        let mut i = 0;
        while i < more.len {
            self.at[self.len] = more.at[i];
            self.len += 1;
            i += 1;
        }
        self
    }
}

impl std::ops::Deref for Classes {
    type Target = [Class];

    fn deref(&self) -> &[Class] {
        &self.at[..self.len]
    }
}

/// A native function with what it takes and answers.
///
/// The signature is compared with that of the module's import when a program is loaded, so that a native
/// is never given words that are not what it takes them for.
#[derive(Clone, Copy)]
pub struct Native {
    pub run: NativeFn,
    pub params: Classes,
    pub results: Classes,
}

/// A native function that an embedding program has made: it may have state.
pub type HostFn = dyn Fn(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send + Sync;

/// A [`HostFn`] with what it takes and answers.
#[derive(Clone)]
pub struct HostNative {
    pub run: Arc<HostFn>,
    pub params: Vec<Class>,
    pub results: Vec<Class>,
}

/// The native functions of the library and of an embedding program, by `import/path.Name`.
#[derive(Clone, Default)]
pub struct Registry {
    by_name: HashMap<String, Native>,
    hosts: HashMap<String, HostNative>,
}

impl Registry {
    /// No functions.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a function; a second one of the same name takes the first one's place.
    pub fn add(&mut self, name: impl Into<String>, native: Native) {
        self.by_name.insert(name.into(), native);
    }

    /// Adds functions.
    pub fn add_all(&mut self, natives: &[(&str, Native)]) {
        natives.iter().for_each(|&(name, native)| self.add(name, native));
    }

    /// Adds a function of the embedding program; one of the library with this name stays.
    pub fn add_host(&mut self, name: impl Into<String>, native: HostNative) {
        self.hosts.insert(name.into(), native);
    }

    /// The embedding program's function of this name.
    pub fn host(&self, name: &str) -> Option<&HostNative> {
        self.hosts.get(name)
    }

    /// The library's function of this name.
    pub fn get(&self, name: &str) -> Option<Native> {
        self.by_name.get(name).copied()
    }

    /// All names of the library's, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

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

/// Making values.
impl NativeCx<'_> {
    /// A new string with these bytes.
    pub fn string(&mut self, bytes: &[u8]) -> Str {
        let made = self.m.new_string(self.site, bytes);
        self.made(made)
    }

    /// A new `[]byte` with these bytes.
    pub fn byte_slice(&mut self, bytes: &[u8]) -> Slice {
        let Str { ptr, len } = self.string(bytes);
        Slice { ptr, len, cap: len }
    }

    /// A new zeroed value of a type: its address.
    pub fn alloc(&mut self, ty: Ty) -> u64 {
        let made = self.m.alloc(self.site, ty);
        self.made(made)
    }

    /// What was made; without memory the program ends at once, and the native goes on with nothing.
    fn made<T: Default>(&mut self, made: Result<T, Trap>) -> T {
        made.unwrap_or_else(|trap| {
            let _ = self.trap(trap);
            T::default()
        })
    }

    /// `len` zeroed elements of type `elem` with room for `cap`.
    ///
    /// # Errors
    /// As `make` panics.
    pub fn make_slice(&mut self, elem: Ty, len: usize, cap: usize) -> Result<Slice, Trap> {
        self.m.make_slice(self.site, elem, len as u64, cap as u64)
    }

    /// A `[]string` of these strings.
    pub fn string_slice<T: AsRef<[u8]>>(&mut self, strings: &[T]) -> Slice {
        let ty = self.types().known.string.expect("internal error: a program without type string");
        let made = self.make_slice(ty, strings.len(), strings.len());
        let slice = made.expect("internal error: a slice of strings is too long");
        for (i, string) in strings.iter().enumerate() {
            let s = self.string(string.as_ref());
            let at = slice.ptr + 16 * i as u64;
            self.store_ptr(at, s.ptr);
            // SAFETY: element `i` of the new slice of strings.
            unsafe { vo_runtime::value::store_word(at + 8, s.len) };
        }
        slice
    }

    /// An `any` that holds a string.
    pub fn any_string(&mut self, bytes: &[u8]) -> Iface {
        let ty = self.types().known.string.expect("internal error: a program without type string");
        let made = self.m.box_string(self.site, ty, bytes);
        self.made(made)
    }

    /// An `any` that holds an int.
    pub fn any_int(&self, value: i64) -> Iface {
        let ty = self.types().known.int.expect("internal error: a program without type int");
        Iface { ty: ty.word(), data: value as u64 }
    }

    /// An `any` that holds a bool.
    pub fn any_bool(&self, value: bool) -> Iface {
        let ty = self.types().known.bool_.expect("internal error: a program without type bool");
        Iface { ty: ty.word(), data: u64::from(value) }
    }

    /// A `runtime.Error` with exactly this text.
    pub fn runtime_error(&mut self, text: &str) -> Iface {
        crate::value::plain_error(self.m, self.site, text).unwrap_or_default()
    }

    /// Where the runtime's operations allocate from; collects first if the heap wants it. What the next
    /// operations make is safe in local variables until this is called again.
    ///
    /// # Errors
    /// The island is over its limit.
    pub fn allocator(&mut self) -> Result<&mut AllocCache, Trap> {
        self.m.ensure(self.site)?;
        Ok(self.m.cache())
    }

    /// `debug.SetGCPercent`: how much the heap may grow between collections, `None` for no collections.
    /// Answers the setting before.
    pub fn set_gc_percent(&mut self, percent: Option<u32>) -> Option<u32> {
        self.m.island().heap().set_gogc(percent)
    }

    /// `debug.SetMemoryLimit`: sets the heap's soft limit in bytes where one is given; answers the one before.
    pub fn memory_limit(&mut self, limit: Option<u64>) -> Option<u64> {
        self.m.island().heap().soft_limit(limit)
    }

    /// The island's heap: for finalizers, cleanups and weak pointers.
    pub fn heap(&self) -> &Arc<vo_runtime::heap::Heap> {
        self.m.island().heap()
    }

    /// Collects, and gives all free memory back to the system.
    pub fn free_os_memory(&mut self) {
        self.collect();
        self.m.island().heap().release_pages();
    }

    /// The island's fibers that can never run again: how many, and their traces.
    pub fn find_leaks(&mut self) -> (usize, String) {
        self.m.find_leaks(self.site, false)
    }

    /// Bytes of the island's fibers: their frames, and what the machine knows of them.
    pub fn fiber_bytes(&mut self) -> u64 {
        self.m.with_island_stopped(self.site, |m| {
            let mut bytes = 0;
            m.island().world().for_each_fiber(|fiber| {
                // SAFETY: the island is stopped; all its fibers are of this crate.
                let fiber = unsafe { crate::fiber::VoFiber::of(fiber) };
                bytes += size_of::<crate::fiber::VoFiber>() + 8 * fiber.saved.capacity();
            });
            bytes as u64
        })
    }

    /// Tells the collector that the address at `at`, which is readable, is about to be replaced by other means than
    /// [`NativeCx::store_ptr`].
    pub fn overwriting(&mut self, at: u64) {
        // SAFETY: an aligned word of Vo memory, which the caller is about to write.
        unsafe { vo_runtime::heap::barrier::overwriting(at) };
    }

    /// Stores an address into memory that the collector looks at.
    pub fn store_ptr(&mut self, at: u64, value: u64) {
        self.m.store_ptr(at, value);
    }

    /// Writes a new string with these bytes to `results[at..at + 2]`.
    pub fn put_string(&mut self, results: &mut [u64], at: usize, bytes: &[u8]) {
        let s = self.string(bytes);
        (results[at], results[at + 1]) = (s.ptr, s.len);
    }

    /// Writes a new `[]byte` to `results[at..at + 3]`.
    pub fn put_bytes(&mut self, results: &mut [u64], at: usize, bytes: &[u8]) {
        let slice = self.byte_slice(bytes);
        put_slice(results, at, slice);
    }
}

/// Writes a slice to `results[at..at + 3]`.
pub fn put_slice(results: &mut [u64], at: usize, slice: Slice) {
    (results[at], results[at + 1], results[at + 2]) = (slice.ptr, slice.len, slice.cap);
}

/// Writes an interface value to `results[at..at + 2]`.
pub fn put_iface(results: &mut [u64], at: usize, value: Iface) {
    (results[at], results[at + 1]) = (value.ty, value.data);
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

/// Waiting. Each answers what the native then answers; a native that waits answers its results from
/// its completion.
impl NativeCx<'_> {
    /// Keeps words alive that a completion, which is about to be registered, will use.
    pub fn keep(&mut self, words: &[u64]) {
        self.m.keep.extend_from_slice(words);
    }

    fn completion(
        &mut self,
        run: impl FnOnce(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send + 'static,
    ) {
        let mut roots = std::mem::take(&mut self.m.keep);
        roots.extend_from_slice(self.args);
        self.m.staged = Some(Box::new(Completion { run: Box::new(run), roots }));
    }

    /// `runtime.Gosched`: the other goroutines' turn. The native has no results.
    pub fn yield_now(&mut self) -> Status {
        Status::Wake
    }

    /// Waits so many nanoseconds; less than one yields. The native has no results.
    pub fn sleep(&mut self, nanos: i64) -> Status {
        if nanos <= 0 {
            return Status::Wake;
        }
        self.m.worker().sleep(nanos as u64);
        Status::WaitIo
    }

    /// Waits for ever.
    pub fn wait_forever(&mut self, reason: WaitReason) -> Status {
        vo_sched::chan::block_forever(self.m.worker(), reason);
        Status::WaitIo
    }

    /// Whether it is worth while to wait, for a moment, for a lock to be given back: only another worker could.
    pub fn may_spin(&mut self) -> bool {
        let worker = self.m.worker();
        !worker.exclusive() && worker.shared().workers() > 1
    }

    /// The caller has found a lock held by another goroutine.
    pub fn lock_was_held(&mut self) {
        self.m.worker().contended(4);
    }

    /// Takes one from the semaphore `count` (an aligned `uint32` in Vo memory), waiting for it if need
    /// be; `lifo` puts the caller before the others. The native has no results.
    pub fn semacquire(&mut self, count: u64, lifo: bool, reason: WaitReason) -> Status {
        let shared = self.m.worker().shared().clone();
        // SAFETY: the address of a `uint32` that the caller's arguments keep alive.
        let count = unsafe { std::sync::atomic::AtomicU32::from_ptr(count as *mut u32) };
        match shared.semaphores().acquire(self.m.worker(), count, lifo, reason) {
            vo_sched::semaphore::Acquire::Done => Status::Ok,
            vo_sched::semaphore::Acquire::Block => {
                if matches!(
                    reason,
                    WaitReason::MutexLock | WaitReason::RWMutexLock | WaitReason::RWMutexRLock
                ) {
                    self.lock_was_held();
                }
                Status::WaitIo
            }
        }
    }

    /// Gives one to the semaphore `count`: to the goroutine that has waited longest, if one waits. With
    /// `handoff` the caller yields to it. The native has no results.
    pub fn semrelease(&mut self, count: u64, handoff: bool) -> Status {
        let shared = self.m.worker().shared().clone();
        // SAFETY: as for `semacquire`.
        let count = unsafe { std::sync::atomic::AtomicU32::from_ptr(count as *mut u32) };
        shared.semaphores().release(self.m.worker(), count);
        if handoff { Status::Wake } else { Status::Ok }
    }

    /// Runs `job` on a thread of the blocking pool while the fiber waits, then `done` with its answer.
    pub fn block<T: Send + 'static>(
        &mut self,
        job: impl FnOnce() -> T + Send + 'static,
        done: impl FnOnce(&mut NativeCx<'_>, T, &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        let answer = Arc::new(std::sync::Mutex::new(None));
        let place = answer.clone();
        self.completion(move |cx, _, results| {
            let mut slot = answer.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match slot.take() {
                Some(value) => done(cx, value, results),
                None => cx.fatal("a blocking call of the library failed"),
            }
        });
        self.m.worker().block_on(Box::new(move || {
            let value = job();
            *place.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(value);
        }));
        Status::WaitIo
    }

    /// Parks the fiber until somebody calls `ready` for it exactly once. `register` gets the fiber, which
    /// may be made ready from then on, from any thread; `done` runs when it is.
    pub fn park(
        &mut self,
        reason: WaitReason,
        register: impl FnOnce(&mut WorkerCx, FiberRef),
        done: impl FnOnce(&mut NativeCx<'_>, &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        self.completion(move |cx, _, results| done(cx, results));
        let fiber = self.m.fiber_ref();
        fiber.begin_park(reason);
        register(self.m.worker(), fiber);
        Status::WaitIo
    }

    /// Waits until the [`Outside`] that `start` gets has been dropped, on whatever thread, then runs `done`.
    pub fn wait_outside(
        &mut self,
        start: impl FnOnce(Outside),
        done: impl FnOnce(&mut NativeCx<'_>, &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        self.park(
            WaitReason::HostCall,
            |worker, fiber| start(worker.shared().clone().wait_outside(fiber)),
            done,
        )
    }

    /// Calls a Vo closure with these argument words, then `done` with its result words. A panic of the
    /// closure passes through the native, whose `done` then does not run.
    pub fn call(
        &mut self,
        closure: u64,
        args: &[u64],
        done: impl FnOnce(&mut NativeCx<'_>, &[u64], &mut [u64]) -> Status + Send + 'static,
    ) -> Status {
        self.completion(done);
        self.m.pending_call = Some(PendingCall { closure, args: args.to_vec() });
        Status::Ok
    }
}

/// Channels, for reflection. A channel is given by its address (0 is nil) and an element by as many words
/// as its type has leaf registers.
impl NativeCx<'_> {
    /// Sends, waiting if need be. The native has no results.
    pub fn chan_send(&mut self, chan: u64, words: &[u64]) -> Status {
        match ops::send(self.m, chan, words) {
            Ok(Waited::Done(())) => Status::Ok,
            Ok(Waited::Parked) => {
                self.completion(|cx, _, _| match finish_send(cx.m.worker()) {
                    SendResult::Closed => cx.panic_runtime(RuntimePanic::SendOnClosed {}),
                    _ => Status::Ok,
                });
                Status::WaitIo
            }
            Err(trap) => self.trap(trap),
        }
    }

    /// Receives `count` words, waiting if need be, then runs `done` with them and whether they were sent.
    pub fn chan_recv(
        &mut self,
        chan: u64,
        count: usize,
        results: &mut [u64],
        done: impl FnOnce(&[u64], bool, &mut [u64]) + Send + 'static,
    ) -> Status {
        let mut words = vec![0; count];
        match ops::recv(self.m, chan, &mut words) {
            Waited::Done(sent) => {
                done(&words, sent, results);
                Status::Ok
            }
            Waited::Parked => {
                self.completion(move |cx, _, results| {
                    let mut words = vec![0; count];
                    // SAFETY: `count` is the number of words that were asked for when the fiber parked.
                    let sent = unsafe { finish_recv(cx.m.worker(), words.as_mut_ptr()) };
                    done(&words, sent, results);
                    Status::Ok
                });
                Status::WaitIo
            }
        }
    }

    /// Sends if nobody has to wait for it; answers whether it did.
    ///
    /// # Errors
    /// The channel is closed.
    pub fn chan_try_send(&mut self, chan: u64, words: &[u64]) -> Result<bool, Trap> {
        ops::try_send(self.m, chan, words)
    }

    /// Receives if nobody has to wait for it: `Some` of whether the element was sent.
    pub fn chan_try_recv(&mut self, chan: u64, words: &mut [u64]) -> Option<bool> {
        ops::try_recv(self.m, chan, words)
    }

    /// Closes a channel.
    ///
    /// # Errors
    /// It is nil or closed.
    pub fn chan_close(&mut self, chan: u64) -> Result<(), Trap> {
        ops::close(self.m, chan)
    }
}

/// Starting goroutines, timers.
impl NativeCx<'_> {
    /// Starts a goroutine that runs a Vo closure with these argument words.
    pub fn go(&mut self, closure: u64, args: &[u64]) -> Status {
        match self.m.go_closure(self.site, closure, args) {
            Ok(()) => Status::Ok,
            Err(trap) => self.trap(trap),
        }
    }

    /// Starts a timer: from the moment `when` of [`NativeCx::now`]'s clock on, and then every `period`
    /// nanoseconds where that is not 0, it does `task`. Answers the number that names it.
    ///
    /// # Errors
    /// No memory is left.
    pub fn timer_start(&mut self, when: u64, period: u64, task: &TimerTask) -> Result<u64, Trap> {
        crate::timer::start(self, when, period, task)
    }

    /// Stops a timer; true if it had not fired (or was periodic).
    pub fn timer_stop(&mut self, timer: u64) -> bool {
        crate::timer::stop(self.m, timer)
    }

    /// Sets a waiting timer to another time; false where it had fired, which it then does not again.
    pub fn timer_reset(&mut self, timer: u64, when: u64, period: u64) -> bool {
        crate::timer::reset(self.m, timer, when, period)
    }
}

/// What a timer does when it fires.
#[derive(Clone, Debug)]
pub enum TimerTask {
    /// Starts a goroutine that runs a closure without parameters.
    Go { closure: u64 },
    /// Sends these words to a channel if it has room, else nothing. A `time.Time` is made from the
    /// moment of firing by `stamp`: it gets the words and the monotonic moment.
    Send { chan: u64, words: Vec<u64>, stamp: Option<fn(&mut [u64], u64)> },
}
