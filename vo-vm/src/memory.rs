//! Allocation for the machine, and what the collector must know of a worker.
//!
//! Nothing collects on its own. An operation that allocates first calls [`Machine::ensure`],
//! which collects where the heap wants it; from then on until it returns, what it holds in
//! local variables is safe.

use crate::fiber::Pool;
use crate::interp::Site;
use crate::island::Island;
use crate::machine::{Machine, new_fiber};
use crate::record;
use crate::roots::{self, IslandRoots};
use crate::value;
use crate::vm::Shared;
use crate::window::Window;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use vo_bytecode::Reg;
use vo_runtime::heap::{AllocCache, CacheEntry, Collected, Heap, barrier, wipe_stack};
use vo_runtime::panic::Trap;
use vo_runtime::rtype::Ty;
use vo_runtime::value::{Iface, Slice, Str, store_word};
use vo_sched::FiberRef;

/// The innermost frame on the VM stack: where a collection begins to look.
pub(crate) trait Frames: Copy {
    fn innermost(self) -> Innermost;
}

/// What a collection knows of the innermost frame on the VM stack.
#[derive(Clone, Copy)]
pub(crate) enum Innermost {
    /// Compiled code is innermost: the frames on the VM stack are those that it was entered from.
    Compiled,
    /// Where the frame is in its code.
    At(Site),
    /// A frame of which the instruction is not known: each of its registers may hold an address.
    Anywhere(Window),
}

impl Frames for Window {
    #[inline(always)]
    fn innermost(self) -> Innermost {
        Innermost::Anywhere(self)
    }
}

impl Frames for Site {
    #[inline(always)]
    fn innermost(self) -> Innermost {
        Innermost::At(self)
    }
}

/// No interpreted frame is innermost.
#[derive(Clone, Copy)]
pub(crate) struct Floor;

impl Frames for Floor {
    #[inline(always)]
    fn innermost(self) -> Innermost {
        Innermost::Compiled
    }
}

/// Islands whose caches a worker keeps, beside those of the one that it is in.
const PARKED: usize = 4;

/// A worker's part of its current island's memory.
#[derive(Default)]
pub(crate) struct Memory {
    cache: Option<Box<AllocCache>>,
    heap: Option<Arc<Heap>>,
    /// Caches of islands that the worker was in before, the last one at the end: a worker that goes to and fro between
    /// islands need not make them anew.
    #[allow(clippy::vec_box)] // Collections know them by their addresses.
    parked: Vec<Box<AllocCache>>,
    /// The native stack at the frame that began the turn. 0: not in a turn.
    pub(crate) native_top: u64,
    /// Where it begins to matter to the collector: where compiled code was entered, or a native function was called. 0: not
    /// at all. (The interpreter keeps nothing on it that is not in its frames as well, when it asks for memory.)
    pub(crate) native_from: u64,
    /// Words that the completion of a native call was given, while it runs.
    pub(crate) completing: Option<*const [u64]>,
    /// While the worker is halted or collects: its innermost frame on the VM stack.
    pub(crate) innermost: Option<Innermost>,
    /// Of that frame, the registers that hold addresses, where it is at no suspend point.
    pub(crate) live: Vec<Reg>,
    /// While the worker is halted or collects: the deep end of its native stack.
    pub(crate) native_end: u64,
}

/// The end of the running frame: what is called from it lies deeper.
#[inline(always)]
pub(crate) fn stack_pointer() -> u64 {
    let at: u64;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reads a register.
    unsafe {
        std::arch::asm!("mov {}, rsp", out(reg) at, options(nomem, nostack, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reads a register.
    unsafe {
        std::arch::asm!("mov {}, sp", out(reg) at, options(nomem, nostack, preserves_flags));
    }
    at
}

impl Memory {
    #[inline]
    pub(crate) fn turn_begins(&mut self) {
        if self.cache.as_mut().is_some_and(|cache| cache.sees_collection()) {
            // What earlier turns have left below would lie in the holes of this one's frames, collection after collection.
            wipe_stack();
        }
        let here = 0u64;
        // What the turn needs lies deeper than this frame's caller.
        self.native_top = &raw const here as u64 + 4096;
        self.native_from = 0;
    }

    /// The native stack matters from here on, if it did not before. Answers what is to be restored afterwards.
    #[inline(always)]
    pub(crate) fn native_begins(&mut self) -> u64 {
        let before = self.native_from;
        if before == 0 {
            self.native_from = stack_pointer();
        }
        before
    }

    #[inline]
    pub(crate) fn turn_ends(&mut self) {
        self.native_top = 0;
    }

    /// `entries` is the place in the context where compiled code looks for the caches.
    pub(crate) fn enter_island(&mut self, island: &Island, entries: &mut *mut CacheEntry) {
        let known = self.parked.iter().position(|cache| Arc::ptr_eq(cache.heap(), island.heap()));
        let cache = match known {
            Some(at) => self.parked.remove(at),
            None => AllocCache::new(island.heap()),
        };
        let cache = self.cache.insert(cache);
        // SAFETY: the context lives as long as the machine, and the cache is dropped before.
        unsafe { cache.publish(entries) };
        cache.enter();
        self.heap = Some(island.heap().clone());
    }

    pub(crate) fn leave_island(&mut self) {
        self.heap = None;
        let Some(mut cache) = self.cache.take() else { return };
        cache.leave();
        // SAFETY: compiled code looks nowhere until the next island is entered.
        unsafe { cache.publish(std::ptr::null_mut()) };
        self.parked.retain(|cache| !cache.heap().is_released());
        if self.parked.len() == PARKED {
            self.parked.remove(0);
        }
        if !cache.heap().is_released() {
            self.parked.push(cache);
        }
    }

    /// The frames that a collection must see.
    pub(crate) fn publish(&mut self, innermost: Innermost) {
        self.live.clear();
        if let Innermost::At(Site { w, pc }) = innermost
            && w.code().regs != 0
            && !record::is_at_point(w.code(), pc)
        {
            // Here, and not in the stop.
            w.code().liveness().traced_before(w.code(), pc, &mut self.live);
        }
        self.innermost = Some(innermost);
    }

    pub(crate) fn unpublish(&mut self) {
        (self.innermost, self.native_end) = (None, 0);
    }

    /// Whether the island's heap marks: stores of addresses are to be told.
    #[inline]
    pub(crate) fn is_marking(&self) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.is_marking())
    }

    /// Address of the allocation caches, for compiled code.
    pub(crate) fn cache_address(&mut self) -> *mut AllocCache {
        self.cache.as_deref_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut)
    }
}

/// The fiber that calls finalizers and cleanups with a function value, which was set as their runner.
fn due_runner(pool: &mut Pool, island: &Island, closure: u64) -> Option<FiberRef> {
    // SAFETY: what was set as the runner is a function value.
    let func = unsafe { value::closure_func(closure) }?;
    let code = island.program_ref().code(func);
    let fill = |saved: &mut Vec<u64>| record::push_entry(saved, code, Some(closure), &[]);
    Some(new_fiber(pool, island, (0, (0, 0)), fill))
}

/// Begins or ends a collection of an island in which nobody does: called by a thread that is no worker. False where the run is over, or
/// the island.
pub(crate) fn step_from_outside(island: &Island) -> bool {
    let vm = island.vm();
    // Until the step is done the run's fibers and workers stay.
    let open = vm.collects_idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let Some(scheduler) = vm.scheduler().filter(|_| *open) else { return false };
    let (heap, asked) = (island.heap(), Instant::now());
    scheduler.stop_world_from_outside(island.world());
    let there = !heap.is_released() && island.world().live_fibers() != 0;
    let mut collected = None;
    if there {
        let mut roots = IslandRoots::from_outside(island, &scheduler);
        // SAFETY: the island is stopped, and these are its roots; its workers look whether it marks.
        collected = unsafe { step(heap, &mut roots, asked.elapsed()) };
        if collected.is_some()
            && let Some(closure) = heap.start_due_runner()
            && let Some(fiber) = due_runner(&mut Pool::default(), island, closure)
        {
            scheduler.spawn(fiber);
        }
    }
    island.world().start();
    if let Some(collected) = collected {
        drop(island.handles.take_dead());
        trace(vm, heap, &collected, scheduler.workers());
    }
    there
}

/// The next step of a collection, in a stop that took `stopping` to come about.
///
/// # Safety
/// The island is stopped, and `roots` are its roots.
unsafe fn step(heap: &Arc<Heap>, roots: &mut IslandRoots<'_>, stopping: Duration) -> Option<Collected> {
    // SAFETY: by the contract. The island's workers look whether it marks: those inside are told, the others look when they
    // begin a turn.
    let collected = unsafe {
        if heap.is_marking() { heap.finish(roots, stopping, false) } else { heap.begin(roots, stopping) }
    };
    roots.tell_workers(heap.is_marking());
    collected
}

/// Prints the line of a collection, where that is wanted.
fn trace(vm: &Shared, heap: &Heap, collected: &Collected, workers: usize) {
    if vm.config.trace_gc {
        vm.host.trace(&heap.trace_line(collected, workers));
    }
}

impl Machine {
    /// The worker's allocation caches for the running fiber's island.
    #[inline(always)]
    pub(crate) fn cache(&mut self) -> &mut AllocCache {
        match self.memory.cache.as_deref_mut() {
            Some(cache) => cache,
            None => panic!("internal error: allocation outside of an island"),
        }
    }

    /// Collects if the heap wants it. Every allocating operation begins with this.
    #[inline(always)]
    pub(crate) fn ensure(&mut self, w: impl Frames) -> Result<(), Trap> {
        if self.cache().heap().must_collect() { self.ensure_slow(w) } else { Ok(()) }
    }

    /// Keeps nearly nothing on the native stack, and wipes what lies below: the frames from here to where the stack ends for the collector
    /// do not write all of themselves, and where they do not, registers lie that others have saved there.
    #[cold]
    #[inline(never)]
    fn ensure_slow(&mut self, w: impl Frames) -> Result<(), Trap> {
        wipe_stack();
        self.collect(w, false);
        self.within_limit()
    }

    #[inline(never)]
    fn within_limit(&self) -> Result<(), Trap> {
        self.island().heap().over_limit().map_or(Ok(()), |fatal| Err(fatal.into()))
    }

    /// Collects the island's garbage, whether the heap wants it or not.
    pub(crate) fn collect_now(&mut self, w: impl Frames) {
        wipe_stack();
        self.collect(w, true);
    }

    #[inline(never)]
    fn collect(&mut self, w: impl Frames, always: bool) {
        self.memory.publish(w.innermost());
        let over = roots::with_registers(self, |m| if always { m.collect_all() } else { m.advance() });
        self.memory.unpublish();
        if let Some(collected) = over {
            self.after_collection(&collected, always);
        }
    }

    /// What the worker that led a collection does when the island runs again.
    pub(crate) fn after_collection(&mut self, collected: &Collected, forced: bool) {
        // What dead handles held is dropped outside of the collection: it may end islands.
        drop(self.island().handles.take_dead());
        self.stats.collections += 1;
        let heap = self.island().heap().clone();
        heap.tidy();
        if forced {
            heap.note_forced();
        }
        let workers = self.worker().shared().workers();
        trace(&self.vm, &heap, collected, workers);
        if let Some(closure) = heap.start_due_runner() {
            self.start_due_runner(closure);
        }
    }

    /// Starts the fiber that calls finalizers and cleanups.
    fn start_due_runner(&mut self, closure: u64) {
        // SAFETY: set when the turn began.
        let island = unsafe { &*self.island };
        if let Some(fiber) = due_runner(&mut self.pool, island, closure) {
            self.worker().spawn(fiber);
        }
    }

    /// Runs `f` while nobody else runs in the island.
    pub(crate) fn with_island_stopped<R>(&mut self, w: impl Frames, f: impl FnOnce(&mut Machine) -> R) -> R {
        self.memory.publish(w.innermost());
        let result = roots::with_registers(self, |m| {
            while !m.worker().stop_world() {}
            let result = f(m);
            m.worker().start_world();
            result
        });
        self.memory.unpublish();
        result
    }

    /// Begins or ends a collection, whichever the heap wants, unless somebody else has done so meanwhile.
    fn advance(&mut self) -> Option<Collected> {
        if !self.island().heap().is_ready() {
            return None;
        }
        let asked = Instant::now();
        if !self.worker().stop_world() {
            return None;
        }
        let wanted = self.island().heap().must_collect();
        let collected = if wanted { self.step(asked.elapsed()) } else { None };
        self.worker().start_world();
        collected
    }

    /// Collects, from the beginning to the end; marks itself as well meanwhile.
    fn collect_all(&mut self) -> Option<Collected> {
        let heap = self.island().heap().clone();
        // A collection that marks has perhaps begun before what the caller wants freed.
        let wanted = heap.cycles() + 1 + u64::from(heap.is_marking());
        let mut last = None;
        let interrupt = self.worker().interrupt_ptr();
        while heap.cycles() < wanted {
            // Who only wants the worker for another fiber waits until the call returns.
            // SAFETY: the word lives as long as the worker. Relaxed: what is behind it is looked at when the worker halts.
            heap.help(|| unsafe { (*interrupt).load(Relaxed) } & !vo_sched::PREEMPT != 0);
            heap.sweep_now();
            let asked = Instant::now();
            if self.worker().stop_world() {
                if heap.cycles() < wanted {
                    last = self.step(asked.elapsed()).or(last);
                }
                self.worker().start_world();
            }
        }
        heap.sweep_now();
        last
    }

    /// The next step of a collection, in the island that it took `stopping` to stop.
    fn step(&mut self, stopping: Duration) -> Option<Collected> {
        let (heap, mut roots) = (self.island().heap().clone(), IslandRoots::new(self));
        // SAFETY: the island is stopped; its roots are those of `roots`.
        unsafe { step(&heap, &mut roots, stopping) }
    }

    /// A new zeroed value of a type.
    #[inline(always)]
    pub(crate) fn alloc(&mut self, w: impl Frames, ty: Ty) -> Result<u64, Trap> {
        self.ensure(w)?;
        self.cache().alloc(ty)
    }

    /// A new object of words that may all be addresses.
    pub(crate) fn alloc_words(&mut self, w: impl Frames, n: usize) -> Result<u64, Trap> {
        self.ensure(w)?;
        self.cache().alloc_words(n as u64)
    }

    /// A new string with these bytes.
    pub(crate) fn new_string(&mut self, w: impl Frames, bytes: &[u8]) -> Result<Str, Trap> {
        self.ensure(w)?;
        self.new_string_now(bytes)
    }

    /// A new string, without collecting before.
    pub(crate) fn new_string_now(&mut self, bytes: &[u8]) -> Result<Str, Trap> {
        if bytes.is_empty() {
            return Ok(Str::default());
        }
        let len = bytes.len() as u64;
        let ptr = self.cache().alloc_bytes(len)?;
        // SAFETY: the new object has room for the bytes.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), ptr as *mut u8, bytes.len()) };
        Ok(Str { ptr, len })
    }

    /// An interface value of a string type.
    pub(crate) fn box_string(&mut self, w: impl Frames, ty: Ty, bytes: &[u8]) -> Result<Iface, Trap> {
        let s = self.new_string(w, bytes)?;
        let data = self.cache().alloc(ty)?;
        self.store_ptr(data, s.ptr);
        // SAFETY: the second word of the new string.
        unsafe { store_word(data + 8, s.len) };
        Ok(Iface { ty: ty.word(), data })
    }

    /// Zeroed elements with room for more.
    pub(crate) fn make_slice(&mut self, w: impl Frames, elem: Ty, len: u64, cap: u64) -> Result<Slice, Trap> {
        self.ensure(w)?;
        vo_runtime::object::slice::make(self.cache(), elem, len as i64, cap as i64)
    }

    /// Stores an address where the collector looks.
    #[inline(always)]
    pub(crate) fn store_ptr(&mut self, at: u64, value: u64) {
        // SAFETY: verified code, or a native, stores to an aligned word of an object or slot.
        unsafe {
            if self.context.barrier.load(Relaxed) != 0 {
                barrier::overwriting(at);
            }
            store_word(at, value);
        }
    }
}
