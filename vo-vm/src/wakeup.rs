//! The short way back: a fiber that was woken from a blocking operation, or has been pre-empted in a loop, and whose
//! innermost frame has compiled code behind that point.
//!
//! Most turns begin so. The continuation reads the record where it lies, the outcome of the operation
//! beside it, and no frame is made; if it waits itself it mostly puts its record there too. Whatever is not plain takes the way of [`crate::record::resume`].
//!
//! Must stay true: where [`resume`] answers `None`, the fiber is as it was, or the rest of its operation can be
//! asked for again.

use crate::compiled::{self, Taken};
use crate::fiber::VoFiber;
use crate::interp::{self, Exit, Site, Transfer};
use crate::machine::Machine;
use crate::memory::Floor;
use crate::point::{Point, Wait};
use crate::program::Code;
use crate::record;
use crate::resume;
use crate::unwind;
use vo_bytecode::Status;
use vo_sched::chan::{SendResult, finish_recv, finish_send};

/// Words of an element that is received without more ado.
pub(crate) const PLAIN_WORDS: usize = 4;

/// Words of records that a fiber with one record may have room for.
pub(crate) const KEPT_ROOM: usize = 256;

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
    let rest = fiber.saved.len() - point.size;
    if fiber.saved.capacity() > KEPT_ROOM && rest == 0 {
        // The ordinary way gives it back.
        return None;
    }
    let entry = m.continuation_of(code, index)?;
    let mut outcome = [0; PLAIN_WORDS + 1];
    match complete(m, fiber, &mut outcome, point) {
        Completed::Done => {}
        Completed::NotPlain => return None,
        Completed::Trap(trap) => {
            let (w, point) = record::thaw(m).map(|(w, point, _)| (w, point))?;
            let transfer = unwind::trap(m, Site { w, pc: point.pc }, trap);
            return Some(to_the_end(m, transfer));
        }
    }
    // The words stay where they are until something else is saved, long after they have been read.
    fiber.saved.truncate(rest);
    m.stats.thaws += 1;
    let record = fiber.saved.as_ptr().wrapping_add(rest);
    let mut results = [0; compiled::RESULTS];
    // SAFETY: what a continuation takes: the words of the record, and those that the instruction sets; there is room for
    // the results.
    let (status, written) = unsafe { m.run_bottom(entry, [record, outcome.as_ptr()], results.as_mut_ptr()) };
    // SAFETY: as above.
    let fiber = unsafe { &mut *m.fiber };
    // Mostly it waits again. (What is answered is in registers then: no memory is written that is
    // about to be read.)
    if compiled::just_waits(m, status) {
        if written {
            m.stats.spills += 1;
            m.stats.spilled_words += (fiber.saved.len() - rest) as u64;
        } else {
            m.lay_spilled();
        }
        return Some(if status == Status::WaitIo { Exit::Parked } else { Exit::Yielded });
    }
    if has_returned(m, status) {
        let transfer = resume::fiber_returned(m);
        return Some(to_the_end(m, transfer));
    }
    if written {
        // The program ends.
        fiber.saved.truncate(rest);
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
    if has_returned(m, status) {
        let transfer = resume::fiber_returned(m);
        return Some(to_the_end(m, transfer));
    }
    let taken = compiled::came_back(m, status, &results[..code.results()]);
    Some(taken_to_the_end(m, taken))
}

/// Whether a frame that has answered `status` was the fiber's last, and has just returned.
#[inline]
pub(crate) fn has_returned(m: &Machine, status: Status) -> bool {
    status == Status::Ok && m.fiber().saved.is_empty()
}

#[inline(never)]
pub(crate) fn taken_to_the_end(m: &mut Machine, taken: Taken) -> Exit {
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

/// Completes the operation, and lays what it has come to as a continuation takes it.
#[inline]
fn complete(
    m: &mut Machine,
    fiber: &mut VoFiber,
    outcome: &mut [u64; PLAIN_WORDS + 1],
    point: &Point,
) -> Completed {
    match point.wait {
        // A loop that was pre-empted.
        Wait::Nothing => {}
        Wait::Send => {
            if finish_send(m.worker()) == SendResult::Closed {
                return Completed::NotPlain;
            }
        }
        Wait::Recv { words, .. } => {
            if words.list().len() > PLAIN_WORDS {
                return Completed::NotPlain;
            }
            // SAFETY: the verifier has seen that the receive names as many words as the element has.
            let sent = unsafe { finish_recv(m.worker(), outcome.as_mut_ptr().add(1)) };
            outcome[0] = u64::from(sent);
        }
        Wait::Select { .. } => match resume::finish_waited_select(m, Floor) {
            Ok(case) => outcome[0] = case,
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
