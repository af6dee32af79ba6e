//! Panics: raising them, unwinding frames, running deferred calls, recovering.
//!
//! The panics of a fiber that are in flight form a stack, the newest on top. A panic leaves frames
//! one after the other. A frame of a function without landing pad is dropped; else the function
//! goes on at its landing pad, whose `DeferUnwind` runs the frame's deferred calls, one at a time, as
//! ordinary calls, and is executed again after each. Its `state` register holds the id of the
//! panic that it runs for, 0 at first.
//!
//! ```text
//!   arrives with state 0          the panic's first arrival in this frame
//!   again, same panic, recovered  a deferred call recovered: the panic and those it aborted are
//!                                 gone, the function goes on behind the landing pad
//!   again, same panic             a deferred call returned: the next one
//!   again, another panic on top   a deferred call panicked: the old one is aborted
//! ```
//!
//! `runtime.Goexit` is a panic that cannot be recovered and prints nothing. Where a panic in one of
//! its deferred calls is recovered, the Goexit goes on.
//!
//! A deferred function may recover if it is called by `DeferUnwind` itself: the machine then puts
//! the panic's id into the fiber's recover token, and the function's first instruction takes it.
//!
//! Must stay true: the top of the stack is the panic that unwinds, or one that a deferred call has
//! just recovered; an aborted panic never becomes the top, except a Goexit that goes on.

use crate::end::Fatal;
use crate::fatal;
use crate::handlers::call::method_of;
use crate::interp::{Exit, Site, Transfer};
use crate::machine::Machine;
use crate::memory::Frames;
use crate::program::Code;
use crate::record;
use crate::resume;
use crate::value::{self, Deferred};
use crate::window::{Bottom, Window};
use vo_bytecode::{Op, PointKind, Reg, Status};
use vo_runtime::panic::{AssertionError, RuntimePanic, Trap};
use vo_runtime::value::load_word;

/// A step of a trace: function, code offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceSite {
    pub(crate) func: u32,
    pub(crate) pc: u32,
}

/// In a trace: here a deferred call was run by an older panic.
pub(crate) const PANIC_MARK: TraceSite = TraceSite { func: u32::MAX, pc: 0 };

/// Sites kept of one panic's unwinding; what is beyond is counted by nobody.
const TRACE_LIMIT: usize = 4096;

/// One panic in flight.
pub(crate) struct Panic {
    pub(crate) id: u64,
    /// The value: type word and data word.
    pub(crate) ty: u64,
    pub(crate) data: u64,
    pub(crate) recovered: bool,
    pub(crate) aborted: bool,
    pub(crate) goexit: bool,
    /// The nil dereference that Go reports as a signal.
    pub(crate) signal: bool,
    /// The frames that it has left, innermost first.
    pub(crate) trace: Vec<TraceSite>,
    /// What its `Error` or `String` method has answered, once the fiber is dying.
    pub(crate) text: Option<Vec<u8>>,
    /// The next panic has the same value: only this one is printed.
    pub(crate) repanicked: bool,
}

/// What a landing pad has come to.
pub(crate) enum Unwound {
    /// A deferred call has recovered: the function goes on.
    Recovered,
    /// The next deferred call is run, with the right to recover this panic.
    Running(u64),
}

/// The panics of a fiber.
#[derive(Default)]
pub(crate) struct Panics {
    pub(crate) stack: Vec<Panic>,
    last_id: u64,
    /// Set once a panic has left the last frame: the index of the panic whose text is being made.
    pub(crate) dying: Option<usize>,
}

impl Panics {
    fn push(&mut self, ty: u64, data: u64, goexit: bool, signal: bool) {
        self.last_id += 1;
        let id = self.last_id;
        self.stack.push(Panic {
            id,
            ty,
            data,
            recovered: false,
            aborted: false,
            goexit,
            signal,
            trace: Vec::new(),
            text: None,
            repanicked: false,
        });
    }

    fn top(&mut self) -> &mut Panic {
        self.stack.last_mut().expect("internal error: unwinding without a panic")
    }

    pub(crate) fn leave(&mut self, func: u32, pc: u32) {
        let trace = &mut self.top().trace;
        if trace.len() < TRACE_LIMIT {
            trace.push(TraceSite { func, pc });
        }
    }

    /// The panic `old`, under which a deferred call ran, is aborted by the top one, whose trace
    /// goes on with the old one's frames: they were on the stack below it.
    fn abort(&mut self, old: u64) {
        let Some(at) = self.stack.iter().position(|p| p.id == old) else { return };
        let (older, newer) = self.stack.split_at_mut(at + 1);
        let (old, Some(top)) = (&mut older[at], newer.last_mut()) else { return };
        old.aborted = true;
        top.trace.pop();
        if top.trace.len() + old.trace.len() < TRACE_LIMIT {
            top.trace.push(PANIC_MARK);
            top.trace.extend_from_slice(&old.trace);
        }
    }

    /// A landing pad's `DeferUnwind` looks at the panics: what it is to do. `state` is the id of the panic
    /// that it has run for so far, and becomes that of the one it runs for now, or 0.
    pub(crate) fn arrive(&mut self, state: &mut u64) -> Unwound {
        let (id, recovered) = (self.top().id, self.top().recovered);
        if id == *state && recovered {
            *state = self.finish_recovery().unwrap_or(0);
        } else if id != *state {
            self.abort(*state);
            *state = id;
        }
        if *state == 0 { Unwound::Recovered } else { Unwound::Running(*state) }
    }

    /// Removes the recovered top and those that it had aborted. Answers the id of an aborted Goexit
    /// that now goes on.
    fn finish_recovery(&mut self) -> Option<u64> {
        self.stack.pop();
        while let Some(top) = self.stack.last_mut() {
            if !top.aborted {
                break;
            }
            if top.goexit {
                top.aborted = false;
                return Some(top.id);
            }
            self.stack.pop();
        }
        None
    }
}

/// Raises a run-time panic, or ends the island with a fatal error, at `site`.
#[cold]
#[inline(never)]
pub(crate) fn trap(m: &mut Machine, site: Site, trap: Trap) -> Transfer {
    match trap {
        Trap::Panic(panic) => {
            m.set_runtime_panic(site.w, panic);
            unwind(m, site)
        }
        Trap::Fatal(error) => fatal(m, Some(site), Fatal::from(error)),
    }
}

/// Unwinds from `site` with the panic that is on top of the fiber's stack.
#[cold]
#[inline(never)]
pub(crate) fn unwind(m: &mut Machine, site: Site) -> Transfer {
    let Site { w, pc } = site;
    let code = w.code();
    m.fiber_mut().panics().leave(code.index, pc);
    match landing(code, pc) {
        Some(landing) => Transfer::Go(w, landing),
        None => leave_frame(m, w),
    }
}

/// Where a panic that came up at `pc` goes on in a function. One that came out of a call of
/// `DeferUnwind` goes back to that instruction, whose `state` names the panic it ran for; else the landing
/// pad starts anew.
fn landing(code: &Code, pc: u32) -> Option<*const u16> {
    let landing = code.landing()?;
    Some(if code.op_at(pc) == Some(Op::DeferUnwind) { code.at(pc) } else { landing })
}

/// Drops the frame `w` and goes on unwinding in what called it.
pub(crate) fn leave_frame(m: &mut Machine, mut w: Window) -> Transfer {
    loop {
        let pc = w.call_pc();
        let Some(caller) = w.caller() else {
            return match w.bottom() {
                Bottom::Native => Transfer::Exit(Exit::Native(Status::Panic)),
                Bottom::Fiber => unwind_saved(m),
            };
        };
        w = caller;
        let code = w.code();
        m.drop_native_caller(code, pc);
        m.fiber_mut().panics().leave(code.index, pc);
        if let Some(landing) = landing(code, pc) {
            return Transfer::Go(w, landing);
        }
    }
}

/// Goes on unwinding in the fiber's saved records.
pub(crate) fn unwind_saved(m: &mut Machine) -> Transfer {
    loop {
        let program = m.program_ref();
        let Some(top) = record::Record::top(program, &m.fiber_mut().saved) else {
            return resume::uncaught(m);
        };
        let (code, pc) = (program.code(top.code.index), top.point.pc);
        let begun = top.point.kind != PointKind::Entry;
        if begun {
            m.drop_native_caller(code, pc);
            m.fiber_mut().panics().leave(code.index, pc);
            if let Some(landing) = landing(code, pc) {
                let (w, ..) = record::thaw(m).expect("internal error: the record is gone");
                return Transfer::Go(w, landing);
            }
        }
        record::drop_top(m);
    }
}

/// Panics with an interface value.
#[cold]
#[inline(never)]
pub(crate) fn panic_value(m: &mut Machine, site: Site, ty: u64, data: u64) -> Transfer {
    m.set_panic(site.w, ty, data);
    unwind(m, site)
}

/// Ends the island with a fatal error. `site` is where the fiber runs, if it has frames on the stack.
#[cold]
#[inline(never)]
pub(crate) fn fatal(m: &mut Machine, site: Option<Site>, error: Fatal) -> Transfer {
    fatal::end_with(m, site, error);
    Transfer::Exit(Exit::Finished)
}

/// Takes the first call off a frame's list and runs it. The frame's instruction is executed again
/// when it returns. `None` where the list is empty.
fn run_first(m: &mut Machine, site: Site, list: Reg, token: u64) -> Option<Transfer> {
    let call = Deferred::at(site.w.get(list))?;
    // The call leaves the list before it runs: a panic in it must not find it again.
    site.w.set(list, call.next());
    let Some((func, first)) = call.target() else {
        return Some(trap(m, site, RuntimePanic::NilDereference {}.into()));
    };
    let code = m.program_ref().code(func);
    m.fiber_mut().recover_token = if m.takes_token(code, first) { token } else { 0 };
    // SAFETY: as for every call: there is room for a frame behind a frame.
    let new = unsafe { Window::at(site.w.end()) };
    let shift = usize::from(first.is_some());
    assert_eq!(
        code.params(),
        call.len() + shift,
        "internal error: {} is deferred with other arguments",
        code.name()
    );
    if let Some(word) = first {
        new.set(Reg(0), word);
    }
    for i in 0..call.len() {
        new.set(Reg((i + shift) as u16), call.arg(i));
    }
    new.set_header(code, site.w.base(), std::ptr::null(), site.pc, Bottom::Fiber);
    new.clear_slots(code);
    if new.base() > m.limit || m.interrupted() {
        return Some(m.poll_at_entry(new));
    }
    Some(Transfer::Go(new, code.start))
}

/// `RunDefers`: the frame returns normally.
#[inline(never)]
pub(crate) fn run_defers(m: &mut Machine, site: Site, next: *const u16, list: Reg) -> Transfer {
    match run_first(m, site, list, 0) {
        Some(transfer) => transfer,
        None => Transfer::Go(site.w, next),
    }
}

/// `DeferUnwind`: the frame is at its landing pad.
#[cold]
#[inline(never)]
pub(crate) fn defer_unwind(m: &mut Machine, site: Site, next: *const u16, list: Reg, state: Reg) -> Transfer {
    let mut current = site.w.get(state);
    let unwound = m.fiber_mut().panics().arrive(&mut current);
    site.w.set(state, current);
    let Unwound::Running(token) = unwound else {
        return Transfer::Go(site.w, next);
    };
    match run_first(m, site, list, token) {
        Some(transfer) => transfer,
        None => leave_frame(m, site.w),
    }
}

impl Machine {
    /// Puts a panic with an interface value on top of the fiber's.
    pub(crate) fn set_panic(&mut self, w: impl Frames, ty: u64, data: u64) {
        self.stats.panics += 1;
        if ty != 0 {
            return self.fiber_mut().panics().push(ty, data, false, false);
        }
        match value::panic_nil_error(self, w) {
            Some(value) => self.fiber_mut().panics().push(value.ty, value.data, false, false),
            None => self.set_text_panic("panic called with nil argument (use GODEBUG=panicnil=1 to disable)"),
        }
    }

    /// Puts a run-time panic on top of the fiber's.
    pub(crate) fn set_runtime_panic(&mut self, w: impl Frames, panic: RuntimePanic) {
        self.stats.panics += 1;
        let text = panic.error_text();
        let signal = matches!(panic, RuntimePanic::NilDereference {});
        match value::runtime_error(self, w, panic) {
            Some(value) => self.fiber_mut().panics().push(value.ty, value.data, false, signal),
            None => {
                self.set_text_panic(&text);
                self.fiber_mut().panics().top().signal = signal;
            }
        }
    }

    /// Puts the panic of a failed type assertion on top of the fiber's.
    pub(crate) fn set_assertion_panic(&mut self, w: impl Frames, error: &AssertionError) {
        self.stats.panics += 1;
        match value::assertion_error(self, w, error) {
            Some(value) => self.fiber_mut().panics().push(value.ty, value.data, false, false),
            None => self.set_text_panic(&error.text()),
        }
    }

    /// A panic whose value cannot be made: its text is all there is.
    pub(crate) fn set_text_panic(&mut self, text: &str) {
        let panics = self.fiber_mut().panics();
        panics.push(0, 0, false, false);
        panics.top().text = Some(text.as_bytes().to_vec());
    }

    /// Puts a `runtime.Goexit` on top of the fiber's panics.
    pub(crate) fn set_goexit(&mut self) {
        self.fiber_mut().panics().push(0, 0, true, false);
    }

    /// Whether a deferred call of a function takes the right to recover. `closure` is what it is called through: a
    /// method bound to an interface value stands for the method itself.
    pub(crate) fn takes_token(&self, code: &Code, closure: Option<u64>) -> bool {
        let method = || {
            let (selector, closure) = (code.flags.bound?, closure?);
            // SAFETY: the closure of such a function has captured a type word first.
            let ty = unsafe { load_word(closure + 8) };
            method_of(ty, selector)
        };
        code.flags.takes_token || method().is_some_and(|m| self.program().code(m).flags.takes_token)
    }

    /// Takes the right to recover.
    pub(crate) fn take_recover_token(&mut self) -> u64 {
        std::mem::take(&mut self.fiber_mut().recover_token)
    }

    /// The value of the current panic, now recovered, if `token` gives the right; else nil.
    pub(crate) fn recover(&mut self, token: u64) -> (u64, u64) {
        let Some(panics) = self.fiber_mut().panics.as_mut() else { return (0, 0) };
        match panics.stack.last_mut() {
            Some(top) if token != 0 && top.id == token && !top.recovered && !top.goexit => {
                top.recovered = true;
                (top.ty, top.data)
            }
            _ => (0, 0),
        }
    }
}
