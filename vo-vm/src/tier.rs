//! Tiering, the machine's side: what is hot, and where finished code is found.
//!
//! Each function has one word that says how it is run, which every call reads:
//!
//! ```text
//!   thunk   0         interpreted (no compiler, or asked for and not there yet)
//!           COUNTED   interpreted, calls are counted
//!           address   compiled: the door; the code's address stands beside it
//! ```
//!
//! and one word for each suspend point ([`crate::point`]):
//!
//! ```text
//!   slot    0, odd    a count
//!           WAITING   asked for, or refused: it is not counted any more
//!           even      the address of the continuation's code
//! ```
//!
//! Counts are approximate: workers that count at once may lose some. Nothing waits for the compiler: who
//! finds something hot leaves a request and interprets on, and looks again the next time.
//!
//! Loops are sampled: every machine counts the turns of whatever it runs, and looks at one turn in so many where
//! it is. So the count costs one decrement of the machine's own memory.
//!
//! From such a turn on, and from some calls of functions that are counted, the machine looks at which way the next
//! conditional jumps go ([`crate::branches`]). Else a jump asks one word of the machine whether it is looked at.
//!
//! Must stay true: a thunk, once set, never changes; code that was installed stays valid as long as the
//! program; a function that was called interpreted may go on interpreted at any time.

use crate::branches::Branches;
use crate::compiled;
use crate::guesses::Guesses;
use crate::interp::{Site, Transfer};
use crate::machine::Machine;
use crate::program::Code;
use crate::record;
use crate::targets::Targets;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use vo_runtime::code::{BranchSeen, Entries, NativeEntry, SiteSeen, Thresholds, Thunk, Wanted};

/// The thunk word of a function whose calls are counted.
const COUNTED: *mut () = std::ptr::without_provenance_mut(1);

/// One call of a function in so many and one is looked at: a power of two less one.
const FEW_CALLS: u32 = 7;

/// Conditional jumps that are looked at from such a call on, and from a turn of a loop that is looked at.
const WATCHED_IN_CALL: u32 = 16;
const WATCHED_IN_LOOP: u32 = 32;

/// The slot of a continuation that was asked for.
const WAITING: u64 = u64::MAX;

/// How a function is run. What a call reads stands together, at the start.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Tier {
    thunk: AtomicPtr<()>,
    code: AtomicPtr<u8>,
    /// Calls that have been counted.
    calls: AtomicU32,
    continuation_thunk: AtomicPtr<()>,
    pub(crate) targets: Targets,
    pub(crate) branches: Branches,
}

/// The word of a suspend point.
#[derive(Default)]
pub(crate) struct Slot(AtomicU64);

/// What a slot says.
enum Look {
    Code(*const u8),
    /// The count has just come to the limit.
    Hot,
    Cold,
}

impl Slot {
    /// Looks, and counts where there is no code.
    #[inline]
    fn count(&self, by: u32, limit: u32) -> Look {
        // Acquire: pairs with the store of `install_continuation`.
        let word = self.0.load(Ordering::Acquire);
        if word & 1 == 0 && word != 0 {
            return Look::Code(word as *const u8);
        }
        if word == WAITING {
            return Look::Cold;
        }
        let count = (word >> 1) + u64::from(by);
        let new = if count >= u64::from(limit) { WAITING } else { count << 1 | 1 };
        let changed = self.0.compare_exchange(word, new, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if changed && new == WAITING { Look::Hot } else { Look::Cold }
    }

    /// The code, if there is some. Nothing is counted.
    #[inline(always)]
    pub(crate) fn code(&self) -> Option<*const u8> {
        // Acquire: as in `count`.
        let word = self.0.load(Ordering::Acquire);
        (word & 1 == 0 && word != 0).then_some(word as *const u8)
    }
}

fn thunk_of(word: *mut ()) -> Thunk {
    // SAFETY: the word is neither 0 nor `COUNTED`: it was made from a thunk by `install`.
    unsafe { std::mem::transmute::<*mut (), Thunk>(word) }
}

impl Tier {
    /// Begins to count the function's calls, unless it is compiled already.
    pub(crate) fn start_counting(&self) {
        let _ =
            self.thunk.compare_exchange(std::ptr::null_mut(), COUNTED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The compiled code, if there is some. Nothing is counted.
    #[inline(always)]
    pub(crate) fn compiled(&self) -> Option<NativeEntry> {
        // Acquire: as in `entry_of`.
        let thunk = self.thunk.load(Ordering::Acquire);
        (thunk > COUNTED)
            .then(|| NativeEntry { thunk: thunk_of(thunk), code: self.code.load(Ordering::Acquire) })
    }

    /// Whether a continuation of it is compiled.
    fn has_continuation(&self) -> bool {
        !self.continuation_thunk.load(Ordering::Relaxed).is_null()
    }

    /// Counts a call. Answers how many there were.
    #[inline(always)]
    fn count_call(&self) -> u32 {
        let calls = self.calls.load(Ordering::Relaxed) + 1;
        self.calls.store(calls, Ordering::Relaxed);
        calls
    }

    /// How a continuation is entered.
    #[inline(always)]
    pub(crate) fn continuation(&self, code: *const u8) -> NativeEntry {
        // The thunk was stored before the slot that `code` was read from.
        NativeEntry { thunk: thunk_of(self.continuation_thunk.load(Ordering::Relaxed)), code }
    }
}

/// The machine's functions as the compiler fills them.
pub(crate) struct Table {
    pub(crate) codes: Arc<[Code]>,
    pub(crate) guesses: Arc<Guesses>,
}

impl Entries for Table {
    fn install(&self, func: u32, entry: NativeEntry) {
        let tier = &self.codes[func as usize].tier;
        // Release: whoever finds the address finds the code behind it.
        tier.code.store(entry.code.cast_mut(), Ordering::Release);
        tier.thunk.store(entry.thunk as *mut (), Ordering::Release);
    }

    fn install_continuation(&self, func: u32, point: u32, entry: NativeEntry) {
        let code = &self.codes[func as usize];
        code.tier.continuation_thunk.store(entry.thunk as *mut (), Ordering::Relaxed);
        // Release: pairs with the load of `Slot::count`.
        code.point(point).slot.0.store(entry.code as u64, Ordering::Release);
    }

    fn count_again(&self, func: u32, point: u32) {
        let slot = &self.codes[func as usize].point(point).slot.0;
        let _ = slot.compare_exchange(WAITING, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn calls(&self, func: u32) -> u32 {
        self.codes[func as usize].tier.calls.load(Ordering::Relaxed)
    }

    fn seen(&self, func: u32) -> Vec<SiteSeen> {
        let code = &self.codes[func as usize];
        code.tier.targets.seen(code.function())
    }

    fn branches(&self, func: u32) -> Vec<BranchSeen> {
        let code = &self.codes[func as usize];
        code.tier.branches.seen(code.function())
    }

    fn edition(&self) -> u32 {
        self.guesses.edition()
    }
}

impl Machine {
    /// How a function that is called is run: its compiled code, if it has any by now.
    #[inline(always)]
    pub(crate) fn entry_of(&mut self, code: &Code) -> Option<NativeEntry> {
        // Acquire: pairs with the stores of `install`.
        let thunk = code.tier.thunk.load(Ordering::Acquire);
        if thunk > COUNTED {
            return Some(NativeEntry {
                thunk: thunk_of(thunk),
                code: code.tier.code.load(Ordering::Acquire),
            });
        }
        if thunk == COUNTED {
            let calls = code.tier.count_call();
            if calls & self.few_calls == 0 {
                self.watched_call(code, calls);
            }
        }
        None
    }

    /// One of a few calls: its jumps are looked at, and it may make the function hot.
    #[cold]
    #[inline(never)]
    fn watched_call(&mut self, code: &Code, calls: u32) {
        self.watching = self.watching.max(WATCHED_IN_CALL);
        // Where a loop has been hot, calls will be as well.
        if calls >= self.hot_calls || code.tier.has_continuation() {
            self.hot_call(code);
        }
    }

    fn hot_call(&self, code: &Code) {
        let (old, new) = (COUNTED, std::ptr::null_mut());
        if code.tier.thunk.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.want(Wanted::Function { func: code.index });
        }
    }

    pub(crate) fn want(&self, wanted: Wanted) {
        if let Some(compiled) = self.program().compiled() {
            compiled.request(wanted);
        }
    }

    /// The code to go on with behind a suspend point, if there is some by now.
    #[inline]
    pub(crate) fn continuation_of(&self, code: &Code, point: u32) -> Option<NativeEntry> {
        let thresholds = self.program().thresholds()?;
        self.look(code, point, 1, thresholds.resumptions)
    }

    fn look(&self, code: &Code, point: u32, by: u32, limit: u32) -> Option<NativeEntry> {
        match code.point(point).slot.count(by, limit) {
            Look::Code(address) => Some(code.tier.continuation(address)),
            Look::Hot => {
                self.want(Wanted::Continuation { func: code.index, point });
                None
            }
            Look::Cold => None,
        }
    }

    /// Reads from the program how it counts.
    pub(crate) fn read_thresholds(&mut self) {
        let thresholds = self.program().thresholds().copied();
        self.hot_calls = thresholds.map_or(u32::MAX, |t| t.calls);
        self.sample = thresholds.map_or(u32::MAX, |t| t.sample);
        self.counts = thresholds.is_some();
        self.few_calls = thresholds.map_or(0, |t| if t.calls > FEW_CALLS { FEW_CALLS } else { 0 });
        self.watching = 0;
        self.turns = self.sample;
    }

    /// Notes the target of a call: a function, or the type word of an interface value.
    #[inline(always)]
    pub(crate) fn note_target(&self, code: &Code, pc: u32, target: u64) {
        if self.counts {
            code.tier.targets.note(code.function(), pc, target);
        }
    }
}

/// A turn of the loop whose header is at `site` is looked at.
#[cold]
#[inline(never)]
pub(crate) fn sampled_loop(m: &mut Machine, site: Site) -> Transfer {
    m.turns = m.sample;
    m.watching = m.watching.max(WATCHED_IN_LOOP);
    let code = site.w.code();
    if let Some(&Thresholds { turns, sample, .. }) = m.program_ref().thresholds() {
        let point = record::point_at(code, site.pc) as u32;
        if let Some(entry) = m.look(code, point, sample, turns) {
            return compiled::take_over(m, site.w, point, entry);
        }
    }
    Transfer::Go(site.w, code.at(site.pc + 1))
}

/// Notes which way the jump at `site` goes.
#[cold]
#[inline(never)]
pub(crate) fn watched_branch(m: &mut Machine, site: Site, taken: bool) {
    m.watching -= 1;
    if let Some(&Thresholds { weight, .. }) = m.program_ref().thresholds() {
        let code = site.w.code();
        code.tier.branches.note(code.function(), site.pc, taken, weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_asks_once_and_then_has_the_code() {
        let slot = Slot::default();
        assert!(matches!(slot.count(1, 3), Look::Cold));
        assert!(matches!(slot.count(1, 3), Look::Cold));
        assert!(matches!(slot.count(1, 3), Look::Hot));
        assert!(matches!(slot.count(1, 3), Look::Cold));
        slot.0.store(0x1000, Ordering::Release);
        assert!(matches!(slot.count(1, 3), Look::Code(code) if code as u64 == 0x1000));
    }

    #[test]
    fn the_words_that_calls_read_share_a_cache_line() {
        assert!(std::mem::offset_of!(Tier, code) < 32 && std::mem::offset_of!(Tier, calls) < 64);
    }
}
