//! Where the machine and compiled code meet: entering it, and going on when it has come back.
//!
//! Compiled frames lie on the worker's native stack, interpreted ones on its VM stack; a fiber's frames may
//! alternate. While compiled code runs, the machine's floor is above the interpreted frames below it.
//! What leaves writes records, innermost first and backwards, into [`crate::spilled`]; the bottom of the turn
//! lays them onto the fiber's saved stack in reverse. Nothing can be resumed before that.
//!
//! For traces the machine keeps a list of the *crossings* between the two worlds.
//!
//! Must stay true: an activation whose bottom is native never goes on with the fiber's records.

use crate::interp::{self, Exit, Site, Transfer};
use crate::machine::Machine;
use crate::memory::stack_pointer;
use crate::program::Code;
use crate::record;
use crate::unwind;
use crate::window::{Bottom, Window};
use smallvec::{SmallVec, smallvec};
use std::mem::MaybeUninit;
use vo_bytecode::Status;
use vo_bytecode::operand::RegList;
use vo_runtime::code::NativeEntry;

/// A change between the machine and compiled code, on the native stack.
#[derive(Clone, Copy)]
pub(crate) enum Crossing {
    /// The machine has entered compiled code: from this frame, or from no frame.
    ToNative(Option<Site>),
    /// Compiled code has called the machine, which runs Vo code: the caller's frame pointer and site.
    ToMachine { frame: u64, site: u64 },
}

/// What became of a frame that compiled code might have taken over.
pub(crate) enum Taken {
    /// There is no compiled code for it: it is interpreted.
    No,
    /// It has returned; its results are in the return buffer.
    Returned,
    /// Something else.
    Transfer(Transfer),
}

/// Overwrites registers that a callee keeps, where the platform lets us name them.
#[inline(always)]
fn forget_registers() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: sets four registers to zero, and says so.
    unsafe {
        std::arch::asm!(
            "xor r12d, r12d",
            "xor r13d, r13d",
            "xor r14d, r14d",
            "xor r15d, r15d",
            out("r12") _,
            out("r13") _,
            out("r14") _,
            out("r15") _,
            options(nomem, nostack),
        );
    }
}

/// The system's pages, and the steps in which the stack's depth is chosen.
const PAGE: u64 = 4096;
pub(crate) const STEP: usize = (PAGE / 8) as usize;

/// How many steps deeper the stack's end lies in the uppermost step of a page. There compiled code begins: so the frames of what it
/// calls first, hot loops among them, lie in one page. A store that crosses from one page to the next takes ten times as long as others, and
/// whether a loop's values lie so would be up to the frames above.
#[inline(always)]
pub(crate) fn steps_to_page_top(stack: u64) -> u64 {
    (stack % PAGE / STEP as u64 + 1) % 8
}

impl Machine {
    /// Runs compiled code above the interpreted frames that end at `floor`.
    ///
    /// # Safety
    /// `args` and `results` have the words that the code takes and gives.
    pub(crate) unsafe fn run_native(
        &mut self,
        floor: *mut u64,
        from: Option<Site>,
        entry: NativeEntry,
        args: *const u64,
        results: *mut u64,
    ) -> Status {
        let old = std::mem::replace(&mut self.floor, floor);
        // Only what the bottom of the turn enters may put its record where the fiber's are.
        let record = std::mem::replace(&mut self.context.record, std::ptr::null_mut());
        let record_end = std::mem::replace(&mut self.context.record_end, std::ptr::null_mut());
        let outermost = self.crossings.is_empty();
        self.crossings.push(Crossing::ToNative(from));
        // Callbacks find the machine there: the code that is called must be known to be able to, or what was written
        // to the machine before need not be seen by them.
        self.context.machine = std::ptr::from_mut(self).cast();
        // SAFETY: handed on.
        let status = unsafe {
            if outermost {
                self.run_outermost(entry, args, results)
            } else {
                let context = std::ptr::from_mut(&mut *self.context);
                entry.call(context, args, results)
            }
        };
        self.crossings.pop();
        self.floor = old;
        (self.context.record, self.context.record_end) = (record, record_end);
        status
    }

    /// Runs a continuation that has nothing but the fiber's records below it, and may put its own on top of them.
    /// Answers whether it has.
    ///
    /// # Safety
    /// As for [`Machine::run_native`], and no compiled code runs.
    #[inline]
    pub(crate) unsafe fn run_bottom(
        &mut self,
        entry: NativeEntry,
        args: [*const u64; 2],
        results: *mut u64,
    ) -> (Status, bool) {
        // SAFETY: the running fiber belongs to this worker, and is no part of the machine.
        let saved = unsafe { &mut (*self.fiber).saved };
        let room = saved.as_mut_ptr_range();
        self.context.record = room.end;
        self.context.record_end = room.start.wrapping_add(saved.capacity());
        self.crossings.push(Crossing::ToNative(None));
        // SAFETY: handed on.
        let status = unsafe { self.run_outermost(entry, args.as_ptr().cast(), results) };
        self.crossings.pop();
        self.context.record_end = std::ptr::null_mut();
        let top = std::mem::replace(&mut self.context.record, std::ptr::null_mut());
        let written = top != room.end;
        if written {
            // SAFETY: nothing else has touched the fiber's records meanwhile, and the code has written up to there.
            unsafe {
                let saved = &mut (*self.fiber).saved;
                saved.set_len(top.offset_from_unsigned(saved.as_ptr()));
            }
        }
        (status, written)
    }

    /// Runs compiled code that the turn's machine has entered. What the machine's own frames have in their locals and
    /// registers is dead, or stands on the VM stack as well: were it looked at by the collector, an address
    /// that the interpreter had in its hands when a loop was taken over would keep garbage as long as the
    /// loop runs.
    ///
    /// # Safety
    /// As for [`Machine::run_native`].
    #[inline(always)]
    unsafe fn run_outermost(&mut self, entry: NativeEntry, args: *const u64, results: *mut u64) -> Status {
        // SAFETY: handed on.
        unsafe {
            match steps_to_page_top(stack_pointer()) {
                0 => self.run_below::<0>(entry, args, results),
                1 => self.run_below::<{ STEP }>(entry, args, results),
                2 => self.run_below::<{ 2 * STEP }>(entry, args, results),
                3 => self.run_below::<{ 3 * STEP }>(entry, args, results),
                4 => self.run_below::<{ 4 * STEP }>(entry, args, results),
                5 => self.run_below::<{ 5 * STEP }>(entry, args, results),
                6 => self.run_below::<{ 6 * STEP }>(entry, args, results),
                _ => self.run_below::<{ 7 * STEP }>(entry, args, results),
            }
        }
    }

    /// Runs compiled code below so many bytes of stack that nobody uses.
    ///
    /// # Safety
    /// As for [`Machine::run_native`].
    #[inline(never)]
    unsafe fn run_below<const UNUSED: usize>(
        &mut self,
        entry: NativeEntry,
        args: *const u64,
        results: *mut u64,
    ) -> Status {
        let mut unused = MaybeUninit::<[u8; UNUSED]>::uninit();
        std::hint::black_box(&mut unused);
        let before = std::mem::replace(&mut self.memory.native_from, stack_pointer());
        self.context.machine = std::ptr::from_mut(self).cast();
        let context = std::ptr::from_mut(&mut *self.context);
        forget_registers();
        // SAFETY: this worker's context; words by the contract.
        let status = unsafe { entry.call(context, args, results) };
        self.memory.native_from = before;
        status
    }

    /// Bytes of both stacks that the turn's frames take.
    pub(crate) fn stack_bytes(&self) -> usize {
        let here = 0u64;
        let native = (self.memory.native_top as usize).saturating_sub(&raw const here as usize);
        native + (self.floor as usize - self.stack.start() as usize)
    }

    /// Lays what compiled code has spilled onto the fiber's saved stack.
    pub(crate) fn lay_spilled(&mut self) {
        let n = self.spilled().len();
        if n == 0 {
            return;
        }
        // SAFETY: the running fiber belongs to this worker, and is no part of the machine.
        let saved = unsafe { &mut (*self.fiber).saved };
        record::reserve(saved, n);
        // SAFETY: there is room for `n` words behind the old ones, and exactly those are written.
        unsafe {
            let old = saved.len();
            let mut at = saved.as_mut_ptr().add(old);
            for word in self.spilled().iter().rev() {
                // One by one, as they were written a moment ago: a wider load would wait for the stores.
                at.write(std::ptr::read_volatile(word));
                at = at.add(1);
            }
            saved.set_len(old + n);
        }
        self.stats.spills += 1;
        self.stats.spilled_words += n as u64;
        self.clear_spilled();
    }
}

/// The interpreter calls a compiled function.
#[inline(never)]
pub(crate) fn call(
    m: &mut Machine,
    site: Site,
    (callee, entry): (&Code, NativeEntry),
    first: Option<u64>,
    args: RegList<'_>,
    results: RegList<'_>,
) -> Transfer {
    let words: SmallVec<[u64; 16]> = first.into_iter().chain(args.iter().map(|r| site.w.get(r))).collect();
    let mut out: SmallVec<[u64; 16]> = smallvec![0; callee.results()];
    // SAFETY: the verifier, or the caller, has seen that the call passes what the function takes.
    let status = unsafe { m.run_native(site.w.end(), Some(site), entry, words.as_ptr(), out.as_mut_ptr()) };
    match status {
        Status::Ok => {
            for (reg, &word) in results.iter().zip(&out) {
                site.w.set(reg, word);
            }
            // SAFETY: the list stands in the running function's code; the next instruction is behind it.
            Transfer::Go(site.w, unsafe { results.0.as_ptr().add(results.len()) })
        }
        Status::Panic => unwind::unwind(m, site),
        Status::WaitIo | Status::Wake => left(m, status, Some(site)),
    }
}

/// Compiled code has left the worker: what is below it leaves too.
fn left(m: &mut Machine, status: Status, site: Option<Site>) -> Transfer {
    if std::mem::take(&mut m.leaving) {
        m.clear_spilled();
        m.exhausted = 0;
        return Transfer::Exit(Exit::Finished);
    }
    let below = m.fiber().saved.len();
    let bottom = match site {
        Some(site) => record::spill(m, site.w, site.pc),
        None => {
            m.lay_spilled();
            Bottom::Fiber
        }
    };
    if bottom == Bottom::Fiber && m.exhausted != 0 {
        let bytes = std::mem::take(&mut m.exhausted);
        return record::stack_exhausted(m, below, bytes);
    }
    Transfer::Exit(if status == Status::WaitIo { Exit::Parked } else { Exit::Yielded })
}

/// Code that was entered with nothing of the fiber below it has come back.
#[inline]
pub(crate) fn came_back(m: &mut Machine, status: Status, results: &[u64]) -> Taken {
    match status {
        Status::Ok => {
            m.ret.clear();
            m.ret.extend_from_slice(results);
            Taken::Returned
        }
        Status::Panic => Taken::Transfer(unwind::unwind_saved(m)),
        Status::WaitIo | Status::Wake => Taken::Transfer(left(m, status, None)),
    }
}

/// Whether a frame that has answered `status` waits, and its turn ends with nothing else to be done.
#[inline]
pub(crate) fn just_waits(m: &Machine, status: Status) -> bool {
    matches!(status, Status::WaitIo | Status::Wake) && !m.leaving && m.exhausted == 0
}

/// Words of results that need no allocation.
pub(crate) const RESULTS: usize = 4;

/// Calls `f` with room for `n` words.
#[inline(always)]
fn with_room<R>(n: usize, f: impl FnOnce(&mut [u64]) -> R) -> R {
    if n <= RESULTS {
        let mut room = [0; RESULTS];
        f(&mut room[..n])
    } else {
        f(&mut vec![0; n])
    }
}

/// Begins the function of a bottom frame whose parameters are in place.
pub(crate) fn begin(m: &mut Machine, w: Window) -> Taken {
    let code = w.code();
    let Some(entry) = m.entry_of(code) else { return Taken::No };
    // The point at the entry has been taken already.
    m.skip_poll = m.takes_every_point();
    with_room(code.results(), |out| {
        // SAFETY: the frame's parameters, which are its first registers, and are read before anything else is
        // laid there.
        let status = unsafe { m.run_native(m.floor, None, entry, w.registers(), out.as_mut_ptr()) };
        m.skip_poll = false;
        came_back(m, status, out)
    })
}

/// Goes on natively in a bottom frame that is to be interpreted behind its suspend point `point`, if there is
/// a continuation.
pub(crate) fn go_on(m: &mut Machine, w: Window, point: u32) -> Taken {
    let code = w.code();
    let Some(entry) = m.continuation_of(code, point) else { return Taken::No };
    let args = m.pack(code, point, w);
    with_room(code.results(), |out| {
        // SAFETY: what a continuation takes, which it reads before anything else is laid there.
        let status = unsafe { m.run_native(m.floor, None, entry, args.as_ptr(), out.as_mut_ptr()) };
        came_back(m, status, out)
    })
}

impl Machine {
    /// What the continuation behind a point takes of a frame that is there. (It lies where the collector does not look.)
    fn pack(&mut self, code: &Code, point: u32, w: Window) -> [u64; 2] {
        let behind = code.point(point).pack(code, w, &mut self.packed);
        let record = self.packed.as_ptr();
        [record as u64, record.wrapping_add(behind) as u64]
    }
}

/// Goes on natively in a frame that is at a suspend point, whatever is below it: on-stack replacement.
pub(crate) fn take_over(m: &mut Machine, w: Window, point: u32, entry: NativeEntry) -> Transfer {
    m.stats.replaced += 1;
    let caller = w.caller().map(|caller| Site { w: caller, pc: w.call_pc() });
    let args = m.pack(w.code(), point, w);
    let mut out: SmallVec<[u64; 16]> = smallvec![0; w.code().results()];
    // The compiled frame comes to lie where the interpreter has worked, and may stay for long.
    vo_runtime::heap::wipe_stack();
    // The frame's header stays: it says where results go. Its registers are dead.
    // SAFETY: what a continuation takes, which it reads before anything else is laid there.
    let status = unsafe { m.run_native(w.registers(), caller, entry, args.as_ptr(), out.as_mut_ptr()) };
    match status {
        Status::Ok => interp::frame_returned(m, w, &out),
        Status::Panic => unwind::leave_frame(m, w),
        Status::WaitIo | Status::Wake if caller.is_none() && w.bottom() == Bottom::Native => {
            Transfer::Exit(match status {
                // The activation below knows by `leaving` that nothing is to be saved.
                _ if m.leaving => Exit::Finished,
                Status::WaitIo => Exit::Parked,
                _ => Exit::Yielded,
            })
        }
        Status::WaitIo | Status::Wake => left(m, status, caller),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_code_begins_at_the_top_of_a_page() {
        for stack in (0x7000..0x9000).step_by(16) {
            let lower = stack - steps_to_page_top(stack) * STEP as u64;
            assert!(lower % PAGE >= PAGE - STEP as u64, "{stack:#x}");
        }
    }
}
