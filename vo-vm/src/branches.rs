//! Which way the conditional jumps of a function go.
//!
//! Each jump has a word with two counts: how often it was seen to jump, and to go on. Not every turn is seen: the
//! machine looks at bursts of jumps, which begin at some loop headers and some calls (see [`crate::tier`]).
//!
//! Counts are approximate: workers that count at once may lose some. All this is a guess about the future, never a fact.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use vo_bytecode::inst::instructions;
use vo_bytecode::{Function, Inst};
use vo_runtime::code::BranchSeen;

/// Code units for each word: no conditional jump is shorter.
const UNITS_PER_SITE: usize = 4;

/// The largest count. Where one of the two has come to it, neither grows any more.
const MAX: u32 = 0xffff;

/// The word of a jump that goes both ways, whatever was seen at first.
const LEVEL: u32 = MAX << 16 | MAX;

/// What is known of a function's conditional jumps. A word has in its low half how often it jumped, in the other how often
/// it went on.
#[derive(Default)]
pub(crate) struct Branches(OnceLock<Box<[AtomicU32]>>);

/// Whether an instruction jumps or goes on.
pub(crate) fn is_conditional(inst: &Inst<'_>) -> bool {
    let mut labels = 0;
    inst.for_each_label(|_| labels += 1);
    labels == 1 && !matches!(inst, Inst::Jump { .. } | Inst::JumpTable { .. })
}

impl Branches {
    /// Notes which way the jump at `pc` goes, as often as `weight` says.
    pub(crate) fn note(&self, function: &Function, pc: u32, taken: bool, weight: u32) {
        let make = || {
            let words = function.code.len() / UNITS_PER_SITE + 1;
            (0..words).map(|_| AtomicU32::new(0)).collect()
        };
        let place = &self.0.get_or_init(make)[pc as usize / UNITS_PER_SITE];
        let word = place.load(Relaxed);
        let (jumped, went_on) = (word & MAX, word >> 16);
        if jumped.max(went_on) <= MAX - weight {
            place.store(word + if taken { weight } else { weight << 16 }, Relaxed);
        }
    }

    /// Code was laid out on what the jump at `pc` had seen, and is wrong too often. Answers whether that is news.
    pub(crate) fn level(&self, pc: u32) -> bool {
        let word = self.0.get().and_then(|words| words.get(pc as usize / UNITS_PER_SITE));
        word.is_some_and(|word| word.swap(LEVEL, Relaxed) != LEVEL)
    }

    /// What the jumps have seen, those that were looked at.
    pub(crate) fn seen(&self, function: &Function) -> Vec<BranchSeen> {
        let Some(words) = self.0.get() else { return Vec::new() };
        let jumps = instructions(&function.code).flatten().filter(|(_, inst)| is_conditional(inst));
        let seen = jumps.map(|(pc, _)| {
            let word = words[pc as usize / UNITS_PER_SITE].load(Relaxed);
            BranchSeen { pc, jumped: word & MAX, went_on: word >> 16 }
        });
        seen.filter(|seen| seen.jumped + seen.went_on > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_bytecode::Reg;

    #[test]
    fn counts_stand_still_at_the_end_of_their_range() {
        let mut code = Vec::new();
        Inst::JumpIf { a: Reg(0), target: 0 }.encode(&mut code);
        Inst::JumpLtS { a: Reg(0), b: Reg(1), target: 0 }.encode(&mut code);
        Inst::Jump { target: 0 }.encode(&mut code);
        let second = instructions(&code).flatten().nth(1).map(|(pc, _)| pc).expect("there are three");
        let function = Function { code, ..Function::default() };
        let branches = Branches::default();
        assert_eq!(branches.seen(&function), []);
        assert!(!branches.level(second), "nothing was seen");
        (0..3).for_each(|_| branches.note(&function, 0, true, 1));
        (0..70_000).for_each(|i| branches.note(&function, second, i % 2 == 0, 1));
        let first = BranchSeen { pc: 0, jumped: 3, went_on: 0 };
        let seen = branches.seen(&function);
        assert_eq!(seen[0], first);
        assert_eq!((seen.len(), seen[1].pc), (2, second));
        assert!(seen[1].jumped <= MAX && seen[1].went_on <= MAX && seen[1].jumped > 30_000);
        (0..70_000).for_each(|_| branches.note(&function, 0, false, 1));
        assert_eq!(branches.seen(&function)[0], BranchSeen { pc: 0, jumped: 3, went_on: MAX });
        assert!(branches.level(0) && !branches.level(0), "older code is wrong on");
        assert_eq!(branches.seen(&function)[0], BranchSeen { pc: 0, jumped: MAX, went_on: MAX });
    }
}
