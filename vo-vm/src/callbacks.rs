//! The doors through which compiled code asks the machine: one `extern "C"` function for each row
//! of `vo_bytecode::callbacks`, over the operations that the interpreter uses.
//!
//! A door that answers `Panic` has put the panic on top of the fiber's; one that answers `WaitIo`
//! has registered the fiber, and the machine completes the operation when the frame that called
//! the door is gone on with. While compiled code runs, the machine's floor is above all interpreted
//! frames that are in use.

use crate::compiled::Crossing;
use crate::cross::Refused;
use crate::end::Fatal;
use crate::fiber::Completed;
use crate::interp::{self, Exit};
use crate::machine::Machine;
use crate::memory::Floor;
use crate::native::{Completion, NativeCx, PendingCall};
use crate::ops::chan::{self as ops, Waited};
use crate::ops::port as ports;
use crate::ops::select;
use crate::record;
use crate::resume;
use crate::unwind::Unwound;
use crate::value::{self, Deferred};
use crate::window::{Bottom, Window};
use smallvec::{SmallVec, smallvec};
use vo_bytecode::{Reg, Status};
use vo_runtime::context::{JitContext, RETURN_WORDS, SelectCase, VmCallbacks};
use vo_runtime::heap::sizeclass::round_up;
use vo_runtime::object::{chan, map, mem, slice, string};
use vo_runtime::panic::{AssertionError, RuntimePanic, Trap};
use vo_runtime::rtype::{self, Ty};
use vo_runtime::value::{Slice, Str, copy_bytes};

/// A context for a new machine; the machine fills in what depends on it.
pub(crate) fn new_context() -> Box<JitContext> {
    Box::new(JitContext {
        callbacks: &raw const CALLBACKS,
        stack_limit: 0,
        interrupt: std::ptr::null(),
        fiber: std::ptr::null_mut(),
        island: std::ptr::null_mut(),
        globals: 0,
        alloc: std::ptr::null_mut(),
        entries: std::ptr::null_mut(),
        barrier: std::sync::atomic::AtomicU64::new(0),
        functions: std::ptr::null(),
        last_frame: 0,
        last_site: 0,
        select_case: 0,
        select_values: std::ptr::null(),
        select_ok: 0,
        alone: std::ptr::null(),
        recover_token: 0,
        spill: std::ptr::null_mut(),
        spill_end: std::ptr::null_mut(),
        ret: [0; RETURN_WORDS],
        machine: std::ptr::null_mut(),
        callee: 0,
    })
}

macro_rules! fill {
    ($($name:ident $doc:literal ($($param:ident : $ty:ident),*) -> $ret:ident;)*) => {
        /// The filled table.
        pub(crate) static CALLBACKS: VmCallbacks = VmCallbacks { $($name: doors::$name),* };
    };
}

vo_bytecode::for_each_callback!(fill);

/// The machine behind a context.
///
/// # Safety
/// `ctx` is the context that the machine gave to the code that calls, on its own thread.
unsafe fn machine<'a>(ctx: *mut JitContext) -> &'a mut Machine {
    // SAFETY: set when the machine was made.
    unsafe { &mut *(*ctx).machine.cast::<Machine>() }
}

impl Machine {
    fn at_floor(&self) -> Floor {
        Floor
    }

    /// Puts what an operation answered on top of the fiber's panics.
    fn raise(&mut self, trap: Trap) -> Status {
        match trap {
            Trap::Panic(panic) => {
                let floor = self.at_floor();
                self.set_runtime_panic(floor, panic);
                Status::Panic
            }
            Trap::Fatal(error) => {
                // Compiled code has noted its frame where a callback may come to this.
                let site = self.native_site();
                crate::fatal::end_with(self, Some(site), Fatal::from(error));
                self.leaving = true;
                Status::Wake
            }
        }
    }

    /// Puts what an operation refused on top of the fiber's panics.
    fn raise_refused(&mut self, refused: Refused, port: u64) -> Status {
        let floor = self.at_floor();
        match self.refuse(floor, refused, ports::port_behind(port)) {
            Some(trap) => self.raise(trap),
            None => Status::Panic,
        }
    }

    fn status(&mut self, result: Result<(), Trap>) -> Status {
        match result {
            Ok(()) => Status::Ok,
            Err(trap) => self.raise(trap),
        }
    }

    /// Stores what an operation made, or raises what it answered.
    ///
    /// # Safety
    /// `out` has room for the words.
    unsafe fn deliver<const N: usize>(&mut self, out: *mut u64, result: Result<[u64; N], Trap>) -> Status {
        match result {
            Ok(words) => {
                // SAFETY: room by the contract.
                unsafe { out.cast::<[u64; N]>().write(words) };
                Status::Ok
            }
            Err(trap) => self.raise(trap),
        }
    }

    /// A made address; 0 where no memory is left, with the program's end on its way.
    fn word(&mut self, result: Result<u64, Trap>) -> u64 {
        result.unwrap_or_else(|trap| {
            let _ = self.raise(trap);
            0
        })
    }

    /// Runs a function for compiled code or a native that it called; results go to `results`.
    ///
    /// # Safety
    /// `args` has the function's parameters, `results` room for its results.
    unsafe fn call_function(&mut self, func: u32, args: *const u64, results: *mut u64) -> Status {
        let (frame, site) = (self.context.last_frame, self.context.last_site);
        self.crossings.push(Crossing::ToMachine { frame, site });
        let status = match self.entry_of(self.program_ref().code(func)) {
            // SAFETY: words by the contract.
            Some(entry) => unsafe { self.run_native(self.floor, None, entry, args, results) },
            // SAFETY: words by the contract.
            None => unsafe { self.call_nested(func, args, results) },
        };
        self.crossings.pop();
        (self.context.last_frame, self.context.last_site) = (frame, site);
        status
    }

    /// Runs a function in a nested activation on top of the floor; results go to `results`.
    ///
    /// # Safety
    /// `args` has the function's parameters, `results` room for its results.
    unsafe fn call_nested(&mut self, func: u32, args: *const u64, results: *mut u64) -> Status {
        let code = self.program_ref().code(func);
        let floor = self.floor;
        let here = &raw const floor as u64;
        if floor > self.limit || here < self.context.stack_limit {
            // No room for another activation: the function begins when the frames below are records.
            // SAFETY: parameters by the contract.
            let words = unsafe { std::slice::from_raw_parts(args, code.params()) };
            crate::record::spill_call(self, code, words);
            self.exhausted = self.stack_bytes();
            return Status::Wake;
        }
        // SAFETY: at or below the limit there is room for a frame.
        let w = unsafe { Window::at(floor) };
        w.set_header(code, std::ptr::null_mut(), std::ptr::null(), 0, Bottom::Native);
        for i in 0..code.params() {
            // SAFETY: parameters by the contract.
            w.set(Reg(i as u16), unsafe { *args.add(i) });
        }
        w.clear_slots(code);
        let exit = interp::run(self, w, code.start);
        self.floor = floor;
        match exit {
            Exit::Native(Status::Ok) => {
                // SAFETY: room by the contract.
                unsafe { std::ptr::copy_nonoverlapping(self.ret.as_ptr(), results, self.ret.len()) };
                self.ret.clear();
                Status::Ok
            }
            Exit::Native(status) => status,
            Exit::Parked => Status::WaitIo,
            Exit::Yielded => Status::Wake,
            Exit::Finished => {
                self.leaving = true;
                Status::Wake
            }
        }
    }

    /// Runs one deferred call to its end.
    fn run_deferred(&mut self, call: Deferred, token: u64) -> Status {
        let Some((func, first)) = call.target() else {
            return self.raise(RuntimePanic::NilDereference {}.into());
        };
        let takes_token = self.takes_token(self.program().code(func), first);
        self.fiber_mut().recover_token = if takes_token { token } else { 0 };
        let args: SmallVec<[u64; 16]> =
            first.into_iter().chain((0..call.len()).map(|i| call.arg(i))).collect();
        let mut results: SmallVec<[u64; 8]> = smallvec![0; self.program().code(func).results()];
        // SAFETY: as many words as the function has parameters and results.
        unsafe { self.call_function(func, args.as_ptr(), results.as_mut_ptr()) }
    }

    /// A blocking operation was done at once. Its point is taken where every point is.
    fn complete(&mut self, outcome: impl FnOnce(&Machine) -> Completed) -> Status {
        if !self.takes_every_point() {
            return Status::Ok;
        }
        let completed = outcome(self);
        self.fiber_mut().completed = Some(Box::new(completed));
        Status::Wake
    }

    /// Tells compiled code what a select has come to.
    #[inline]
    fn selected(&mut self, chosen: Result<Waited<i64>, Trap>) -> Status {
        match chosen {
            Ok(Waited::Done(case)) => {
                self.context.select_case = case;
                self.complete(|m| Completed {
                    words: m.select.values.clone(),
                    ok: m.context.select_ok != 0,
                    case,
                })
            }
            Ok(Waited::Parked) => Status::WaitIo,
            Err(trap) => self.raise(trap),
        }
    }

    /// A native that compiled code called has answered: calls the Vo functions that it wants called, with its
    /// completions, until it is done or waits.
    fn native_done(&mut self, mut status: Status, results: &mut [u64]) -> Status {
        loop {
            if self.leaving {
                return Status::Wake;
            }
            match status {
                Status::Panic => return status,
                Status::WaitIo | Status::Wake => {
                    let staged = self.staged.take().or_else(|| resume::keep_results(results));
                    self.fiber_mut().pending.push(staged);
                    return status;
                }
                Status::Ok => {
                    let Some(call) = self.pending_call.take() else { return status };
                    status = self.native_callback(&call, results);
                    if matches!(status, Status::WaitIo | Status::Wake) && self.waits_in_callee() {
                        return status;
                    }
                }
            }
        }
    }

    /// Whether the native's own completion is what waits, or the function that it called.
    fn waits_in_callee(&mut self) -> bool {
        std::mem::take(&mut self.callee_waits)
    }

    /// Calls a Vo function for a native, then the native's completion.
    fn native_callback(&mut self, call: &PendingCall, results: &mut [u64]) -> Status {
        let staged = self.staged.take();
        // SAFETY: a native hands over a function value of the program, or nil.
        let Some(func) = (unsafe { value::closure_func(call.closure) }) else {
            return self.raise(RuntimePanic::NilDereference {}.into());
        };
        let code = self.program_ref().code(func);
        assert_eq!(
            code.params(),
            call.args.len() + 1,
            "internal error: a native calls {} with other arguments",
            code.name()
        );
        let args: SmallVec<[u64; 16]> = [call.closure].into_iter().chain(call.args.iter().copied()).collect();
        let mut out: SmallVec<[u64; 8]> = smallvec![0; code.results()];
        self.fiber_mut().pending.push(staged);
        // SAFETY: as many words as the function has parameters and results.
        match unsafe { self.call_function(func, args.as_ptr(), out.as_mut_ptr()) } {
            Status::Ok => match self.fiber_mut().pending.pop().flatten() {
                None => Status::Ok,
                Some(completion) => {
                    let Completion { run, roots } = *completion;
                    let site = self.native_site();
                    run(&mut NativeCx { m: self, site, args: &roots }, &out, results)
                }
            },
            Status::Panic => {
                self.fiber_mut().pending.pop();
                Status::Panic
            }
            status => {
                self.callee_waits = true;
                status
            }
        }
    }
}

/// Function and code offset of a site word.
fn site_parts(site: u64) -> (u32, u32) {
    (site as u32, (site >> 32) as u32)
}

/// The doors, by the names of their rows. All have the same contract.
///
/// # Safety
/// `ctx` is the context of the calling worker's machine; addresses have the words that the
/// row says, type words are type words, values are of their types: what the verifier has seen.
#[allow(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]
mod doors {
    use super::*;

    pub(super) unsafe extern "C" fn call_interpreted(
        ctx: *mut JitContext,
        func: u64,
        args: *mut u64,
        results: *mut u64,
    ) -> Status {
        unsafe { machine(ctx).call_function(func as u32, args, results) }
    }

    pub(super) unsafe extern "C" fn resolve_method(_: *mut JitContext, ty: u64, selector: u64) -> u64 {
        let ty = unsafe { Ty::from_word(ty) };
        ty.and_then(|ty| ty.method(selector as u32)).map_or(u64::MAX, u64::from)
    }

    pub(super) unsafe extern "C" fn guard_missed(ctx: *mut JitContext, site: u64, unit: u64, target: u64) {
        let (func, point) = site_parts(unit);
        unsafe { machine(ctx) }.guessed_wrong(site_parts(site), target, (func, point.checked_sub(1)));
    }

    pub(super) unsafe extern "C" fn call_native(
        ctx: *mut JitContext,
        native: u64,
        args: *mut u64,
        results: *mut u64,
        _site: u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let import = &m.program_ref().module().natives[native as usize];
        let (n, r) = (import.params.len(), import.results.len());
        let (args, results) =
            unsafe { (std::slice::from_raw_parts(args, n), std::slice::from_raw_parts_mut(results, r)) };
        let function = m.program().native(native as u32);
        m.stats.native_calls += 1;
        let site = m.native_site();
        if !function.prints {
            m.flush_print();
        }
        let status = (function.run)(&mut NativeCx { m, site, args }, args, results);
        let status = m.native_done(status, results);
        if status == Status::Ok && m.takes_every_point() {
            let kept = resume::keep_results(results);
            m.fiber_mut().pending.push(kept);
            return Status::Wake;
        }
        status
    }

    pub(super) unsafe extern "C" fn poll_entry(
        ctx: *mut JitContext,
        func: u64,
        args: *mut u64,
        exhausted: u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let leaves =
            exhausted != 0 || (!std::mem::take(&mut m.skip_poll) && m.answer_interrupt(m.at_floor()));
        if !leaves {
            return Status::Ok;
        }
        let code = m.program_ref().code(func as u32);
        let args = unsafe { std::slice::from_raw_parts(args, code.params()) };
        record::spill_call(m, code, args);
        if exhausted != 0 {
            m.exhausted = m.stack_bytes();
        }
        Status::Wake
    }

    pub(super) unsafe extern "C" fn leave_frame(
        ctx: *mut JitContext,
        status: u64,
        place: u64,
        live: *mut u64,
        slots: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let status = Status::from_u32(status as u32).expect("internal error: a frame leaves with no status");
        let (func, point) = site_parts(place);
        let code = m.program_ref().code(func);
        let at = &code.function().points[point as usize];
        if status == Status::Panic {
            m.fiber_mut().panics().leave(func, at.pc);
            return status;
        }
        if m.leaving {
            return status;
        }
        unsafe {
            let live = std::slice::from_raw_parts(live, at.live.len());
            let slots =
                if slots.is_null() { &[] } else { std::slice::from_raw_parts(slots, code.slot_words) };
            record::spill_compiled(m, code, point, live, slots);
        }
        status
    }

    pub(super) unsafe extern "C" fn leave(ctx: *mut JitContext, site: u64) {
        let (func, pc) = site_parts(site);
        unsafe { machine(ctx) }.fiber_mut().panics().leave(func, pc);
    }

    pub(super) unsafe extern "C" fn go_start(
        ctx: *mut JitContext,
        func: u64,
        args: *mut u64,
        n: u64,
        site: u64,
    ) -> Status {
        let words = unsafe { std::slice::from_raw_parts(args, n as usize) };
        unsafe { machine(ctx) }.go_from(site_parts(site), func as u32, None, words);
        Status::Ok
    }

    pub(super) unsafe extern "C" fn go_closure(
        ctx: *mut JitContext,
        closure: u64,
        args: *mut u64,
        n: u64,
        site: u64,
    ) -> Status {
        let (m, words) = unsafe { (machine(ctx), std::slice::from_raw_parts(args, n as usize)) };
        let started = m.go_closure_from(site_parts(site), closure, words);
        m.status(started)
    }

    pub(super) unsafe extern "C" fn yield_now(ctx: *mut JitContext) -> Status {
        // It is gone on with as a native without results is.
        unsafe { machine(ctx) }.fiber_mut().pending.push(None);
        Status::Wake
    }

    pub(super) unsafe extern "C" fn interrupt(ctx: *mut JitContext) -> Status {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        if m.answer_interrupt(floor) { Status::Wake } else { Status::Ok }
    }

    pub(super) unsafe extern "C" fn chan_new(
        ctx: *mut JitContext,
        ty: u64,
        cap: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let made = m.ensure(floor).and_then(|()| chan::new(m.cache(), ty, cap as i64));
        unsafe { m.deliver(out, made.map(|word| [word])) }
    }

    pub(super) unsafe extern "C" fn chan_send(ctx: *mut JitContext, ch: u64, words: *mut u64) -> Status {
        let m = unsafe { machine(ctx) };
        let words = unsafe { element(ch, words) };
        match ops::send(m, ch, words) {
            Ok(Waited::Done(())) => m.complete(|_| Completed::default()),
            Ok(Waited::Parked) => Status::WaitIo,
            Err(trap) => m.raise(trap),
        }
    }

    pub(super) unsafe extern "C" fn chan_recv(
        ctx: *mut JitContext,
        ch: u64,
        words: *mut u64,
        ok: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let words = unsafe { element(ch, words) };
        match ops::recv(m, ch, words) {
            Waited::Done(sent) => {
                unsafe { *ok = u64::from(sent) };
                m.complete(|_| Completed { words: words.to_vec(), ok: sent, case: 0 })
            }
            Waited::Parked => Status::WaitIo,
        }
    }

    pub(super) unsafe extern "C" fn chan_try_send(
        ctx: *mut JitContext,
        ch: u64,
        words: *mut u64,
        done: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let sent = ops::try_send(m, ch, unsafe { element(ch, words) });
        unsafe { m.deliver(done, sent.map(|sent| [u64::from(sent)])) }
    }

    pub(super) unsafe extern "C" fn chan_try_recv(ctx: *mut JitContext, ch: u64, words: *mut u64) -> u64 {
        let m = unsafe { machine(ctx) };
        match ops::try_recv(m, ch, unsafe { element(ch, words) }) {
            None => 0,
            Some(ok) => 1 | u64::from(ok) << 1,
        }
    }

    pub(super) unsafe extern "C" fn chan_close(ctx: *mut JitContext, ch: u64) -> Status {
        let m = unsafe { machine(ctx) };
        let closed = ops::close(m, ch);
        m.status(closed)
    }

    pub(super) unsafe extern "C" fn chan_len(_: *mut JitContext, ch: u64) -> u64 {
        unsafe { chan::len(ch) }
    }

    pub(super) unsafe extern "C" fn chan_cap(_: *mut JitContext, ch: u64) -> u64 {
        unsafe { chan::cap(ch) }
    }

    pub(super) unsafe extern "C" fn create_island(ctx: *mut JitContext, n: u64, out: *mut u64) -> Status {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        let made = ports::island_new(m, floor, n as i64);
        unsafe { m.deliver(out, made.map(|word| [word])) }
    }

    pub(super) unsafe extern "C" fn go_island(
        ctx: *mut JitContext,
        island: u64,
        closure: u64,
        site: u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        match ports::go_island(m, island, closure, site_parts(site)) {
            Ok(()) => Status::Ok,
            Err(refused) => m.raise_refused(refused, 0),
        }
    }

    pub(super) unsafe extern "C" fn port_new(
        ctx: *mut JitContext,
        ty: u64,
        cap: u64,
        site: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let made = ports::new(m, floor, ty, cap as i64, site_parts(site));
        unsafe { m.deliver(out, made.map(|word| [word])) }
    }

    pub(super) unsafe extern "C" fn port_send(ctx: *mut JitContext, port: u64, words: *mut u64) -> Status {
        let m = unsafe { machine(ctx) };
        let words = unsafe { port_element(port, words) };
        match ports::send(m, port, words) {
            Ok(Waited::Done(())) => m.complete(|_| Completed::default()),
            Ok(Waited::Parked) => Status::WaitIo,
            Err(refused) => m.raise_refused(refused, port),
        }
    }

    pub(super) unsafe extern "C" fn port_recv(
        ctx: *mut JitContext,
        port: u64,
        words: *mut u64,
        ok: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, words) = (m.at_floor(), unsafe { port_element(port, words) });
        match ports::recv(m, floor, port, words) {
            Ok(Waited::Done(sent)) => {
                unsafe { *ok = u64::from(sent) };
                m.complete(|_| Completed { words: words.to_vec(), ok: sent, case: 0 })
            }
            Ok(Waited::Parked) => Status::WaitIo,
            Err(trap) => m.raise(trap),
        }
    }

    pub(super) unsafe extern "C" fn port_try_recv(
        ctx: *mut JitContext,
        port: u64,
        words: *mut u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, words) = (m.at_floor(), unsafe { port_element(port, words) });
        let got = ports::try_recv(m, floor, port, words);
        unsafe { m.deliver(out, got.map(|ok| [u64::from(ok.is_some()), u64::from(ok == Some(true))])) }
    }

    pub(super) unsafe extern "C" fn port_close(ctx: *mut JitContext, port: u64) -> Status {
        let m = unsafe { machine(ctx) };
        let closed = ports::close_port(m, port);
        m.status(closed)
    }

    pub(super) unsafe extern "C" fn port_len(_: *mut JitContext, port: u64) -> u64 {
        ports::len_and_cap(port).0
    }

    pub(super) unsafe extern "C" fn port_cap(_: *mut JitContext, port: u64) -> u64 {
        ports::len_and_cap(port).1
    }

    pub(super) unsafe extern "C" fn select_begin(ctx: *mut JitContext, n: u64) {
        unsafe { machine(ctx) }.select.begin(n as usize);
    }

    pub(super) unsafe extern "C" fn select_add_send(
        ctx: *mut JitContext,
        index: u64,
        ch: u64,
        words: *mut u64,
        n: u64,
    ) {
        let words = unsafe { std::slice::from_raw_parts(words, n as usize) };
        unsafe { machine(ctx) }.select.add_send(index as u16, ch, words.iter().copied());
    }

    pub(super) unsafe extern "C" fn select_add_recv(ctx: *mut JitContext, index: u64, ch: u64, _n: u64) {
        unsafe { machine(ctx) }.select.add_recv(index as u16, ch);
    }

    pub(super) unsafe extern "C" fn select_add_port(ctx: *mut JitContext, index: u64, port: u64, _n: u64) {
        unsafe { machine(ctx) }.select.add_port(index as u16, port);
    }

    pub(super) unsafe extern "C" fn select_exec(ctx: *mut JitContext, default: u64) -> Status {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        let chosen = select::exec(m, floor, default == 0);
        m.selected(chosen)
    }

    pub(super) unsafe extern "C" fn select(
        ctx: *mut JitContext,
        cases: *mut u64,
        n: u64,
        default: u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let cases = unsafe { std::slice::from_raw_parts(cases.cast::<SelectCase>(), n as usize) };
        if let Some(case) = select::exec_at_once(m, cases) {
            return m.selected(Ok(Waited::Done(case)));
        }
        let floor = m.at_floor();
        let chosen = select::exec_cases(m, floor, cases, default == 0);
        m.selected(chosen)
    }

    pub(super) unsafe extern "C" fn select_value(ctx: *mut JitContext, words: *mut u64, n: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        unsafe { std::ptr::copy_nonoverlapping(m.select.values.as_ptr(), words, n as usize) };
        m.context.select_ok
    }

    pub(super) unsafe extern "C" fn defer_push(
        ctx: *mut JitContext,
        list: u64,
        kind: u64,
        target: u64,
        args: *mut u64,
        n: u64,
    ) -> u64 {
        let m = unsafe { machine(ctx) };
        let (floor, words) = (m.at_floor(), unsafe { std::slice::from_raw_parts(args, n as usize) });
        let pushed = match kind {
            0 => Deferred::push_func(m, floor, list, target as u32, words),
            _ => Deferred::push_closure(m, floor, list, target, words),
        };
        m.word(pushed)
    }

    pub(super) unsafe extern "C" fn err_defer_push(_: *mut JitContext, list: u64) {
        if let Some(call) = Deferred::at(list) {
            call.mark_errdefer();
        }
    }

    pub(super) unsafe extern "C" fn err_defer_drop(ctx: *mut JitContext, list: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        Deferred::without_errdefers(m, list)
    }

    pub(super) unsafe extern "C" fn run_defers(ctx: *mut JitContext, list: *mut u64) -> Status {
        let m = unsafe { machine(ctx) };
        while let Some(call) = Deferred::at(unsafe { *list }) {
            unsafe { *list = call.next() };
            match m.run_deferred(call, 0) {
                Status::Ok => {}
                status => return status,
            }
        }
        Status::Ok
    }

    pub(super) unsafe extern "C" fn defer_unwind(
        ctx: *mut JitContext,
        list: *mut u64,
        state: *mut u64,
        site: u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (func, pc) = site_parts(site);
        loop {
            match m.fiber_mut().panics().arrive(unsafe { &mut *state }) {
                Unwound::Recovered => return Status::Ok,
                Unwound::Running(token) => {
                    let Some(call) = Deferred::at(unsafe { *list }) else { return Status::Panic };
                    unsafe { *list = call.next() };
                    match m.run_deferred(call, token) {
                        Status::Ok => {}
                        // A panic of the deferred call arrives here at once.
                        Status::Panic => m.fiber_mut().panics().leave(func, pc),
                        status => return status,
                    }
                }
            }
        }
    }

    pub(super) unsafe extern "C" fn recover_token(ctx: *mut JitContext) -> u64 {
        unsafe { machine(ctx) }.take_recover_token()
    }

    pub(super) unsafe extern "C" fn recover(ctx: *mut JitContext, token: u64, out: *mut u64) {
        let (ty, data) = unsafe { machine(ctx) }.recover(token);
        unsafe { out.cast::<[u64; 2]>().write([ty, data]) };
    }

    pub(super) unsafe extern "C" fn panic(ctx: *mut JitContext, ty: u64, data: u64) -> Status {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        m.set_panic(floor, ty, data);
        Status::Panic
    }

    pub(super) unsafe extern "C" fn panic_runtime(ctx: *mut JitContext, code: u64, a: u64, b: u64) -> Status {
        let m = unsafe { machine(ctx) };
        match unsafe { RuntimePanic::from_code(code, a, b) } {
            Some(panic) => m.raise(panic.into()),
            None => super::unknown_panic(code),
        }
    }

    pub(super) unsafe extern "C" fn assert_fail(ctx: *mut JitContext, ty: u64, from: u64, to: u64) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, types) = (m.at_floor(), m.program_ref().types());
        let error = unsafe { AssertionError::new(types, Ty::from_word(ty), type_of(from), type_of(to)) };
        m.set_assertion_panic(floor, &error);
        Status::Panic
    }

    pub(super) unsafe extern "C" fn alloc(ctx: *mut JitContext, ty: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let made = m.alloc(floor, ty);
        m.word(made)
    }

    pub(super) unsafe extern "C" fn make_slice(
        ctx: *mut JitContext,
        ty: u64,
        len: u64,
        cap: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let made = m.make_slice(floor, ty, len, cap);
        unsafe { m.deliver(out, made.map(|slice| [slice.ptr])) }
    }

    pub(super) unsafe extern "C" fn write_barrier(_: *mut JitContext, slot: u64, _value: u64) {
        unsafe { vo_runtime::heap::barrier::overwriting(slot) };
    }

    pub(super) unsafe extern "C" fn copy_mem(_: *mut JitContext, dst: u64, src: u64, ty: u64) {
        unsafe { mem::copy(&type_of(ty), dst, src) };
    }

    pub(super) unsafe extern "C" fn zero_mem(_: *mut JitContext, dst: u64, ty: u64) {
        unsafe { mem::zero(&type_of(ty), dst) };
    }

    pub(super) unsafe extern "C" fn eq_mem(
        ctx: *mut JitContext,
        a: u64,
        b: u64,
        ty: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let equal = unsafe { rtype::eq_mem(&type_of(ty), a, b) };
        unsafe { m.deliver(out, equal.map(|equal| [u64::from(equal)])) }
    }

    pub(super) unsafe extern "C" fn str_concat(
        ctx: *mut JitContext,
        parts: *mut u64,
        n: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        let parts = unsafe { std::slice::from_raw_parts(parts.cast::<Str>(), n as usize) };
        let made = m.ensure(floor).and_then(|()| unsafe { string::concat(m.cache(), parts) });
        unsafe { m.deliver(out, made.map(|s| [s.ptr, s.len])) }
    }

    pub(super) unsafe extern "C" fn str_concat2(
        ctx: *mut JitContext,
        ap: u64,
        al: u64,
        bp: u64,
        bl: u64,
    ) -> u64 {
        let m = unsafe { machine(ctx) };
        let parts = [Str { ptr: ap, len: al }, Str { ptr: bp, len: bl }];
        if let Some(made) = unsafe { string::concat_at_hand(m.cache(), parts[0], parts[1]) } {
            return made;
        }
        let floor = m.at_floor();
        let made = m.ensure(floor).and_then(|()| unsafe { string::concat(m.cache(), &parts) });
        m.word(made.map(|s| s.ptr))
    }

    pub(super) unsafe extern "C" fn str_copy(ctx: *mut JitContext, p: u64, n: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        if let Some(made) = unsafe { string::copy_at_hand(m.cache(), p, n) } {
            return made;
        }
        let floor = m.at_floor();
        let made = m.ensure(floor).and_then(|()| unsafe { string::from_byte_slice(m.cache(), p, n) });
        m.word(made.map(|s| s.ptr))
    }

    pub(super) unsafe extern "C" fn bytes_copy(ctx: *mut JitContext, p: u64, n: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        if let Some(made) = unsafe { string::copy_at_hand(m.cache(), p, n) } {
            m.context.ret[0] = round_up(n, true);
            return made;
        }
        let floor = m.at_floor();
        let s = Str { ptr: p, len: n };
        let made = m.ensure(floor).and_then(|()| unsafe { string::to_bytes(m.cache(), s) });
        let made = made.map(|slice| {
            m.context.ret[0] = slice.cap;
            slice.ptr
        });
        m.word(made)
    }

    pub(super) unsafe extern "C" fn str_eq(_: *mut JitContext, a: u64, b: u64, len: u64) -> u64 {
        u64::from(unsafe { string::eq(Str { ptr: a, len }, Str { ptr: b, len }) })
    }

    pub(super) unsafe extern "C" fn str_cmp(_: *mut JitContext, ap: u64, al: u64, bp: u64, bl: u64) -> u64 {
        unsafe { string::cmp(Str { ptr: ap, len: al }, Str { ptr: bp, len: bl }) as u64 }
    }

    pub(super) unsafe extern "C" fn str_convert(
        ctx: *mut JitContext,
        what: u64,
        p: u64,
        l: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, s) = (m.at_floor(), Str { ptr: p, len: l });
        let pair = |s: Str| [s.ptr, s.len, 0];
        let triple = |s: Slice| [s.ptr, s.len, s.cap];
        let made = m.ensure(floor).and_then(|()| unsafe {
            match what {
                0 => string::from_byte_slice(m.cache(), p, l).map(pair),
                1 => string::from_runes(m.cache(), p, l).map(pair),
                2 => string::from_rune(m.cache(), p as i64).map(pair),
                3 => string::to_bytes(m.cache(), s).map(triple),
                _ => string::to_runes(m.cache(), s).map(triple),
            }
        });
        unsafe { m.deliver(out, made) }
    }

    pub(super) unsafe extern "C" fn str_rune(_: *mut JitContext, p: u64, l: u64, i: u64) -> u64 {
        let (rune, width) = unsafe { string::rune_at(Str { ptr: p, len: l }, i) };
        rune as u32 as u64 | width << 32
    }

    pub(super) unsafe extern "C" fn slice_grow(
        ctx: *mut JitContext,
        p: u64,
        l: u64,
        c: u64,
        n: u64,
        ty: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let s = Slice { ptr: p, len: l, cap: c };
        let made = m.ensure(floor).and_then(|()| unsafe { slice::grow(m.cache(), ty, s, n) });
        unsafe { m.deliver(out, made.map(|s| [s.ptr, s.cap])) }
    }

    pub(super) unsafe extern "C" fn slice_append(
        ctx: *mut JitContext,
        a: *mut u64,
        b: *mut u64,
        ty: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let (a, b) = unsafe { (*a.cast::<Slice>(), *b.cast::<Slice>()) };
        let made = m.ensure(floor).and_then(|()| unsafe { slice::append(m.cache(), ty, a, b.ptr, b.len) });
        unsafe { m.deliver(out, made.map(|s| [s.ptr, s.len, s.cap])) }
    }

    pub(super) unsafe extern "C" fn move_bytes(_: *mut JitContext, dst: u64, src: u64, n: u64) {
        unsafe { copy_bytes(dst, src, n) };
    }

    pub(super) unsafe extern "C" fn slice_copy(_: *mut JitContext, a: *mut u64, b: *mut u64, ty: u64) -> u64 {
        unsafe {
            let (a, b) = (*a.cast::<Str>(), *b.cast::<Str>());
            slice::copy(&type_of(ty), a.ptr, a.len, b.ptr, b.len)
        }
    }

    pub(super) unsafe extern "C" fn slice_clear(_: *mut JitContext, p: u64, l: u64, ty: u64) {
        unsafe { slice::clear(&type_of(ty), p, l) };
    }

    pub(super) unsafe extern "C" fn map_new(ctx: *mut JitContext, ty: u64, n: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let made = m.ensure(floor).and_then(|()| map::new(m.cache(), ty, n as i64));
        m.word(made)
    }

    pub(super) unsafe extern "C" fn map_get(
        ctx: *mut JitContext,
        form: u64,
        map: u64,
        key: u64,
        key2: u64,
        ty: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let ty = unsafe { type_of(ty) };
        let found = unsafe {
            match form {
                0 => map::get_int(map, key, ty),
                1 => map::get_str(map, Str { ptr: key, len: key2 }, ty),
                _ => map::get_mem(map, key, ty),
            }
        };
        unsafe { m.deliver(out, found.map(|(addr, ok)| [addr, u64::from(ok)])) }
    }

    pub(super) unsafe extern "C" fn map_find64(ctx: *mut JitContext, map: u64, key: u64, ty: u64) -> u64 {
        unsafe { found(ctx, map::find_int::<8>(map, key, type_of(ty))) }
    }

    pub(super) unsafe extern "C" fn map_find32(ctx: *mut JitContext, map: u64, key: u64, ty: u64) -> u64 {
        unsafe { found(ctx, map::find_int::<4>(map, key, type_of(ty))) }
    }

    pub(super) unsafe extern "C" fn map_find_str(
        ctx: *mut JitContext,
        map: u64,
        kp: u64,
        kl: u64,
        ty: u64,
    ) -> u64 {
        unsafe { found(ctx, map::find_str(map, Str { ptr: kp, len: kl }, type_of(ty))) }
    }

    pub(super) unsafe extern "C" fn map_put64(ctx: *mut JitContext, map: u64, key: u64, ty: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        let put =
            m.ensure(floor).and_then(|()| unsafe { map::put_int::<8>(m.cache(), map, key, type_of(ty)) });
        m.word(put)
    }

    pub(super) unsafe extern "C" fn map_put32(ctx: *mut JitContext, map: u64, key: u64, ty: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        let floor = m.at_floor();
        let put =
            m.ensure(floor).and_then(|()| unsafe { map::put_int::<4>(m.cache(), map, key, type_of(ty)) });
        m.word(put)
    }

    pub(super) unsafe extern "C" fn map_put_str(
        ctx: *mut JitContext,
        map: u64,
        kp: u64,
        kl: u64,
        ty: u64,
    ) -> u64 {
        let m = unsafe { machine(ctx) };
        let (floor, key) = (m.at_floor(), Str { ptr: kp, len: kl });
        let put = m.ensure(floor).and_then(|()| unsafe { map::set_str(m.cache(), map, key, type_of(ty)) });
        m.word(put)
    }

    pub(super) unsafe extern "C" fn map_set(
        ctx: *mut JitContext,
        form: u64,
        map: u64,
        key: u64,
        key2: u64,
        ty: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let set = m.ensure(floor).and_then(|()| unsafe {
            match form {
                0 => map::set_int(m.cache(), map, key, ty),
                1 => map::set_str(m.cache(), map, Str { ptr: key, len: key2 }, ty),
                _ => map::set_mem(m.cache(), map, key, ty),
            }
        });
        unsafe { m.deliver(out, set.map(|addr| [addr])) }
    }

    pub(super) unsafe extern "C" fn map_delete(
        ctx: *mut JitContext,
        form: u64,
        map: u64,
        key: u64,
        key2: u64,
        ty: u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let ty = unsafe { type_of(ty) };
        let deleted = unsafe {
            match form {
                0 => map::delete_int(map, key, ty),
                1 => map::delete_str(map, Str { ptr: key, len: key2 }, ty),
                _ => map::delete_mem(map, key, ty),
            }
        };
        m.status(deleted)
    }

    pub(super) unsafe extern "C" fn map_len(_: *mut JitContext, map: u64) -> u64 {
        unsafe { map::len(map) }
    }

    pub(super) unsafe extern "C" fn map_clear(ctx: *mut JitContext, map: u64, ty: u64) -> Status {
        let m = unsafe { machine(ctx) };
        let cleared = unsafe { map::clear(map, type_of(ty)) };
        m.status(cleared)
    }

    pub(super) unsafe extern "C" fn map_iter(ctx: *mut JitContext, map: u64, ty: u64) -> u64 {
        let m = unsafe { machine(ctx) };
        let (floor, ty) = (m.at_floor(), unsafe { type_of(ty) });
        let made = m.ensure(floor).and_then(|()| unsafe { map::iter(m.cache(), map, ty) });
        m.word(made)
    }

    pub(super) unsafe extern "C" fn map_next(ctx: *mut JitContext, iter: u64, out: *mut u64) -> u64 {
        match unsafe { map::next(iter) } {
            Ok(Some((key, elem))) => {
                unsafe { out.cast::<[u64; 2]>().write([key, elem]) };
                1
            }
            Ok(None) => 0,
            Err(trap) => unsafe { ending(ctx, trap, 2) },
        }
    }

    pub(super) unsafe extern "C" fn iface_eq(
        ctx: *mut JitContext,
        at: u64,
        ad: u64,
        bt: u64,
        bd: u64,
        out: *mut u64,
    ) -> Status {
        let m = unsafe { machine(ctx) };
        let equal = unsafe { rtype::eq_iface(at, ad, bt, bd) };
        unsafe { m.deliver(out, equal.map(|equal| [u64::from(equal)])) }
    }

    pub(super) unsafe extern "C" fn iface_impl(_: *mut JitContext, ty: u64, iface: u64) -> u64 {
        let (ty, iface) = unsafe { (Ty::from_word(ty), type_of(iface)) };
        u64::from(ty.is_some_and(|ty| ty.implements(iface)))
    }

    /// What a lookup answers: an element's address, 0 for none, 1 where the program ends.
    #[inline(always)]
    unsafe fn found(ctx: *mut JitContext, found: Result<Option<u64>, Trap>) -> u64 {
        match found {
            Ok(elem) => elem.unwrap_or(0),
            Err(trap) => unsafe { ending(ctx, trap, 1) },
        }
    }

    /// The program's end is on its way: `answer` says so.
    #[cold]
    #[inline(never)]
    unsafe fn ending(ctx: *mut JitContext, trap: Trap, answer: u64) -> u64 {
        let _ = unsafe { machine(ctx) }.raise(trap);
        answer
    }

    /// The type of a type word that is not nil.
    unsafe fn type_of(word: u64) -> Ty {
        unsafe { Ty::from_word(word) }.expect("internal error: compiled code names the nil type")
    }

    /// The words of a port's element; none for nil, which never looks at them.
    unsafe fn port_element<'a>(port: u64, words: *mut u64) -> &'a mut [u64] {
        let n = ports::port_behind(port).map_or(0, |port| port.words());
        if n == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(words, n) } }
    }

    /// The words of a channel's element; none for nil, which never looks at them.
    unsafe fn element<'a>(ch: u64, words: *mut u64) -> &'a mut [u64] {
        if ch == 0 {
            return &mut [];
        }
        unsafe { std::slice::from_raw_parts_mut(words, chan::parts(ch).1.elem_words) }
    }
}

fn unknown_panic(code: u64) -> ! {
    panic!("internal error: compiled code raises panic {code}, which no panic is")
}
