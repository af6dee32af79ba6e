//! The short way back: a fiber that was woken from a blocking operation, or has been pre-empted in a loop, and whose
//! innermost frame has compiled code behind that point.
//!
//! Most turns begin so. The record's words go where the continuation reads them, the outcome of the operation
//! beside them, and no frame is made. Whatever is not plain takes the way of [`crate::record::resume`].
//!
//! Must stay true: where [`resume`] answers `None`, the fiber is as it was, or the rest of its operation can be
//! asked for again.

use crate::compiled::{self, Taken};
use crate::fiber::VoFiber;
use crate::interp::{self, Exit, Site, Transfer};
use crate::machine::Machine;
use crate::point::{Point, Wait};
use crate::program::Code;
use crate::record;
use crate::resume;
use crate::unwind;
use crate::window::Window;
use vo_bytecode::{Reg, Status};
use vo_sched::chan::{SendResult, finish_recv, finish_send};

/// Words of an element that is received without more ado.
const PLAIN_WORDS: usize = 4;

/// Goes on at the fiber's innermost record, and answers how the turn has ended, if that is plain.
#[inline]
pub(crate) fn resume(m: &mut Machine) -> Option<Exit> {
    // SAFETY: the running fiber belongs to this worker, and is no part of the machine.
    let fiber = unsafe { &mut *m.fiber };
    let (func, index) = record::tail_parts(*fiber.saved.last()?);
    let code = m.program_ref().code(func);
    if index == 0 {
        return begin(m, fiber, code);
    }
    let point = code.point(index);
    if !point.short || fiber.completed.is_some() {
        return None;
    }
    let entry = m.continuation_of(code, index)?;
    // SAFETY: the loader rejects functions whose frame does not fit an empty stack.
    let w = unsafe { Window::at(m.floor) };
    let rest = fiber.saved.len() - (point.live().len() + code.slot_words + 1);
    // SAFETY: the record's words lie above `rest`; the frame has room for registers and slots.
    unsafe {
        let words = fiber.saved.as_ptr().add(rest);
        for (i, &reg) in point.live().iter().enumerate() {
            w.set(reg, *words.add(i));
        }
        if code.slot_words != 0 {
            let slots = words.add(point.live().len());
            std::ptr::copy_nonoverlapping(slots, w.slot(code, 0), code.slot_words);
        }
    }
    match complete(m, fiber, w, point) {
        Completed::Done => {}
        Completed::NotPlain => return None,
        Completed::Trap(trap) => {
            let (w, point) = record::thaw(m).map(|(w, point, _)| (w, point))?;
            let transfer = unwind::trap(m, Site { w, pc: point.pc }, trap);
            return Some(to_the_end(m, transfer));
        }
    }
    record::drop_words(&mut fiber.saved, rest);
    m.stats.thaws += 1;
    let room = compiled::RESULTS;
    if code.results() > room {
        let taken = compiled::run_continuation(m, code, entry, w.registers());
        return Some(taken_to_the_end(m, taken));
    }
    let (frame, mut results) = ([w.registers() as u64], [0; compiled::RESULTS]);
    // SAFETY: a continuation takes the address of the frame's registers, which it reads before anything else is
    // laid there; there is room for the results.
    let status = unsafe { m.run_native(m.floor, None, entry, frame.as_ptr(), results.as_mut_ptr()) };
    // Mostly it waits again. (What is answered is in registers then: no memory is written that is
    // about to be read.)
    if matches!(status, Status::WaitIo | Status::Wake) && !m.leaving && m.exhausted == 0 {
        m.lay_spilled();
        return Some(if status == Status::WaitIo { Exit::Parked } else { Exit::Yielded });
    }
    let taken = compiled::came_back(m, status, &results[..code.results()]);
    Some(taken_to_the_end(m, taken))
}

/// Begins a function whose arguments are the fiber's innermost record, if it is compiled.
#[inline]
fn begin(m: &mut Machine, fiber: &mut VoFiber, code: &Code) -> Option<Exit> {
    // Where every point is taken, that at the entry has been, which the ordinary way knows.
    if m.takes_every_point() || code.results() > compiled::RESULTS {
        return None;
    }
    let entry = m.entry_of(code)?;
    let rest = fiber.saved.len() - (code.params() + code.slot_words + 1);
    // The words stay where they are until something else is saved, long after they have been read.
    let args = fiber.saved[rest..].as_ptr();
    fiber.saved.truncate(rest);
    m.stats.thaws += 1;
    let mut results = [0; compiled::RESULTS];
    // SAFETY: the function's parameters, and room for its results.
    let status = unsafe { m.run_native(m.floor, None, entry, args, results.as_mut_ptr()) };
    let taken = compiled::came_back(m, status, &results[..code.results()]);
    Some(taken_to_the_end(m, taken))
}

#[inline(never)]
fn taken_to_the_end(m: &mut Machine, taken: Taken) -> Exit {
    let transfer = match taken {
        Taken::Returned | Taken::No => record::next(m),
        Taken::Transfer(transfer) => transfer,
    };
    to_the_end(m, transfer)
}

/// Runs the fiber until its turn ends.
#[inline]
pub(crate) fn to_the_end(m: &mut Machine, transfer: Transfer) -> Exit {
    match transfer {
        Transfer::Go(w, pc) => interp::run(m, w, pc),
        Transfer::Exit(exit) => exit,
    }
}

enum Completed {
    Done,
    NotPlain,
    Trap(vo_runtime::panic::Trap),
}

/// Puts the outcome of the operation into its registers.
#[inline]
fn complete(m: &mut Machine, fiber: &mut VoFiber, w: Window, point: &Point) -> Completed {
    match point.wait {
        // A loop that was pre-empted.
        Wait::Nothing => {}
        Wait::Send => {
            if finish_send(m.worker()) == SendResult::Closed {
                return Completed::NotPlain;
            }
        }
        Wait::Recv { ok, words } => {
            let (words, mut received) = (words.list(), [0; PLAIN_WORDS]);
            if words.len() > PLAIN_WORDS {
                return Completed::NotPlain;
            }
            // SAFETY: the verifier has seen that the receive names as many words as the element has.
            let sent = unsafe { finish_recv(m.worker(), received.as_mut_ptr()) };
            for (reg, word) in words.iter().zip(received) {
                w.set(reg, word);
            }
            w.set(ok, u64::from(sent));
        }
        Wait::Select { dst } => match resume::finish_waited_select(m, w) {
            Ok(case) => w.set(dst, case),
            Err(trap) => return Completed::Trap(trap),
        },
        Wait::SendPort | Wait::RecvPort { .. } => return Completed::NotPlain,
        Wait::Native { results } => {
            if !results.list().is_empty() || !matches!(fiber.pending.last(), Some(None)) {
                return Completed::NotPlain;
            }
            fiber.pending.pop();
        }
    }
    Completed::Done
}

const _: () = assert!(size_of::<Reg>() == 2);
