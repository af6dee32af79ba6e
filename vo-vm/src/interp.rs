//! The interpreter: the dispatch loop, and how calls and returns move between frames.
//!
//! Calls between interpreted functions do not recurse natively: a callee's frame is laid
//! behind its caller's on the worker's VM stack, and the loop goes on in it. One run of the loop
//! is one *activation*: it starts in a bottom frame and ends where that frame returns with
//! nothing below it, or where the fiber leaves the worker (its frames are then records, see
//! [`crate::record`]).
//!
//! A handler answers a [`Flow`]. What is slow lives in functions that are not inlined and get
//! the machine and a [`Site`]; they answer a [`Transfer`], so that the loop's own state (window,
//! code, instruction pointer) stays in machine registers.
//!
//! Must stay true: the loop runs verified code only; nothing in it checks an operand.

use crate::compiled;
use crate::machine::Machine;
use crate::program::Code;
use crate::record;
use crate::tier;
use crate::unwind;
use crate::window::{Bottom, HEADER, Window};
use smallvec::SmallVec;
use vo_bytecode::inst::{Visitor, dispatch};
use vo_bytecode::operand::{self, CodeSource, Operand, RegList};
use vo_bytecode::{Reg, Status};
use vo_runtime::panic::Trap;

/// How a handler goes on.
pub(crate) enum Flow {
    /// With the next instruction.
    Next,
    /// With the instruction at this address.
    Goto(*const u16),
    /// The activation is over.
    Exit(Exit),
}

/// How an activation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The fiber's last frame has returned, or the fiber is not to run on.
    Finished,
    /// The fiber is registered with what it waits for; its frames are saved.
    Parked,
    /// The fiber stays runnable; its frames are saved.
    Yielded,
    /// The frame that native code entered has ended; results are in the return buffer.
    Native(Status),
}

/// Where the running fiber is: the frame, and the instruction in it.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub(crate) w: Window,
    pub(crate) pc: u32,
}

/// What a slow operation that changes frames answers.
pub(crate) enum Transfer {
    /// Go on in this frame at this address.
    Go(Window, *const u16),
    /// Leave the loop.
    Exit(Exit),
}

/// The state of the loop.
pub(crate) struct Interp<'m> {
    /// Registers of the running frame.
    pub(crate) w: Window,
    /// The running function's code.
    pub(crate) code: *const u16,
    /// The running instruction.
    pub(crate) at: *const u16,
    pub(crate) m: &'m mut Machine,
}

/// Reads verified code without checks.
struct Fetch(*const u16);

impl<'c> CodeSource<'c> for Fetch {
    #[inline(always)]
    fn unit(&mut self) -> u16 {
        // SAFETY: verified code ends with an instruction that does not fall through, so the next
        // unit of an instruction is within the function's code.
        unsafe {
            let unit = *self.0;
            self.0 = self.0.add(1);
            unit
        }
    }

    #[inline(always)]
    fn units(&mut self, n: usize) -> &'c [u16] {
        // SAFETY: as for `unit`; the program outlives its activations.
        unsafe {
            let units = std::slice::from_raw_parts(self.0, n);
            self.0 = self.0.add(n);
            units
        }
    }
}

/// Runs an activation whose bottom frame is, or is above, the frame of `w`.
///
/// The frame, and those below it, lie on `m`'s stack, and `pc` is an instruction of its function.
pub(crate) fn run(m: &mut Machine, w: Window, pc: *const u16) -> Exit {
    let mut fetch = Fetch(pc);
    let mut handlers = Handlers(Interp { w, code: w.code().start, at: pc, m });
    loop {
        handlers.0.at = fetch.0;
        match dispatch(&mut fetch, &mut handlers, bad_opcode) {
            Flow::Next => {}
            Flow::Goto(target) => fetch.0 = target,
            Flow::Exit(exit) => return exit,
        }
    }
}

#[inline(always)]
fn bad_opcode(number: u16) -> Flow {
    debug_assert!(false, "internal error: opcode {number} in verified code");
    // SAFETY: the verifier has decoded all of the code: no other number is in it.
    unsafe { std::hint::unreachable_unchecked() }
}

/// Connects the opcode table with the handlers, which are methods of [`Interp`] in
/// `handlers/*.rs`: a row without a handler does not compile.
struct Handlers<'m>(Interp<'m>);

macro_rules! connect {
    ($($name:ident = $method:ident $doc:literal { $($field:ident : $role:ident),* } [$($flag:ident),*];)*) => {
        impl<'c> Visitor<'c> for Handlers<'_> {
            type Out = Flow;
            $(#[inline(always)]
            fn $method(&mut self, $($field: <operand::$role as Operand>::Value<'c>),*) -> Flow {
                self.0.$method($($field),*)
            })*
        }
    };
}

vo_bytecode::for_each_op!(connect);

impl Interp<'_> {
    /// Offset of the running instruction.
    #[inline(always)]
    pub(crate) fn offset(&self) -> u32 {
        // Both point into the same function's code.
        ((self.at as usize - self.code as usize) / 2) as u32
    }

    /// Where we are, for slow operations.
    #[inline(always)]
    pub(crate) fn site(&self) -> Site {
        Site { w: self.w, pc: self.offset() }
    }

    /// Goes where a slow operation says.
    #[inline(always)]
    pub(crate) fn transfer(&mut self, transfer: Transfer) -> Flow {
        match transfer {
            Transfer::Go(w, pc) => {
                self.w = w;
                self.code = w.code().start;
                Flow::Goto(pc)
            }
            Transfer::Exit(exit) => Flow::Exit(exit),
        }
    }

    /// Runs an operation outside the loop's own code, which goes on with the next instruction unless
    /// the operation says otherwise. The operation captures words and registers, never the loop's
    /// state: were that state's address taken, the loop would keep it in memory.
    #[inline(always)]
    pub(crate) fn aside(&mut self, operation: impl FnOnce(&mut Machine, Site) -> Option<Transfer>) -> Flow {
        let site = self.site();
        match run_aside(self.m, site, operation) {
            None => Flow::Next,
            Some(transfer) => self.transfer(transfer),
        }
    }

    /// Raises a run-time panic at the running instruction.
    #[inline(always)]
    pub(crate) fn trap(&mut self, trap: impl Into<Trap>) -> Flow {
        let site = self.site();
        let transfer = unwind::trap(self.m, site, trap.into());
        self.transfer(transfer)
    }

    /// Enters a function. `first` is a parameter before the arguments: the closure, the data word.
    #[inline(always)]
    pub(crate) fn enter(
        &mut self,
        callee: &Code,
        first: Option<u64>,
        args: RegList<'_>,
        results: RegList<'_>,
    ) -> Flow {
        if let Some(entry) = self.m.entry_of(callee) {
            let site = self.site();
            let transfer = compiled::call(self.m, site, (callee, entry), first, args, results);
            return self.transfer(transfer);
        }
        let base = self.w.end();
        // SAFETY: below the stack's limit there is room for the largest frame of the program; a
        // frame is only laid at or below the limit, so this one and the next have room.
        let new = unsafe { Window::at(base) };
        let shift = usize::from(first.is_some());
        if let Some(word) = first {
            new.set(Reg(0), word);
        }
        for (i, arg) in args.iter().enumerate() {
            new.set(Reg((i + shift) as u16), self.w.get(arg));
        }
        // The count stands before the listed registers.
        let ret = results.0.as_ptr().wrapping_sub(1);
        new.set_header(callee, self.w.base(), ret, self.offset(), Bottom::Fiber);
        new.clear_slots(callee);
        if base > self.m.limit || self.m.interrupted() {
            let transfer = self.m.poll_at_entry(new);
            return self.transfer(transfer);
        }
        self.w = new;
        self.code = callee.start;
        Flow::Goto(callee.start)
    }

    #[inline(always)]
    pub(crate) fn return_(&mut self, results: RegList<'_>) -> Flow {
        let ret = self.w.ret();
        if ret.is_null() {
            let transfer = returned(self.m, self.w, results);
            return self.transfer(transfer);
        }
        // SAFETY: a frame with a return list has a caller; the list stands in verified code and
        // is as long as the results.
        unsafe {
            let caller = self.w.caller().unwrap_unchecked();
            let n = results.len();
            for i in 0..n {
                caller.set(Reg(*ret.add(1 + i)), self.w.get(Reg(*results.0.get_unchecked(i))));
            }
            self.w = caller;
            self.code = caller.code().start;
            Flow::Goto(ret.add(1 + n))
        }
    }

    /// A loop header found the interrupt word set.
    #[cold]
    #[inline(never)]
    fn poll_at_loop(m: &mut Machine, site: Site) -> Transfer {
        if m.answer_interrupt(site) {
            record::spill(m, site.w, site.pc);
            return Transfer::Exit(Exit::Yielded);
        }
        let next = site.w.code().start.wrapping_add(site.pc as usize + 1);
        Transfer::Go(site.w, next)
    }

    /// It is this turn's turn to be looked at.
    #[inline(always)]
    pub(crate) fn sample_loop(&mut self) -> Flow {
        let site = self.site();
        let transfer = tier::sampled_loop(self.m, site);
        self.transfer(transfer)
    }

    #[inline(always)]
    pub(crate) fn interrupt_at_loop(&mut self) -> Flow {
        let site = self.site();
        let transfer = Self::poll_at_loop(self.m, site);
        self.transfer(transfer)
    }
}

#[inline(never)]
fn run_aside(
    m: &mut Machine,
    site: Site,
    operation: impl FnOnce(&mut Machine, Site) -> Option<Transfer>,
) -> Option<Transfer> {
    operation(m, site)
}

impl Site {
    /// The words in a list of registers.
    pub(crate) fn words(&self, regs: RegList<'_>) -> SmallVec<[u64; 8]> {
        regs.iter().map(|r| self.w.get(r)).collect()
    }

    /// Sets a list of registers.
    pub(crate) fn put(&self, regs: RegList<'_>, words: &[u64]) {
        for (reg, &word) in regs.iter().zip(words) {
            self.w.set(reg, word);
        }
    }
}

/// Compiled code that had taken over the frame `w` has returned.
pub(crate) fn frame_returned(m: &mut Machine, w: Window, results: &[u64]) -> Transfer {
    let (Some(caller), false) = (w.caller(), w.ret().is_null()) else {
        m.ret.clear();
        m.ret.extend_from_slice(results);
        return bottom_returned(m, w);
    };
    let ret = w.ret();
    for (i, &word) in results.iter().enumerate() {
        // SAFETY: a frame with a return list has a caller; the list stands in verified code and
        // is as long as the results.
        caller.set(Reg(unsafe { *ret.add(1 + i) }), word);
    }
    Transfer::Go(caller, ret.wrapping_add(1 + results.len()))
}

/// A frame returned and there is no list of destination registers: it is the bottom of its
/// activation, or it was a deferred call, or a call that a native function made.
#[cold]
#[inline(never)]
fn returned(m: &mut Machine, w: Window, results: RegList<'_>) -> Transfer {
    m.ret.clear();
    m.ret.extend(results.iter().map(|r| w.get(r)));
    bottom_returned(m, w)
}

/// Goes on below a frame whose results are in the return buffer.
fn bottom_returned(m: &mut Machine, w: Window) -> Transfer {
    match w.caller() {
        Some(caller) => {
            let (code, pc) = (caller.code(), w.call_pc());
            let kind = code.function().points[record::point_at(code, pc)].kind;
            record::go_on(m, Site { w: caller, pc }, kind)
        }
        None if w.bottom() == Bottom::Native => Transfer::Exit(Exit::Native(Status::Ok)),
        None => record::next(m),
    }
}

impl Machine {
    /// The poll of a call: the callee's frame is complete, nothing of it has run. Goes into the callee,
    /// now or, after all frames have become records, later.
    #[cold]
    #[inline(never)]
    pub(crate) fn poll_at_entry(&mut self, new: Window) -> Transfer {
        let exhausted = new.base() > self.limit;
        if exhausted {
            let (below, frames) = (self.fiber().saved.len(), new.end() as usize - self.floor as usize);
            if record::spill(self, new, record::ENTRY) == Bottom::Native {
                self.exhausted = self.stack_bytes();
                return Transfer::Exit(Exit::Yielded);
            }
            return record::stack_exhausted(self, below, frames);
        }
        if self.answer_interrupt(Site { w: new, pc: record::ENTRY }) {
            record::spill(self, new, record::ENTRY);
            return Transfer::Exit(Exit::Yielded);
        }
        Transfer::Go(new, new.code().start)
    }
}

const _: () = assert!(HEADER == 4);
