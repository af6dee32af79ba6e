//! What keeps an island's objects alive from outside of its heap.
//!
//! Precise: package variables, frame records and interpreted frames (through the points' classes), panics. Ambiguous: the
//! native stacks of the workers that are stopped inside, wait nodes, timers, words
//! that completions keep. Ambiguous words cost nothing but memory kept too long.
//!
//! Fibers that do not run are looked at a few at a time, in stops between which the island runs (`mark_resting`), each before it is
//! gone on with: its worker does so itself where no stop has ([`look_at`], in `Machine::begin_turn`). Until then nothing that
//! a fiber holds can get lost, since only the fiber itself, when it runs, takes words out of its records and wait nodes.
//!
//! Interpreted frames lie on the VM stack in activations: the innermost one ends where the worker has stopped, each other
//! one where compiled code was entered. All but the innermost frame have called, and so are at suspend points.
//! (Where it is not known what the innermost frame does, all of its registers are ambiguous.)

use crate::compiled::Crossing;
use crate::fiber::VoFiber;
use crate::interp::Site;
use crate::island::Island;
use crate::machine::Machine;
use crate::memory::Innermost;
use crate::program::Program;
use crate::record::{self, Record};
use crate::vm::Shared;
use crate::window::Window;
use smallvec::SmallVec;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard};
use vo_bytecode::Reg;
use vo_runtime::heap::{Marker, Roots, barrier, prefetch};
use vo_sched::FiberRef;

/// The machines of a run's workers.
#[derive(Default)]
pub(crate) struct Machines(Mutex<Vec<*const Machine>>);

// SAFETY: the addresses are followed only while their machines' workers are stopped.
unsafe impl Send for Machines {}
// SAFETY: as above.
unsafe impl Sync for Machines {}

impl Machines {
    fn lock(&self) -> MutexGuard<'_, Vec<*const Machine>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn add(&self, machine: &Machine) {
        self.lock().push(machine);
    }

    pub(crate) fn remove(&self, machine: &Machine) {
        self.lock().retain(|&m| !std::ptr::eq(m, machine));
    }
}

/// Runs `f` with the callee-saved registers on the native stack, and with the stack's depth
/// published: values that only a register holds are then seen by a collection that happens in `f`.
#[inline(never)]
pub(crate) fn with_registers<R>(m: &mut Machine, f: impl FnOnce(&mut Machine) -> R) -> R {
    let mut registers = [0u64; 16];
    save_registers(&mut registers);
    m.memory.native_end = registers.as_ptr() as u64;
    let result = f(m);
    std::hint::black_box(&mut registers);
    result
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn save_registers(into: &mut [u64; 16]) {
    // SAFETY: stores six registers to the array, which has room.
    unsafe {
        std::arch::asm!(
            "mov [{0}], rbx",
            "mov [{0} + 8], rbp",
            "mov [{0} + 16], r12",
            "mov [{0} + 24], r13",
            "mov [{0} + 32], r14",
            "mov [{0} + 40], r15",
            in(reg) into.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn save_registers(into: &mut [u64; 16]) {
    // SAFETY: stores eleven registers to the array, which has room.
    unsafe {
        std::arch::asm!(
            "stp x19, x20, [{0}]",
            "stp x21, x22, [{0}, #16]",
            "stp x23, x24, [{0}, #32]",
            "stp x25, x26, [{0}, #48]",
            "stp x27, x28, [{0}, #64]",
            "str x29, [{0}, #80]",
            in(reg) into.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
}

/// Fibers whose frames are fetched before they are looked at.
const AHEAD: usize = 16;

/// The roots of a stopped island.
pub(crate) struct IslandRoots<'m> {
    vm: &'m Shared,
    island: &'m Island,
    scheduler: &'m vo_sched::Shared,
}

impl<'m> IslandRoots<'m> {
    /// Of the island in which `m` has stopped the others.
    pub(crate) fn new(m: &mut Machine) -> IslandRoots<'m> {
        let (vm, island): (*const Shared, *const Island) = (&*m.vm, m.island());
        let scheduler: *const vo_sched::Shared = &**m.worker().shared();
        // SAFETY: all three outlive the turn in which the collection happens.
        unsafe { IslandRoots { vm: &*vm, island: &*island, scheduler: &*scheduler } }
    }

    /// Of an island that a thread outside has stopped.
    pub(crate) fn from_outside(island: &'m Island, scheduler: &'m vo_sched::Shared) -> IslandRoots<'m> {
        IslandRoots { vm: island.vm(), island, scheduler }
    }

    /// Tells the workers inside the island whether its heap marks.
    pub(crate) fn tell_workers(&self, marking: bool) {
        for &machine in self.vm.machines.lock().iter() {
            // SAFETY: registered machines are alive; those inside this island are stopped. The word is atomic.
            let machine = unsafe { &*machine };
            if std::ptr::eq(machine.island, self.island) && machine.memory.native_top != 0 {
                machine.context.barrier.store(u64::from(marking), Relaxed);
            }
        }
    }

    fn mark_globals(&self, marker: &mut Marker<'_>) {
        let base = self.island.globals() as *const u64;
        for &word in self.island.program_ref().global_pointers() {
            // SAFETY: the island's block of package variables has this word.
            marker.word(unsafe { base.add(word as usize).read() });
        }
    }

    /// Marks what the fibers hold of which `wanted` says so.
    pub(crate) fn mark_fibers(&self, marker: &mut Marker<'_>, mut wanted: impl FnMut(FiberRef) -> bool) {
        let mut batch: SmallVec<[FiberRef; AHEAD]> = SmallVec::new();
        self.island.world().for_each_fiber(|fiber| {
            if wanted(fiber) {
                self.mark_soon(fiber, &mut batch, marker);
            }
        });
        self.mark_batch(&mut batch, marker);
    }

    /// Marks what a fiber holds as soon as there are enough, so that their frames have been fetched.
    fn mark_soon(&self, fiber: FiberRef, batch: &mut SmallVec<[FiberRef; AHEAD]>, marker: &mut Marker<'_>) {
        // SAFETY: as in `mark_fiber`.
        prefetch(unsafe { &raw const VoFiber::of(fiber).saved } as u64);
        batch.push(fiber);
        if batch.len() == AHEAD {
            self.mark_batch(batch, marker);
        }
    }

    /// Marks what these fibers hold. What is looked at has been fetched a step before.
    fn mark_batch(&self, fibers: &mut SmallVec<[FiberRef; AHEAD]>, marker: &mut Marker<'_>) {
        for &fiber in fibers.iter() {
            // SAFETY: as in `mark_fiber`.
            if let Some(tail) = unsafe { &VoFiber::of(fiber).saved }.last() {
                prefetch(&raw const *tail as u64);
            }
        }
        fibers.drain(..).for_each(|fiber| self.mark_fiber(fiber, marker));
    }

    /// Marks what a fiber holds.
    pub(crate) fn mark_fiber(&self, fiber: FiberRef, marker: &mut Marker<'_>) {
        // SAFETY: the island is stopped, so its fibers stand still; all are of this crate.
        let fiber = unsafe { VoFiber::of(fiber) };
        fiber.looked_at = self.island.heap().epoch();
        marker.count_roots(root_bytes(fiber));
        // SAFETY: as above.
        unsafe { for_each_word(self.island.program_ref(), fiber, |word| marker.word(word)) };
    }

    /// Marks the roots other than fibers.
    pub(crate) fn mark_outside(&self, marker: &mut Marker<'_>) {
        self.mark_globals(marker);
        self.mark_workers(marker);
        self.scheduler.for_each_timer_word(self.island.world(), |word| marker.word(word));
    }

    fn mark_workers(&self, marker: &mut Marker<'_>) {
        for &machine in self.vm.machines.lock().iter() {
            // SAFETY: registered machines are alive. Those inside this island are stopped (or collect);
            // of the others only two fields are read.
            let machine = unsafe { &*machine };
            if std::ptr::eq(machine.island, self.island) && machine.memory.native_top != 0 {
                self.mark_fiber(machine.fiber_ref(), marker);
                mark_machine(machine, marker);
            }
        }
    }
}

impl Roots for IslandRoots<'_> {
    fn settle(&mut self, alive: &dyn Fn(u64) -> bool) {
        // SAFETY: the island is stopped.
        unsafe { self.island.handles.settle(alive) };
    }

    fn call_for_help(&mut self) {
        self.island.world().call_for_help();
    }

    fn mark_roots(&mut self, marker: &mut Marker<'_>) {
        self.mark_outside(marker);
        self.island.world().begin_walk();
    }

    fn mark_resting(&mut self, marker: &mut Marker<'_>, at_most: usize) -> bool {
        let (epoch, mut batch) = (self.island.heap().epoch(), SmallVec::new());
        let through = self.island.world().walk(at_most, |fiber| {
            // SAFETY: as in `mark_fiber`.
            if unsafe { VoFiber::of(fiber) }.looked_at != epoch {
                self.mark_soon(fiber, &mut batch, marker);
            }
        });
        self.mark_batch(&mut batch, marker);
        through
    }
}

/// The heap marks, and a fiber is gone on with that no stop has looked at since it began: the calling worker, which has the fiber,
/// notes all that it holds.
#[cold]
#[inline(never)]
pub(crate) fn look_at(m: &mut Machine) {
    let heap = m.island().heap().clone();
    let program: *const Program = m.program();
    let fiber = m.fiber_mut();
    fiber.looked_at = heap.epoch();
    // SAFETY: the program outlives the turn; the fiber runs, so its nodes are its own.
    barrier::resting(|note| unsafe { for_each_word(&*program, fiber, note) });
    heap.note_resting(root_bytes(fiber));
}

/// How much a fiber is to look at.
fn root_bytes(fiber: &VoFiber) -> u64 {
    (size_of::<VoFiber>() + 8 * fiber.saved.len()) as u64
}

/// Tells every word that a fiber which does not run keeps alive.
///
/// # Safety
/// The island is stopped, or the fiber is the caller's.
unsafe fn for_each_word(program: &Program, fiber: &VoFiber, mut f: impl FnMut(u64)) {
    for record in Record::all(program, &fiber.saved) {
        for_each_word_of_record(&record, &mut f);
    }
    // SAFETY: by the contract nobody changes the wait nodes.
    unsafe { fiber.header.for_each_wait_word(&mut f) };
    if let Some(panics) = &fiber.panics {
        panics.stack.iter().for_each(|panic| f(panic.data));
    }
    if let Some(completed) = &fiber.completed {
        completed.words.iter().for_each(|&word| f(word));
    }
    if let Some(extra) = &fiber.extra {
        extra.ports.iter().for_each(|&port| f(port));
    }
    for completion in fiber.pending.iter().flatten() {
        completion.roots.iter().for_each(|&word| f(word));
    }
}

fn for_each_word_of_record(record: &Record<'_, '_>, f: &mut impl FnMut(u64)) {
    let (live, slots) = record.words.split_at(record.point.live.len());
    for (&reg, &word) in record.point.live.iter().zip(live) {
        if record.code.function().class(reg).is_traced() {
            f(word);
        }
    }
    for &word in &record.code.slot_pointers {
        f(slots[word as usize]);
    }
}

/// What a worker that is stopped in the island holds.
fn mark_machine(machine: &Machine, marker: &mut Marker<'_>) {
    mark_frames(machine, marker);
    mark_range(machine.memory.native_end, machine.memory.native_from, marker);
    let mut words = |words: &[u64]| words.iter().for_each(|&word| marker.word(word));
    // Empty again once a result has been delivered: it would keep what it leads to.
    words(&machine.ret);
    if let Some(completing) = machine.memory.completing {
        // SAFETY: the completion that runs on the stopped worker keeps them.
        words(unsafe { &*completing });
    }
    words(&machine.keep);
    if let Some(staged) = &machine.staged {
        words(&staged.roots);
    }
    if let Some(call) = &machine.pending_call {
        words(&[call.closure]);
        words(&call.args);
    }
    machine.select.for_each_word(|word| words(&[word]));
}

/// Marks what the frames on a stopped worker's VM stack hold.
fn mark_frames(machine: &Machine, marker: &mut Marker<'_>) {
    match machine.memory.innermost {
        None | Some(Innermost::Compiled) => {}
        Some(Innermost::At(Site { w, pc })) if record::is_at_point(w.code(), pc) => {
            mark_activation(w, pc, marker)
        }
        Some(Innermost::At(Site { w, .. })) => {
            machine.memory.live.iter().for_each(|&reg| marker.word(w.get(reg)));
            mark_slots(w, marker);
            mark_callers(w, marker);
        }
        Some(Innermost::Anywhere(w)) => {
            (0..w.code().regs).for_each(|reg| marker.word(w.get(Reg(reg as u16))));
            mark_slots(w, marker);
            mark_callers(w, marker);
        }
    }
    for crossing in &machine.crossings {
        if let Crossing::ToNative(Some(site)) = *crossing {
            mark_activation(site.w, site.pc, marker);
        }
    }
}

/// Marks what the frames of an activation hold, from `w` on, which is at the suspend point at `pc`.
fn mark_activation(w: Window, pc: u32, marker: &mut Marker<'_>) {
    mark_frame(w, pc, marker);
    mark_callers(w, marker);
}

/// Marks what the frames below `w` in its activation hold.
fn mark_callers(mut w: Window, marker: &mut Marker<'_>) {
    while let Some(caller) = w.caller() {
        mark_frame(caller, w.call_pc(), marker);
        w = caller;
    }
}

fn mark_frame(w: Window, pc: u32, marker: &mut Marker<'_>) {
    let code = w.code();
    let function = code.function();
    for &reg in &function.points[record::point_at(code, pc)].live {
        if function.class(reg).is_traced() {
            marker.word(w.get(reg));
        }
    }
    mark_slots(w, marker);
}

fn mark_slots(w: Window, marker: &mut Marker<'_>) {
    let code = w.code();
    for &word in &code.slot_pointers {
        // SAFETY: a word of the frame's slots.
        marker.word(unsafe { w.slot(code, word as usize).read() });
    }
}

/// Marks every word of a range of a stopped stack.
fn mark_range(from: u64, to: u64, marker: &mut Marker<'_>) {
    marker.count_roots(to.saturating_sub(from));
    let mut at = from.next_multiple_of(8);
    while at + 8 <= to {
        // SAFETY: the range is mapped stack memory whose owner stands still.
        marker.word(unsafe { std::ptr::read_volatile(at as *const u64) });
        at += 8;
    }
}
