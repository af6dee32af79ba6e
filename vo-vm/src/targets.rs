//! What the calls of a function go to, as far as they go through function values and interfaces.
//!
//! Each call has a word: the target that it has had most often of late, and by how much. Where that word is
//! right, a look at it is all. A call that has had several targets has a row of them as well, with counts;
//! the rows of a function are made when the first of its calls turns out to be such a one.
//!
//! ```text
//!   word   target << 8 | lead        row   (target << 8 | count) × MOST, and a count of what found no place
//! ```
//!
//! Counts are approximate: workers that count at once may lose some. All this is a guess about the future, never a fact.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use vo_bytecode::inst::instructions;
use vo_bytecode::{Function, Inst};
use vo_runtime::code::{SiteSeen, Target};

/// Code units for each word: no call is shorter.
const UNITS_PER_SITE: usize = 4;

/// Bits of a word below the target.
const COUNT_BITS: u32 = 8;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;
/// The count of a target that compiled code has reported: see [`Targets::guess_again`].
const REPORTED: u64 = COUNT_MASK;
/// The largest other count.
const MAX_COUNT: u64 = REPORTED - 1;

/// Targets of a row.
const MOST: usize = 6;

/// The count of what found no place in a row that tells nothing any more.
const TOO_MANY: u32 = u32::MAX;

/// What a report of compiled code says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing new.
    Old,
    /// A target that was not known.
    Target,
    /// One for which there is no place.
    NoPlace,
}

/// What is known of a function's calls.
#[derive(Default)]
pub(crate) struct Targets {
    words: OnceLock<Box<[AtomicU64]>>,
    rows: OnceLock<Box<[Row]>>,
}

/// The targets of a call that has had several.
struct Row {
    pc: u32,
    seen: [AtomicU64; MOST],
    /// How often a target came for which there was no place.
    rest: AtomicU32,
}

impl Row {
    fn new(pc: u32) -> Row {
        Row { pc, seen: Default::default(), rest: AtomicU32::new(0) }
    }

    /// The place of a target, taken if it has none yet; `None` where all are taken.
    fn place(&self, target: u64) -> Option<&AtomicU64> {
        let place = self.seen.iter().find(|place| {
            let word = place.load(Relaxed);
            word == 0 || word >> COUNT_BITS == target
        })?;
        if place.load(Relaxed) == 0 {
            place.store(target << COUNT_BITS, Relaxed);
        }
        Some(place)
    }

    fn add(&self, target: u64, times: u64) {
        let Some(place) = self.place(target) else {
            let rest = self.rest.load(Relaxed);
            return self.rest.store(rest.saturating_add(1), Relaxed);
        };
        let word = place.load(Relaxed);
        let count = word & COUNT_MASK;
        if count < MAX_COUNT {
            place.store((word - count) | (count + times).min(MAX_COUNT), Relaxed);
        }
    }
}

/// A call whose targets are followed.
fn is_followed(inst: &Inst<'_>) -> bool {
    matches!(inst, Inst::CallClosure { .. } | Inst::CallIface { .. })
}

impl Targets {
    /// The word of the call at `pc`.
    #[inline]
    fn word(&self, function: &Function, pc: u32) -> &AtomicU64 {
        let make = || {
            let words = function.code.len() / UNITS_PER_SITE + 1;
            (0..words).map(|_| AtomicU64::new(0)).collect()
        };
        &self.words.get_or_init(make)[pc as usize / UNITS_PER_SITE]
    }

    /// Notes what the call at `pc` goes to.
    #[inline]
    pub(crate) fn note(&self, function: &Function, pc: u32, target: u64) {
        let place = self.word(function, pc);
        let word = place.load(Relaxed);
        if word >> COUNT_BITS != target {
            return self.note_other(function, pc, target, place);
        }
        if word & COUNT_MASK < MAX_COUNT {
            place.store(word + 1, Relaxed);
        }
    }

    #[inline(never)]
    fn note_other(&self, function: &Function, pc: u32, target: u64, place: &AtomicU64) {
        let word = place.load(Relaxed);
        let (seen, lead) = (word >> COUNT_BITS, word & COUNT_MASK);
        let new = if lead <= 1 { target << COUNT_BITS | 1 } else { seen << COUNT_BITS | (lead / 2) };
        place.store(new, Relaxed);
        if word != 0
            && let Some(row) = self.row(function, pc)
        {
            row.add(seen, lead);
            row.add(target, 1);
        }
    }

    fn row(&self, function: &Function, pc: u32) -> Option<&Row> {
        let rows = self.rows.get_or_init(|| {
            let followed = instructions(&function.code).flatten().filter(|(_, inst)| is_followed(inst));
            followed.map(|(pc, _)| Row::new(pc)).collect()
        });
        let at = rows.binary_search_by_key(&pc, |row| row.pc).ok()?;
        Some(&rows[at])
    }

    /// Compiled code goes too often to `target` from the call at `pc`, which it did not expect. Answers what that says.
    pub(crate) fn guess_again(&self, function: &Function, pc: u32, target: u64) -> News {
        let word = self.word(function, pc).load(Relaxed);
        let Some(row) = self.row(function, pc) else { return News::Old };
        if word != 0 {
            row.add(word >> COUNT_BITS, word & COUNT_MASK);
        }
        // Code that is older than the last report misses on.
        let reported = target << COUNT_BITS | REPORTED;
        match row.place(target) {
            Some(place) if place.swap(reported, Relaxed) != reported => News::Target,
            None if row.rest.load(Relaxed) < TOO_MANY => News::NoPlace,
            _ => News::Old,
        }
    }

    /// The call at `pc` has too many targets to guess one.
    pub(crate) fn give_up(&self, function: &Function, pc: u32) -> bool {
        self.row(function, pc).is_some_and(|row| row.rest.swap(TOO_MANY, Relaxed) != TOO_MANY)
    }

    /// What the calls have seen, those that have run.
    pub(crate) fn seen(&self, function: &Function) -> Vec<SiteSeen> {
        let Some(words) = self.words.get() else { return Vec::new() };
        let calls = instructions(&function.code).flatten().filter_map(|(pc, inst)| {
            let target: fn(u64) -> Target = match inst {
                Inst::CallClosure { .. } => |word| Target::Function((word >> COUNT_BITS) as u32),
                Inst::CallIface { .. } => |word| Target::Type(word >> COUNT_BITS),
                _ => return None,
            };
            let known = |word: u64| (word != 0).then(|| (target(word), (word & COUNT_MASK) as u32));
            let rows = self.rows.get();
            let row = rows.and_then(|rows| rows.iter().find(|row| row.pc == pc));
            let mut targets: Vec<(Target, u32)> =
                row.into_iter().flat_map(|row| &row.seen).filter_map(|w| known(w.load(Relaxed))).collect();
            if targets.is_empty() {
                targets.extend(known(words[pc as usize / UNITS_PER_SITE].load(Relaxed)));
            }
            let rest = row.map_or(0, |row| row.rest.load(Relaxed));
            (!targets.is_empty()).then_some(SiteSeen { pc, targets, rest })
        });
        calls.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::Reg;
    use vo_bytecode::operand::RegList;

    /// A function whose only instruction calls a closure.
    fn caller() -> Function {
        let mut code = Vec::new();
        let none = RegList(&[]);
        Inst::CallClosure { closure: Reg(0), args: none, results: none }.encode(&mut code);
        Function { code, ..Function::default() }
    }

    fn seen(targets: &Targets, function: &Function) -> (Vec<(u32, u32)>, u32) {
        let sites = targets.seen(function);
        let Some(site) = sites.first() else { return (Vec::new(), 0) };
        let func = |target| match target {
            Target::Function(func) => func,
            Target::Type(_) => panic!("a closure is called"),
        };
        (site.targets.iter().map(|&(target, count)| (func(target), count)).collect(), site.rest)
    }

    #[test]
    fn one_target_is_counted_in_its_word() {
        let (function, targets) = (caller(), Targets::default());
        assert_eq!(seen(&targets, &function).0, []);
        (0..5).for_each(|_| targets.note(&function, 0, 7));
        assert_eq!(seen(&targets, &function), (vec![(7, 5)], 0));
        (0..1000).for_each(|_| targets.note(&function, 0, 7));
        assert_eq!(seen(&targets, &function), (vec![(7, MAX_COUNT as u32)], 0));
    }

    #[test]
    fn several_targets_stand_in_a_row() {
        let (function, targets) = (caller(), Targets::default());
        for i in 0..300 {
            targets.note(&function, 0, [7, 8, 9][i % 3]);
        }
        let (row, rest) = seen(&targets, &function);
        assert_eq!((row.iter().map(|(func, _)| *func).collect::<Vec<_>>(), rest), (vec![7, 8, 9], 0));
        assert!(row.iter().all(|&(_, count)| count >= 90));
        for func in 0..50 {
            targets.note(&function, 0, 100 + func);
        }
        let (row, rest) = seen(&targets, &function);
        assert!(row.len() == MOST && rest >= 40);
    }

    #[test]
    fn what_compiled_code_reports_is_news_once() {
        let (function, targets) = (caller(), Targets::default());
        (0..9).for_each(|_| targets.note(&function, 0, 5));
        assert_eq!(targets.guess_again(&function, 0, 7), News::Target);
        assert_eq!(seen(&targets, &function).0, [(5, 9), (7, REPORTED as u32)]);
        assert_eq!(targets.guess_again(&function, 0, 7), News::Old, "older code misses on");
        (8..12).for_each(|func| assert_eq!(targets.guess_again(&function, 0, func), News::Target));
        assert_eq!(targets.guess_again(&function, 0, 12), News::NoPlace);
        assert!(targets.give_up(&function, 0) && !targets.give_up(&function, 0));
        assert_eq!(targets.guess_again(&function, 0, 13), News::Old);
        assert_eq!(seen(&targets, &function).1, TOO_MANY);
    }

    #[test]
    fn a_call_that_was_never_interpreted_is_reported_too() {
        let (function, targets) = (caller(), Targets::default());
        assert_eq!(targets.guess_again(&function, 0, 7), News::Target);
        assert_eq!(seen(&targets, &function).0, [(7, REPORTED as u32)]);
    }
}
