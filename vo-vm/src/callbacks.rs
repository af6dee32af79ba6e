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
use crate::ops::chan::Waited;
use crate::ops::port as ports;
use crate::resume;
use crate::value::{self, Deferred};
use crate::window::{Bottom, Window};
use smallvec::{SmallVec, smallvec};
use vo_bytecode::{Reg, Status};
use vo_runtime::context::{JitContext, RETURN_WORDS, VmCallbacks};
use vo_runtime::object::chan;
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_runtime::rtype::Ty;

mod doors;

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
        select_draw: 0,
        alone: std::ptr::null(),
        recover_token: 0,
        spill: std::ptr::null_mut(),
        spill_end: std::ptr::null_mut(),
        record: std::ptr::null_mut(),
        record_end: std::ptr::null_mut(),
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
    #[inline]
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

fn unknown_panic(code: u64) -> ! {
    panic!("internal error: compiled code raises panic {code}, which no panic is")
}

/// What a lookup answers: an element's address, 0 for none, 1 where the program ends.
///
/// # Safety
/// As for [`machine`].
#[inline(always)]
unsafe fn found(ctx: *mut JitContext, found: Result<Option<u64>, Trap>) -> u64 {
    match found {
        Ok(elem) => elem.unwrap_or(0),
        // SAFETY: as for this function.
        Err(trap) => unsafe { ending(ctx, trap, 1) },
    }
}

/// The program's end is on its way: `answer` says so.
///
/// # Safety
/// As for [`machine`].
#[cold]
#[inline(never)]
unsafe fn ending(ctx: *mut JitContext, trap: Trap, answer: u64) -> u64 {
    // SAFETY: as for this function.
    let _ = unsafe { machine(ctx) }.raise(trap);
    answer
}

/// The type of a type word that is not nil.
///
/// # Safety
/// `word` is a type word.
unsafe fn type_of(word: u64) -> Ty {
    // SAFETY: a type word, by the contract.
    unsafe { Ty::from_word(word) }.expect("internal error: compiled code names the nil type")
}

/// The words of a port's element; none for nil, which never looks at them.
///
/// # Safety
/// `words` has room for an element of the port, and is not used otherwise for as long.
unsafe fn port_element<'a>(port: u64, words: *mut u64) -> &'a mut [u64] {
    let n = ports::port_behind(port).map_or(0, |port| port.words());
    // SAFETY: room for an element's words, by the contract.
    if n == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(words, n) } }
}

/// The words of a channel's element; none for nil, which never looks at them.
///
/// # Safety
/// `ch` is a channel or nil; `words` has room for an element, and is not used otherwise for as long.
unsafe fn element<'a>(ch: u64, words: *mut u64) -> &'a mut [u64] {
    if ch == 0 {
        return &mut [];
    }
    // SAFETY: a channel, and room for the words of its elements, by the contract.
    unsafe { std::slice::from_raw_parts_mut(words, chan::parts(ch).1.elem_words) }
}
