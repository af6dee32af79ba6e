//! A fiber's turn on a worker: how it begins, how a blocking operation is completed, and what
//! happens when the fiber's last frame has gone.

use crate::dying;
use crate::fiber::VoFiber;
use crate::interp::{Exit, Site, Transfer};
use crate::island::State;
use crate::machine::Machine;
use crate::memory::{Floor, Frames};
use crate::native::{Classes, Completion, NativeCx, PendingCall};
use crate::ops::port;
use crate::ops::select;
use crate::point::{Point, Wait};
use crate::quick::{self, Row};
use crate::record;
use crate::unwind;
use crate::value;
use crate::wakeup;
use crate::window::{Bottom, Window};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;
use vo_bytecode::operand::RegList;
use vo_bytecode::{Reg, Status};
use vo_runtime::panic::{RuntimePanic, Trap};
use vo_sched::chan::{SendResult, finish_recv, finish_send};
use vo_sched::fiber::{Across, FiberVTable, Outcome};
use vo_sched::select::{Selected, finish_select};
use vo_sched::waiter::Dir;
use vo_sched::{FiberRef, WorkerCx};

/// How the scheduler runs Vo fibers.
pub(crate) static VO_FIBER: FiberVTable =
    FiberVTable { name: "goroutine", resume: resume_fiber, finish: finish_fiber, drop: drop_fiber };

/// # Safety
/// See [`FiberVTable::resume`]; the fiber is a [`VoFiber`].
unsafe fn resume_fiber(fiber: FiberRef, cx: &mut WorkerCx) -> Outcome {
    let mut fiber = fiber;
    loop {
        // SAFETY: handed on; who comes next is one of our fibers too, and runs on this worker.
        unsafe {
            let outcome = match quick::turns(fiber, cx) {
                Row::Over(outcome) => return outcome,
                Row::Ended(outcome) => outcome,
                Row::Ordinary(fiber) => run_turn(fiber, cx),
            };
            match cx.next_turn(outcome) {
                Some(next) => fiber = next,
                None => return outcome,
            }
        }
    }
}

/// Runs a fiber's turn.
///
/// # Safety
/// As for [`FiberVTable::resume`]; the fiber is a [`VoFiber`].
#[inline(never)]
unsafe fn run_turn(fiber: FiberRef, cx: &mut WorkerCx) -> Outcome {
    // SAFETY: the worker that runs a fiber may touch it; the machine was set when the worker started.
    let (m, fiber) = unsafe { (Machine::of(cx), VoFiber::of(fiber)) };
    let Some(exit) = begin(m, fiber, cx) else { return Outcome::Finished };
    m.end_turn();
    exit.outcome()
}

/// Runs a turn. `None` where the fiber's island has ended, and it has not to run.
#[inline]
fn begin(m: &mut Machine, fiber: &mut VoFiber, cx: &mut WorkerCx) -> Option<Exit> {
    // SAFETY: a fiber's island outlives it.
    let state = unsafe { &*fiber.island }.state();
    if state != State::Running && (state != State::Ending || !fiber.is_cancelled()) {
        let transfer = begin_cancelled(m, fiber, cx, state)?;
        return Some(wakeup::to_the_end(m, transfer));
    }
    m.begin_turn(fiber, cx);
    let plain = fiber.extra.as_ref().is_none_or(|extra| extra.is_plain());
    if plain && let Some(exit) = wakeup::resume(m) {
        return Some(exit);
    }
    let transfer = if plain { record::resume(m) } else { begin_extra(m) };
    Some(wakeup::to_the_end(m, transfer))
}

/// The fiber's island ends: it unwinds, or is dropped.
#[cold]
#[inline(never)]
fn begin_cancelled(
    m: &mut Machine,
    fiber: &mut VoFiber,
    cx: &mut WorkerCx,
    state: State,
) -> Option<Transfer> {
    let extra = fiber.extra();
    if state != State::Ending || extra.incoming.is_some() || extra.collects {
        crate::cross::abandon_wait(fiber, cx);
        return None;
    }
    // The turn begins first: what the fiber holds is looked at, before it forgets some of it.
    m.begin_turn(fiber, cx);
    crate::cross::abandon_wait(fiber, cx);
    fiber.completed = None;
    fiber.extra().cancelled = true;
    m.set_goexit();
    Some(unwind::unwind_saved(m))
}

/// The first turn of a fiber that another island has started: its function is built here. Or of one that collects.
#[cold]
#[inline(never)]
fn begin_extra(m: &mut Machine) -> Transfer {
    if m.fiber_mut().extra().collects {
        m.collect_now(Floor);
        return Transfer::Exit(Exit::Finished);
    }
    let Some(mut message) = m.fiber_mut().extra().incoming.take() else { return record::resume(m) };
    let (floor, mut closure) = (Floor, [0]);
    if let Err(trap) = m.build(floor, &mut message, &mut closure) {
        return match trap {
            Trap::Fatal(error) => unwind::fatal(m, None, error.into()),
            Trap::Panic(_) => panic!("internal error: a function cannot be built"),
        };
    }
    // SAFETY: the message was a closure's, which takes nothing but itself.
    let code = m.program_ref().code(unsafe { value::func_of(closure[0]) });
    record::push_entry(&mut m.fiber_mut().saved, code, None, &closure);
    record::resume(m)
}

/// # Safety
/// See [`FiberVTable::finish`].
unsafe fn finish_fiber(fiber: FiberRef, cx: &mut WorkerCx) {
    // SAFETY: the fiber was boxed when it was made and nobody refers to it any more; the machine was set when
    // the worker started, and no turn has it now.
    let (m, mut fiber) = unsafe { (Machine::of(cx), Box::from_raw(fiber.as_ptr().cast::<VoFiber>())) };
    let island = std::mem::replace(&mut fiber.island, std::ptr::null());
    m.pool.put(fiber);
    // SAFETY: a fiber's island outlives it.
    if unsafe { !(*island).is_main() } {
        // SAFETY: `new_fiber` has counted the fiber among those who keep the island.
        let island = unsafe { Arc::from_raw(island) };
        crate::ending::fiber_gone(&island, cx);
    }
}

/// # Safety
/// See [`FiberVTable::drop`].
unsafe fn drop_fiber(fiber: FiberRef) {
    // SAFETY: as for `finish_fiber`.
    drop(unsafe { Box::from_raw(fiber.as_ptr().cast::<VoFiber>()) });
}

/// The fiber has been woken: completes the blocking operation at `site`, which is at `point`.
pub(crate) fn complete(m: &mut Machine, site: Site, point: &Point) -> Transfer {
    let code = site.w.code();
    if m.fiber_mut().completed.is_some() {
        return take_completed(m, site, point);
    }
    match point.wait {
        Wait::Send => {
            if finish_send(m.worker()) == SendResult::Closed {
                return unwind::trap(m, site, RuntimePanic::SendOnClosed {}.into());
            }
        }
        Wait::Recv { ok, words } => {
            let received = finish_receive(m, site, words.list());
            site.w.set(ok, u64::from(received));
        }
        Wait::SendPort => {
            let handle = m.fiber_mut().extra().ports.first().copied().unwrap_or(0);
            if let Err(refused) = port::sent(m) {
                return match m.refuse(site.w, refused, port::port_behind(handle)) {
                    Some(trap) => unwind::trap(m, site, trap),
                    None => unwind::unwind(m, site),
                };
            }
        }
        Wait::RecvPort { ok, words } => {
            let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.list().len()];
            match port::received(m, site.w, &mut buffer) {
                Ok(received) => {
                    put(site, words.list(), &buffer);
                    site.w.set(ok, u64::from(received));
                }
                Err(trap) => return unwind::trap(m, site, trap),
            }
        }
        Wait::Select { dst } => match finish_waited_select(m, site.w) {
            Ok(case) => site.w.set(dst, case),
            Err(trap) => return unwind::trap(m, site, trap),
        },
        Wait::Native { results } => return complete_native(m, site, &[], results.list(), point.behind),
        Wait::Nothing => panic!("internal error: {} waited at offset {}", code.name(), site.pc),
    }
    Transfer::Go(site.w, code.at(point.behind))
}

/// Puts what was received into its registers; answers whether it was sent.
#[inline]
fn finish_receive(m: &mut Machine, site: Site, words: RegList<'_>) -> bool {
    if let &[reg] = words.0 {
        let mut word = 0;
        // SAFETY: the verifier has seen that the receive names as many words as the element has.
        let received = unsafe { finish_recv(m.worker(), &raw mut word) };
        site.w.set(Reg(reg), word);
        return received;
    }
    let mut buffer: SmallVec<[u64; 8]> = smallvec![0; words.len()];
    // SAFETY: as above.
    let received = unsafe { finish_recv(m.worker(), buffer.as_mut_ptr()) };
    put(site, words, &buffer);
    received
}

/// As [`complete`], for an operation that was done at once and whose point was taken all the same.
#[cold]
fn take_completed(m: &mut Machine, site: Site, point: &Point) -> Transfer {
    let completed = m.fiber_mut().completed.take().unwrap_or_default();
    match point.wait {
        Wait::Recv { ok, words } | Wait::RecvPort { ok, words } => {
            put(site, words.list(), &completed.words);
            site.w.set(ok, u64::from(completed.ok));
        }
        Wait::Select { dst } => {
            m.select.values[..completed.words.len()].copy_from_slice(&completed.words);
            m.context.select_ok = u64::from(completed.ok);
            site.w.set(dst, completed.case as u64);
        }
        _ => {}
    }
    Transfer::Go(site.w, site.w.code().at(point.behind))
}

fn put(site: Site, regs: RegList<'_>, words: &[u64]) {
    for (reg, &word) in regs.iter().zip(words) {
        site.w.set(reg, word);
    }
}

/// The chosen case of a select that has waited; what it received is left for `SelectValue`.
pub(crate) fn finish_waited_select(m: &mut Machine, w: impl Frames) -> Result<u64, Trap> {
    let ports =
        m.fiber_mut().extra.as_mut().map(|extra| std::mem::take(&mut extra.ports)).unwrap_or_default();
    let values = m.select.values.as_mut_ptr();
    let copy = |_: usize, dir: Dir| if dir == Dir::Recv { values } else { std::ptr::null_mut() };
    // SAFETY: `values` has room for the largest element of the program.
    let selected = unsafe {
        match ports.is_empty() {
            true => finish_select(m.worker(), copy),
            false => finish_select(&Across(m.worker()), copy),
        }
    };
    match selected {
        Selected::Ready { index, ok } => {
            m.context.select_ok = u64::from(ok);
            if let Some(port) = ports.get(index).and_then(|&handle| port::port_behind(handle)) {
                select::open_received(m, w, port.words() + 1)?;
            }
            Ok(index as u64)
        }
        Selected::Closed { .. } => Err(RuntimePanic::SendOnClosed {}.into()),
        Selected::NotReady | Selected::Block => panic!("internal error: a select that waited chose nothing"),
    }
}

/// A Vo function that the native at `site` had called has returned; its results are in the
/// return buffer.
pub(crate) fn native_callee_returned(m: &mut Machine, site: Site) -> Transfer {
    // The return buffer keeps them alive meanwhile.
    let results: SmallVec<[u64; 8]> = SmallVec::from_slice(&m.ret);
    let call = site.w.code().call_shape(site.pc);
    complete_native(m, site, &results, call.results, call.next)
}

/// Runs the completion of the native call at `site`.
fn complete_native(m: &mut Machine, site: Site, callee: &[u64], regs: RegList<'_>, next: u32) -> Transfer {
    let outer = m.memory.native_begins();
    let transfer = run_completion(m, site, callee, regs, next);
    m.memory.native_from = outer;
    transfer
}

#[inline(never)]
fn run_completion(m: &mut Machine, site: Site, callee: &[u64], regs: RegList<'_>, next: u32) -> Transfer {
    let mut results: SmallVec<[u64; Classes::MOST]> = smallvec![0; regs.len()];
    let pending =
        m.fiber_mut().pending.pop().expect("internal error: a native call without completion goes on");
    let status = match pending {
        None => Status::Ok,
        Some(completion) => {
            let Completion { run, roots } = *completion;
            m.memory.completing = Some(&raw const *roots);
            let status = run(&mut NativeCx { m, site, args: &roots }, callee, &mut results);
            m.memory.completing = None;
            status
        }
    };
    native_answered(m, site, status, regs, next, &results)
}

/// Goes on after a native function, or its completion, has answered.
pub(crate) fn native_answered(
    m: &mut Machine,
    site: Site,
    status: Status,
    regs: RegList<'_>,
    next: u32,
    results: &[u64],
) -> Transfer {
    if m.leaving {
        m.leaving = false;
        return Transfer::Exit(Exit::Finished);
    }
    match status {
        Status::Ok => match m.pending_call.take() {
            Some(call) => enter_callback(m, site, &call),
            None => {
                put(site, regs, results);
                Transfer::Go(site.w, site.w.code().at(next))
            }
        },
        Status::Panic => unwind::unwind(m, site),
        Status::WaitIo | Status::Wake => {
            let staged = m.staged.take().or_else(|| keep_results(results));
            m.fiber_mut().pending.push(staged);
            record::spill(m, site.w, site.pc);
            Transfer::Exit(if status == Status::WaitIo { Exit::Parked } else { Exit::Yielded })
        }
    }
}

/// A native that had its results before it gave the worker up: they are delivered when it goes on.
pub(crate) fn keep_results(results: &[u64]) -> Option<Box<Completion>> {
    if results.is_empty() {
        return None;
    }
    let kept: SmallVec<[u64; 4]> = SmallVec::from_slice(results);
    let roots = results.to_vec();
    let run = Box::new(move |_: &mut NativeCx<'_>, _: &[u64], out: &mut [u64]| {
        out.copy_from_slice(&kept);
        Status::Ok
    });
    Some(Box::new(Completion { run, roots }))
}

/// Enters a Vo function for the native at `site`, which goes on when it returns.
fn enter_callback(m: &mut Machine, site: Site, call: &PendingCall) -> Transfer {
    let staged = m.staged.take();
    let program = m.program_ref();
    // SAFETY: a native hands over a function value of the program, or nil.
    let Some(func) = (unsafe { value::closure_func(call.closure) }) else {
        return unwind::trap(m, site, RuntimePanic::NilDereference {}.into());
    };
    let code = program.code(func);
    assert_eq!(
        code.params(),
        call.args.len() + 1,
        "internal error: a native calls {} with other arguments",
        code.name()
    );
    m.fiber_mut().pending.push(staged);
    // SAFETY: there is room for a frame behind a frame, see `Interp::enter`.
    let new = unsafe { Window::at(site.w.end()) };
    new.set(Reg(0), call.closure);
    for (i, &arg) in call.args.iter().enumerate() {
        new.set(Reg(i as u16 + 1), arg);
    }
    new.set_header(code, site.w.base(), std::ptr::null(), site.pc, Bottom::Fiber);
    new.clear_slots(code);
    if new.base() > m.limit || m.interrupted() {
        return m.poll_at_entry(new);
    }
    Transfer::Go(new, code.start)
}

/// The fiber's last frame has returned.
pub(crate) fn fiber_returned(m: &mut Machine) -> Transfer {
    if m.fiber_mut().is_dying() {
        return dying::text_is_there(m);
    }
    if m.fiber_mut().is_main {
        m.report_leaks();
        m.end_program(0, String::new());
    }
    if m.fiber().extra.as_ref().is_some_and(|extra| extra.is_init) {
        let island = m.island_arc();
        let worker = m.worker();
        island.initialised(|fiber| worker.spawn(fiber));
    }
    Transfer::Exit(Exit::Finished)
}

/// A panic has left the fiber's last frame.
pub(crate) fn uncaught(m: &mut Machine) -> Transfer {
    let fiber = m.fiber_mut();
    if fiber.is_dying() {
        return dying::panicked_again(m);
    }
    if fiber.panics().stack.last().is_some_and(|top| top.goexit) {
        if fiber.is_main {
            m.main_left();
        }
        return Transfer::Exit(Exit::Finished);
    }
    dying::begin(m)
}
