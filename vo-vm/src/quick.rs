//! Turns one after the other: fibers that were woken, have yielded or are new, and whose innermost frame has compiled
//! code.
//!
//! A switch between two such fibers is what programs with channels do most, ten or twenty million times a second. So
//! what is the same for all turns is done once for a row of them: the place on the native stack where compiled code
//! begins ([`crate::compiled`]), the crossing into it, the marks for the collector. Between two turns of a row the
//! worker does nothing but pass from one fiber to the next ([`vo_sched::WorkerCx::next_turn`]): it reaches no
//! safepoint, enters no world, and nobody looks at its machine.
//!
//! Must stay true: what a turn does is what [`crate::wakeup::resume`] would do, and after it `Machine::end_turn`; a
//! fiber that [`turns`] hands back is as it was. In a row the machine stays in one island, whose collector
//! does not mark when the row begins; that it begins to is seen at the barrier's word, which it sets for machines that are
//! in a turn.

use crate::compiled::{self, Crossing, RESULTS, STEP, steps_to_page_top};
use crate::fiber::VoFiber;
use crate::interp::Exit;
use crate::island::State;
use crate::machine::Machine;
use crate::memory::stack_pointer;
use crate::point::{Point, Wait};
use crate::record;
use crate::resume;
use crate::wakeup::{self, KEPT_ROOM, PLAIN_WORDS};
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::Relaxed;
use vo_bytecode::Status;
use vo_runtime::code::NativeEntry;
use vo_sched::chan::{SendResult, finish_recv, finish_send};
use vo_sched::{FiberRef, Outcome, WorkerCx};

/// How a row of turns has ended.
pub(crate) enum Row {
    /// The last turn's outcome, and the scheduler is to look who comes next.
    Over(Outcome),
    /// The last turn was not plain at its end; it is over, and somebody else may come next.
    Ended(Outcome),
    /// This fiber, which runs, is to have an ordinary turn.
    Ordinary(FiberRef),
}

/// How one turn has gone.
enum Turn {
    /// As most do.
    Over(Outcome),
    /// It is over, and the row has been ended.
    Ended(Outcome),
    /// It has not begun.
    Ordinary,
}

/// Runs a row of turns that begins with this fiber's.
///
/// # Safety
/// As for [`vo_sched::FiberVTable::resume`]; the fiber is a [`VoFiber`].
#[inline(always)]
pub(crate) unsafe fn turns(fiber: FiberRef, cx: &mut WorkerCx) -> Row {
    // SAFETY: handed on.
    unsafe {
        match steps_to_page_top(stack_pointer()) {
            0 => row::<0>(fiber, cx),
            1 => row::<STEP>(fiber, cx),
            2 => row::<{ 2 * STEP }>(fiber, cx),
            3 => row::<{ 3 * STEP }>(fiber, cx),
            4 => row::<{ 4 * STEP }>(fiber, cx),
            5 => row::<{ 5 * STEP }>(fiber, cx),
            6 => row::<{ 6 * STEP }>(fiber, cx),
            _ => row::<{ 7 * STEP }>(fiber, cx),
        }
    }
}

/// The row, below so many bytes of stack that nobody uses.
///
/// # Safety
/// As for [`turns`].
#[inline(never)]
unsafe fn row<const UNUSED: usize>(mut fiber: FiberRef, cx: &mut WorkerCx) -> Row {
    let mut unused = MaybeUninit::<[u8; UNUSED]>::uninit();
    std::hint::black_box(&mut unused);
    // SAFETY: the machine was set when the worker started, and each reference to it is used up before the next is made;
    // the rest is handed on: who comes next is one of our fibers too, and runs on this worker.
    unsafe {
        if !begin(Machine::of(cx), VoFiber::of(fiber)) {
            return Row::Ordinary(fiber);
        }
        let row = loop {
            match turn(fiber, cx) {
                Turn::Over(outcome) => match cx.next_turn(outcome) {
                    Some(next) => fiber = next,
                    None => break Row::Over(outcome),
                },
                Turn::Ended(outcome) => return Row::Ended(outcome),
                Turn::Ordinary => break Row::Ordinary(fiber),
            }
        };
        end(Machine::of(cx));
        row
    }
}

/// A row begins with this fiber, if it may. The machine's island is looked at first: a collector of the island where it was
/// last would take it for one that is stopped in a turn there.
#[inline(always)]
fn begin(m: &mut Machine, fiber: &VoFiber) -> bool {
    if m.takes_every_point() || !std::ptr::eq(m.fiber_island(), fiber.island) || m.memory.is_marking() {
        return false;
    }
    m.memory.turn_begins();
    m.memory.native_from = stack_pointer();
    m.crossings.push(Crossing::ToNative(None));
    true
}

/// The row is over: no compiled code runs, and no fiber.
#[inline(always)]
fn end(m: &mut Machine) {
    m.crossings.pop();
    (m.context.record, m.context.record_end) = (std::ptr::null_mut(), std::ptr::null_mut());
    m.memory.native_from = 0;
    m.fiber = std::ptr::null_mut();
    m.memory.turn_ends();
}

/// What a turn enters.
struct Start {
    entry: NativeEntry,
    /// Words of the fiber's records below the one that is gone on with.
    rest: usize,
    results: usize,
    /// The frame may put its record onto the fiber's.
    bottom: bool,
}

/// What a continuation gets beside the record: what the operation has come to.
type Answer = [MaybeUninit<u64>; PLAIN_WORDS + 1];

/// One turn.
///
/// # Safety
/// As for [`turns`], in a row.
#[inline(always)]
unsafe fn turn(of: FiberRef, cx: &mut WorkerCx) -> Turn {
    // SAFETY: the worker that runs a fiber may touch it; the machine was set when the worker started.
    unsafe {
        let (m, fiber) = (Machine::of(cx), VoFiber::of(of));
        if !is_plain(m, fiber) {
            return Turn::Ordinary;
        }
        m.fiber = fiber;
        m.worker = cx;
        m.context.fiber = m.fiber.cast();
        let mut answer: Answer = [const { MaybeUninit::uninit() }; PLAIN_WORDS + 1];
        let Some(start) = find(m, fiber, &mut answer) else { return Turn::Ordinary };
        // The words stay where they are until something else is saved, long after they have been read.
        fiber.saved.set_len(start.rest);
        m.stats.thaws += 1;
        let room = fiber.saved.as_mut_ptr();
        let record = room.add(start.rest);
        let args = [record.cast_const(), answer.as_ptr().cast()];
        let args = if start.bottom {
            m.context.record = record;
            m.context.record_end = room.add(fiber.saved.capacity());
            args.as_ptr().cast()
        } else {
            (m.context.record, m.context.record_end) = (std::ptr::null_mut(), std::ptr::null_mut());
            args[0]
        };
        let mut results = MaybeUninit::<[u64; RESULTS]>::uninit();
        // Callbacks find the machine there: that they can must be known here.
        m.context.machine = std::ptr::from_mut(m).cast();
        let context = std::ptr::from_mut(&mut *m.context);
        let status = start.entry.call(context, args, results.as_mut_ptr().cast());
        after(m, &start, record, status, &results)
    }
}

/// Whether the fiber's turn begins with nothing but going on where it was.
#[inline(always)]
unsafe fn is_plain(m: &Machine, fiber: &VoFiber) -> bool {
    std::ptr::eq(m.fiber_island(), fiber.island)
        && fiber.extra.as_ref().is_none_or(|extra| extra.is_plain())
        && fiber.completed.is_none()
        && m.context.barrier.load(Relaxed) == 0
        && m.island().state() == State::Running
        && m.island().limits.cpu.load(Relaxed) == 0
        && !m.collect_first
}

/// Finds the code behind the fiber's innermost record, and completes the operation that the fiber waited for. `None`: to
/// be done the ordinary way, also where something has been done.
#[inline(always)]
unsafe fn find(m: &mut Machine, fiber: &mut VoFiber, answer: &mut Answer) -> Option<Start> {
    let (func, index) = record::tail_parts(*fiber.saved.last()?);
    let code = m.program_ref().code(func);
    let results = code.results();
    if index == 0 {
        if results > RESULTS {
            return None;
        }
        let rest = fiber.saved.len() - (code.params() + code.slot_words + 1);
        return Some(Start { entry: code.tier.compiled()?, rest, results, bottom: false });
    }
    let point = code.point(index);
    let rest = fiber.saved.len() - point.size;
    if !point.short || rest == 0 && fiber.saved.capacity() > KEPT_ROOM {
        return None;
    }
    let entry = code.tier.continuation(point.slot.code()?);
    // SAFETY: handed on.
    let done = unsafe { complete(m, fiber, point, answer) };
    done.then_some(Start { entry, rest, results, bottom: true })
}

/// Completes the operation, and lays what it has come to as a continuation takes it. False: it is not so plain, and can
/// be asked for again.
#[inline(always)]
unsafe fn complete(m: &mut Machine, fiber: &mut VoFiber, point: &Point, answer: &mut Answer) -> bool {
    match point.wait {
        // A loop that was pre-empted.
        Wait::Nothing => true,
        Wait::Send => finish_send(m.worker()) == SendResult::Done,
        Wait::Recv { words, .. } => {
            if words.list().len() > PLAIN_WORDS {
                return false;
            }
            // SAFETY: the verifier has seen that the receive names as many words as the element has.
            let sent = unsafe { finish_recv(m.worker(), answer.as_mut_ptr().add(1).cast()) };
            answer[0].write(u64::from(sent));
            true
        }
        Wait::Native { results } => {
            let plain = results.list().is_empty() && matches!(fiber.pending.last(), Some(None));
            if plain {
                fiber.pending.pop();
            }
            plain
        }
        Wait::Select { .. } | Wait::SendPort | Wait::RecvPort { .. } => false,
    }
}

/// Compiled code has come back.
///
/// # Safety
/// `record` is where the fiber's next record was to begin; the results are those of `status`.
#[inline(always)]
unsafe fn after(
    m: &mut Machine,
    start: &Start,
    record: *mut u64,
    status: Status,
    results: &MaybeUninit<[u64; RESULTS]>,
) -> Turn {
    // SAFETY: the running fiber belongs to this worker, and is no part of the machine.
    let fiber = unsafe { &mut *m.fiber };
    let top = m.context.record;
    let written = start.bottom && top != record;
    // Mostly it waits again.
    let outcome = if compiled::just_waits(m, status) {
        if written {
            // SAFETY: nothing else has touched the fiber's records meanwhile, and the code has written up to there.
            unsafe { fiber.saved.set_len(top.offset_from_unsigned(fiber.saved.as_ptr())) };
            m.stats.spills += 1;
            m.stats.spilled_words += (fiber.saved.len() - start.rest) as u64;
        } else {
            m.lay_spilled();
        }
        if status == Status::WaitIo { Outcome::Parked } else { Outcome::Yielded }
    } else if wakeup::has_returned(m, status) && fiber.is_nobody_special() {
        Outcome::Finished
    } else {
        // SAFETY: the results are there where the code has returned.
        return Turn::Ended(unsafe { end_otherwise(m, status, start.results, results) });
    };
    if m.wants_end_of_turn() {
        m.end_turn();
        end(m);
        return Turn::Ended(outcome);
    }
    Turn::Over(outcome)
}

/// The frame has returned to another one, has panicked, or something else has come up: ends the row, and goes on with the
/// fiber until its turn is over.
///
/// # Safety
/// There are as many results as is said, if the status is `Ok`.
#[cold]
#[inline(never)]
unsafe fn end_otherwise(
    m: &mut Machine,
    status: Status,
    n: usize,
    results: &MaybeUninit<[u64; RESULTS]>,
) -> Outcome {
    m.crossings.pop();
    (m.context.record, m.context.record_end) = (std::ptr::null_mut(), std::ptr::null_mut());
    m.memory.native_from = 0;
    let exit = if wakeup::has_returned(m, status) {
        let transfer = resume::fiber_returned(m);
        wakeup::to_the_end(m, transfer)
    } else {
        let n = if status == Status::Ok { n } else { 0 };
        // SAFETY: as many words have been written, by the contract.
        let results = unsafe { std::slice::from_raw_parts(results.as_ptr().cast(), n) };
        let taken = compiled::came_back(m, status, results);
        wakeup::taken_to_the_end(m, taken)
    };
    m.end_turn();
    exit.outcome()
}

impl Exit {
    /// What a turn that ends so tells the scheduler.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Exit::Finished => Outcome::Finished,
            Exit::Parked => Outcome::Parked,
            Exit::Yielded => Outcome::Yielded,
            Exit::Native(_) => panic!("internal error: a fiber's turn ended in a native activation"),
        }
    }
}
