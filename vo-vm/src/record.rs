//! Frame records: what a fiber is while it is on no worker.
//!
//! A record is the live registers of a suspend point in the point's order, then the function's
//! slots, then one word: the function's index (low half) and the point's (high half). The word
//! stands last because records are read from the top of the fiber's saved stack; the size follows
//! from the point.
//!
//! ```text
//!   saved:  [ words of the oldest frame | word ] ... [ words of the innermost frame | word ]
//!                                                                            top ----^
//! ```
//!
//! Leaving writes every frame of the activation, once. Coming back restores the innermost record
//! only; those below wait until they are returned to, so that to block again at the same depth costs
//! the same however deep the fiber is.
//!
//! An activation that native code entered is saved before what is below that code: its records wait in the
//! machine (see [`crate::compiled`]) until the turn's bottom activation is saved.
//!
//! Must stay true: a frame is on the VM stack or a record, never both; a record's point says
//! completely how its function goes on.

use crate::compiled::{self, Taken};
use crate::end::Fatal;
use crate::fiber::Deep;
use crate::interp::{Site, Transfer};
use crate::machine::Machine;
use crate::program::{Code, Program};
use crate::resume;
use crate::unwind;
use crate::window::{Bottom, Window};
use vo_bytecode::{Op, PointKind, SuspendPoint};

/// The word at the end of a record.
#[derive(Clone, Copy)]
struct Tail {
    func: u32,
    point: u32,
}

impl Tail {
    fn word(self) -> u64 {
        u64::from(self.func) | u64::from(self.point) << 32
    }

    fn of(word: u64) -> Tail {
        Tail { func: word as u32, point: (word >> 32) as u32 }
    }
}

/// A saved frame, where it lies.
#[derive(Clone, Copy)]
pub(crate) struct Record<'p, 'a> {
    pub(crate) code: &'p Code,
    pub(crate) point: &'p SuspendPoint,
    /// The point's index.
    pub(crate) index: u32,
    /// Live registers, then slots.
    pub(crate) words: &'a [u64],
}

impl<'p, 'a> Record<'p, 'a> {
    /// The record at the top of saved words.
    pub(crate) fn top(program: &'p Program, saved: &'a [u64]) -> Option<Record<'p, 'a>> {
        let (&word, below) = saved.split_last()?;
        let tail = Tail::of(word);
        let code = program.code(tail.func);
        let point = &code.function().points[tail.point as usize];
        let size = point.live.len() + code.slot_words;
        Some(Record { code, point, index: tail.point, words: &below[below.len() - size..] })
    }

    /// All records, innermost first.
    pub(crate) fn all(program: &'p Program, mut saved: &'a [u64]) -> impl Iterator<Item = Record<'p, 'a>> {
        std::iter::from_fn(move || {
            let record = Record::top(program, saved)?;
            saved = &saved[..saved.len() - record.size()];
            Some(record)
        })
    }

    /// Words with the last one.
    pub(crate) fn size(&self) -> usize {
        self.words.len() + 1
    }
}

/// Appends the record of a call that has not begun: what `go` makes. Live at an entry are the parameters, in
/// their order: `first`, if there is one, then `args`.
#[inline]
pub(crate) fn push_entry(saved: &mut Vec<u64>, code: &Code, first: Option<u64>, args: &[u64]) {
    let params = args.len() + usize::from(first.is_some());
    assert_eq!(code.params(), params, "internal error: {} is started with other arguments", code.name());
    reserve(saved, params + code.slot_words + 1);
    // SAFETY: there is room for these words, and exactly those are written. (One by one: they are few.)
    unsafe {
        let old = saved.len();
        let mut at = saved.as_mut_ptr().add(old);
        for &word in first.iter().chain(args) {
            at.write(word);
            at = at.add(1);
        }
        for _ in 0..code.slot_words {
            at.write(0);
            at = at.add(1);
        }
        at.write(Tail { func: code.index, point: 0 }.word());
        saved.set_len(old + params + code.slot_words + 1);
    }
}

/// Words that a new fiber's records have room for: most that wait have no more.
const FIRST: usize = 8;

/// Makes room for `n` more words of records.
#[inline]
pub(crate) fn reserve(saved: &mut Vec<u64>, n: usize) {
    let old = saved.len();
    if saved.capacity() - old < n {
        // A parked fiber should be small, but not be made room for twice before it first parks; one that grows is made
        // room for generously.
        if old + n <= 128 { saved.reserve_exact(n.max(FIRST)) } else { saved.reserve(n) }
    }
}

/// Appends all frames of the activation whose innermost frame is `w`, at its instruction `pc`. Answers what
/// is below the activation.
#[inline(never)]
pub(crate) fn spill(m: &mut Machine, w: Window, pc: u32) -> Bottom {
    let (total, bottom) = measure(w, pc);
    m.stats.spills += 1;
    m.stats.spilled_words += total as u64;
    if bottom == Bottom::Native {
        spill_above_native(m, w, pc, total);
        return bottom;
    }
    let saved = &mut m.fiber_mut().saved;
    let old = saved.len();
    reserve(saved, total);
    // SAFETY: there is room for `total` words behind the old ones, and `write` fills exactly those.
    unsafe {
        let end = saved.as_mut_ptr().add(old + total);
        write(w, pc, end);
        saved.set_len(old + total);
    }
    m.lay_spilled();
    bottom
}

/// Saves an activation that has native frames below it: backwards, to be laid when those have left too.
fn spill_above_native(m: &mut Machine, w: Window, pc: u32, total: usize) {
    let mut words: Vec<u64> = Vec::with_capacity(total);
    // SAFETY: there is room for `total` words, and `write` fills exactly those.
    unsafe {
        write(w, pc, words.as_mut_ptr().add(total));
        words.set_len(total);
    }
    let at = m.spill_room(total);
    for (i, &word) in words.iter().rev().enumerate() {
        // SAFETY: room for `total` words.
        unsafe { at.add(i).write(word) };
    }
}

/// Saves a compiled frame that leaves at a suspend point: its live registers and its slots.
pub(crate) fn spill_compiled(m: &mut Machine, code: &Code, point: u32, live: &[u64], slots: &[u64]) {
    let mut at = m.spill_room(live.len() + slots.len() + 1);
    // SAFETY: there is room for these words, and exactly those are written.
    unsafe {
        at.write(Tail { func: code.index, point }.word());
        for word in slots.iter().rev().chain(live.iter().rev()) {
            at = at.add(1);
            // One by one, as they were written a moment ago: a wider load would wait for the stores.
            at.write(std::ptr::read_volatile(word));
        }
    }
}

/// Saves a compiled function that has not begun.
pub(crate) fn spill_call(m: &mut Machine, code: &Code, args: &[u64]) {
    let point = &code.function().points[0];
    let live: Vec<u64> = point.live.iter().map(|r| args[r.0 as usize]).collect();
    spill_compiled(m, code, 0, &live, &vec![0; code.slot_words]);
}

/// Stands for the offset of a frame that has not begun. (Its point is at offset 0, where another point may
/// be: that of the first instruction.)
pub(crate) const ENTRY: u32 = u32::MAX;

/// Index of the suspend point at `pc`.
pub(crate) fn point_at(code: &Code, pc: u32) -> usize {
    let points = &code.function().points;
    match code.function().point_at(pc) {
        _ if pc == ENTRY => 0,
        // Of the two points that may be at offset 0, the instruction's.
        Some(point) if pc == 0 => point.max(1).min(points.len() - 1),
        Some(point) => point,
        None => panic!("internal error: {} left at offset {pc}, which is no suspend point", code.name()),
    }
}

/// Whether a frame that stands at `pc` goes on as that suspend point says, and needs nothing in its registers but what
/// is live there: it has not begun, or is at a loop header.
pub(crate) fn is_at_point(code: &Code, pc: u32) -> bool {
    pc == ENTRY || code.op_at(pc) == Some(Op::LoopHeader)
}

/// Words of all records of an activation, and what is below it.
fn measure(mut w: Window, mut pc: u32) -> (usize, Bottom) {
    let mut total = 0;
    loop {
        let code = w.code();
        total += code.function().points[point_at(code, pc)].live.len() + code.slot_words + 1;
        match w.caller() {
            Some(caller) => (pc, w) = (w.call_pc(), caller),
            None => return (total, w.bottom()),
        }
    }
}

/// Writes the records of an activation, the innermost just before `end`.
///
/// # Safety
/// There is room for as many words before `end` as [`measure`] says.
unsafe fn write(mut w: Window, mut pc: u32, mut end: *mut u64) {
    loop {
        let code = w.code();
        let point = point_at(code, pc);
        let live = &code.function().points[point].live;
        // SAFETY: `measure` counted these words; slots lie behind the frame's registers.
        unsafe {
            end = end.sub(1);
            *end = Tail { func: code.index, point: point as u32 }.word();
            end = end.sub(code.slot_words);
            std::ptr::copy_nonoverlapping(w.slot(code, 0), end, code.slot_words);
            end = end.sub(live.len());
            for (i, &reg) in live.iter().enumerate() {
                *end.add(i) = w.get(reg);
            }
        }
        match w.caller() {
            Some(caller) => (pc, w) = (w.call_pc(), caller),
            None => return,
        }
    }
}

/// Takes the topmost record off and lays it as the bottom frame of an activation. Answers the
/// frame, the record's point and that point's index.
#[inline]
pub(crate) fn thaw<'p>(m: &mut Machine) -> Option<(Window, &'p SuspendPoint, u32)> {
    let program: &'p Program = m.program_ref();
    let base = m.floor;
    let saved = &mut m.fiber_mut().saved;
    let record = Record::top(program, saved)?;
    let (code, point, size) = (record.code, record.point, record.size());
    let index = record.index;
    // SAFETY: the loader rejects functions whose frame does not fit an empty stack.
    let w = unsafe { Window::at(base) };
    w.set_header(code, std::ptr::null_mut(), std::ptr::null(), 0, Bottom::Fiber);
    let (live, slots) = record.words.split_at(point.live.len());
    for (&reg, &word) in point.live.iter().zip(live) {
        w.set(reg, word);
    }
    if !slots.is_empty() {
        // SAFETY: the frame has room for the function's slots.
        unsafe { std::ptr::copy_nonoverlapping(slots.as_ptr(), w.slot(code, 0), slots.len()) };
    }
    let rest = saved.len() - size;
    drop_words(saved, rest);
    m.stats.thaws += 1;
    Some((w, point, index))
}

/// Drops the words above `rest`.
#[inline]
pub(crate) fn drop_words(saved: &mut Vec<u64>, rest: usize) {
    saved.truncate(rest);
    if rest == 0 && saved.capacity() > 256 {
        saved.shrink_to(0);
    }
}

/// Function and point of the word at the end of a record.
#[inline]
pub(crate) fn tail_parts(word: u64) -> (u32, u32) {
    let tail = Tail::of(word);
    (tail.func, tail.point)
}

/// The activation is empty and its results are in the return buffer: goes on in the fiber's next
/// record.
pub(crate) fn next(m: &mut Machine) -> Transfer {
    loop {
        let Some((w, point, index)) = thaw(m) else { return resume::fiber_returned(m) };
        let taken = match point.kind {
            PointKind::Entry => compiled::begin(m, w),
            kind => {
                let transfer = go_on(m, Site { w, pc: point.pc }, kind);
                continue_natively(m, w, index, transfer)
            }
        };
        match taken {
            Taken::No => return Transfer::Go(w, w.code().start),
            Taken::Returned => {}
            Taken::Transfer(transfer) => return transfer,
        }
    }
}

/// If `transfer` goes on in the bottom frame `w` behind its suspend point, and there is a continuation
/// for that, runs it.
fn continue_natively(m: &mut Machine, w: Window, index: u32, transfer: Transfer) -> Taken {
    let Transfer::Go(to, pc) = transfer else { return Taken::Transfer(transfer) };
    let code = w.code();
    if m.program().thresholds().is_none() || to.base() != w.base() {
        return Taken::Transfer(transfer);
    }
    if pc != code.at(code.point(index).behind) {
        return Taken::Transfer(transfer);
    }
    match compiled::go_on(m, w, index) {
        Taken::No => Taken::Transfer(transfer),
        taken => taken,
    }
}

/// Goes on in a frame whose callee has returned, with the results in the return buffer.
pub(crate) fn go_on(m: &mut Machine, site: Site, kind: PointKind) -> Transfer {
    let code = site.w.code();
    match kind {
        PointKind::Entry | PointKind::Retry => Transfer::Go(site.w, code.at(site.pc)),
        PointKind::Call => deliver(m, site),
        PointKind::Blocking => resume::native_callee_returned(m, site),
        PointKind::Loop => panic!("internal error: {} was returned to at a loop header", code.name()),
    }
}

/// Puts the return buffer into the destination registers of the call at `site`, and goes on behind it.
pub(crate) fn deliver(m: &mut Machine, site: Site) -> Transfer {
    let call = site.w.code().call_shape(site.pc);
    for (reg, &word) in call.results.iter().zip(&m.ret) {
        site.w.set(reg, word);
    }
    m.ret.clear();
    Transfer::Go(site.w, site.w.code().at(call.next))
}

/// Goes on at the fiber's innermost record: what a worker does first.
pub(crate) fn resume(m: &mut Machine) -> Transfer {
    let (w, point, index) = thaw_first(m);
    let taken = match point.kind {
        PointKind::Entry => compiled::begin(m, w),
        _ => {
            let transfer = resume_frame(m, w, (point, index));
            continue_natively(m, w, index, transfer)
        }
    };
    match taken {
        Taken::No => Transfer::Go(w, w.code().at(point.pc)),
        Taken::Returned => next(m),
        Taken::Transfer(transfer) => transfer,
    }
}

fn thaw_first<'p>(m: &mut Machine) -> (Window, &'p SuspendPoint, u32) {
    match thaw(m) {
        Some(thawed) => thawed,
        None => panic!("internal error: a fiber without frames runs"),
    }
}

/// Goes on in the fiber's innermost frame.
fn resume_frame(m: &mut Machine, w: Window, (point, index): (&SuspendPoint, u32)) -> Transfer {
    let code = w.code();
    match point.kind {
        PointKind::Entry | PointKind::Retry => Transfer::Go(w, code.at(point.pc)),
        PointKind::Loop => Transfer::Go(w, code.at(point.pc + 1)),
        PointKind::Blocking => resume::complete(m, Site { w, pc: point.pc }, code.point(index)),
        PointKind::Call => {
            panic!("internal error: {} resumes at a call that nobody returned from", code.name())
        }
    }
}

/// The VM stack was full and its frames are records now: goes on with an empty stack, unless the fiber
/// has reached its limit.
///
/// The limit is on the frames as they would lie on one stack, not on the records, which are smaller: a
/// recursion without end is then found after about as many calls as elsewhere. `below` is the number of
/// words that were saved before, `frames` the bytes that the frames had on the stack.
pub(crate) fn stack_exhausted(m: &mut Machine, below: usize, frames: usize) -> Transfer {
    m.stats.stack_spills += 1;
    m.trim = true;
    let limit = m.vm.max_stack(None);
    let fiber = m.fiber_mut();
    let bytes = stack_bytes(&mut fiber.deep, below) + frames;
    fiber.deep.push((fiber.saved.len(), bytes));
    if bytes.max(fiber.saved.len() * 8) > limit {
        return unwind::fatal(m, None, Fatal::StackOverflow);
    }
    // A frame that is too large for an empty native stack would leave again at once: it is interpreted.
    let (w, point, index) = thaw_first(m);
    resume_frame(m, w, (point, index))
}

/// Bytes that the frames of the first `below` saved words had on the stack, from the marks `deep`. Marks of
/// what has been returned to since are dropped; the one that was partly returned to counts in part.
fn stack_bytes(deep: &mut Deep, below: usize) -> usize {
    let mut above = None;
    while deep.last().is_some_and(|&(saved, _)| saved > below) {
        above = deep.pop();
    }
    let (saved, bytes) = deep.last().copied().unwrap_or((0, 0));
    let Some((saved_above, bytes_above)) = above else { return bytes };
    let part = (bytes_above - bytes) as u128 * (below - saved) as u128 / (saved_above - saved) as u128;
    let total = bytes + part as usize;
    deep.push((below, total));
    total
}

/// Drops the topmost record. Answers its function and the offset of its instruction.
pub(crate) fn drop_top(m: &mut Machine) -> Option<(u32, u32)> {
    let program = m.program_ref();
    let saved = &mut m.fiber_mut().saved;
    let record = Record::top(program, saved)?;
    let (site, size) = ((record.code.index, record.point.pc), record.size());
    let rest = saved.len() - size;
    saved.truncate(rest);
    Some(site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_returned_to_counts_no_more() {
        let mut deep = Deep::from_iter([(100, 1000), (200, 3000)]);
        assert_eq!(stack_bytes(&mut deep, 250), 3000);
        assert_eq!(stack_bytes(&mut deep, 150), 2000);
        assert_eq!(deep.as_slice(), [(100, 1000), (150, 2000)]);
        assert_eq!(stack_bytes(&mut deep, 0), 0);
    }
}
