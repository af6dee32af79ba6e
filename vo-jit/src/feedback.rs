//! What the interpreter has seen at calls and conditional jumps, for the translation to ask. Calls that it has hardly
//! seen are counted by compiled code, which reports one target in many: so code that was compiled before it ran learns too.
//!
//! It is a guess about the future, never a fact: code that relies on it is guarded, and a guard that fails takes the
//! ordinary call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use vo_runtime::code::{BranchSeen, Entries, SiteSeen, Target};

/// How often a target must have been seen to be called likely.
const LIKELY: u32 = 4;
/// What was seen less often than this part of the most frequent target is not guarded for.
const RARE: u32 = 32;
/// A call that has gone to other targets in more than this part of the cases is not guarded.
const OTHERS: u32 = 8;

/// Looks at a conditional jump that tell which way it goes.
const LOOKS: u32 = 32;
/// A way that was taken in less than one of so many cases is not expected.
const SELDOM: u32 = 32;
/// The same of a way that is never taken.
const NEVER: u32 = 512;

/// Misses of a guard, or calls that go to nobody knows what, after which the machine is told.
pub(crate) const MISSES: i64 = 5000;

/// A word for each guard, in which it counts its misses, and for each call that has none yet. Machine code has their addresses.
#[derive(Default)]
pub(crate) struct Misses(Mutex<Vec<Box<[u64]>>>, AtomicUsize);

impl Misses {
    const CHUNK: usize = 128;

    /// The address of a new word, 0 at first.
    pub(crate) fn new_word(&self) -> u64 {
        let mut chunks = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = self.1.fetch_add(1, Ordering::Relaxed);
        if at == chunks.len() * Self::CHUNK {
            chunks.push(vec![0; Self::CHUNK].into_boxed_slice());
        }
        let chunk = chunks.last_mut().expect("internal error: a chunk was just made");
        chunk.as_mut_ptr() as u64 + 8 * (at % Self::CHUNK) as u64
    }
}

/// The feedback on one function: a snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feedback {
    sites: HashMap<u32, SiteSeen>,
    branches: HashMap<u32, Bias>,
}

/// Where a conditional jump goes nearly always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bias {
    /// Whether it jumps, or goes on.
    pub(crate) jumps: bool,
    /// Whether the other way is never taken, as far as can be told.
    pub(crate) always: bool,
}

impl Bias {
    fn of(seen: &BranchSeen) -> Option<Bias> {
        let all = seen.jumped + seen.went_on;
        let other = seen.jumped.min(seen.went_on);
        let expected = all >= LOOKS && other * SELDOM < all;
        expected.then(|| Bias { jumps: seen.jumped > seen.went_on, always: other * NEVER < all })
    }
}

/// What a call goes to, as far as it is known.
enum Calls {
    /// It has hardly run where that is noted.
    Unseen,
    /// The most frequent first.
    Likely(Vec<Target>),
    TooMany,
}

impl Feedback {
    fn new(seen: Vec<SiteSeen>, branches: &[BranchSeen]) -> Feedback {
        let biased = |seen: &BranchSeen| Some((seen.pc, Bias::of(seen)?));
        let branches = branches.iter().filter_map(biased).collect();
        Feedback { sites: seen.into_iter().map(|site| (site.pc, site)).collect(), branches }
    }

    /// What the call at code offset `pc` goes to.
    fn calls(&self, pc: u32) -> Calls {
        let Some(site) = self.sites.get(&pc) else { return Calls::Unseen };
        let (all, most) = site.targets.iter().fold((0, 0), |(all, most), &(_, n)| (all + n, most.max(n)));
        if all < LIKELY {
            return Calls::Unseen;
        }
        if site.rest > all / OTHERS {
            return Calls::TooMany;
        }
        let mut likely: Vec<(Target, u32)> =
            site.targets.iter().copied().filter(|(_, n)| *n > most / RARE).collect();
        likely.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        Calls::Likely(likely.into_iter().map(|(target, _)| target).collect())
    }

    fn likely(&self, pc: u32) -> Vec<Target> {
        match self.calls(pc) {
            Calls::Likely(targets) => targets,
            Calls::Unseen | Calls::TooMany => Vec::new(),
        }
    }
}

/// The feedback on all functions, read from the machine when it is asked for, once for each unit.
pub(crate) struct Seen<'a> {
    entries: Option<&'a dyn Entries>,
    /// That of the machine's guesses with which this began.
    edition: u32,
    read: RefCell<HashMap<u32, Rc<Feedback>>>,
}

impl<'a> Seen<'a> {
    /// What the machine has seen.
    pub(crate) fn by(entries: &'a dyn Entries) -> Seen<'a> {
        Seen { entries: Some(entries), edition: entries.edition(), read: RefCell::default() }
    }

    /// Where nothing has run.
    pub(crate) fn nothing() -> Seen<'a> {
        Seen { entries: None, edition: 0, read: RefCell::default() }
    }

    pub(crate) fn edition(&self) -> u32 {
        self.edition
    }

    fn of(&self, func: u32) -> Rc<Feedback> {
        let read = || {
            let seen = self.entries.map(|entries| (entries.seen(func), entries.branches(func)));
            let (calls, branches) = seen.unwrap_or_default();
            Rc::new(Feedback::new(calls, &branches))
        };
        self.read.borrow_mut().entry(func).or_insert_with(read).clone()
    }

    /// The functions that the closure call at a function's code offset most likely calls.
    pub(crate) fn likely_functions(&self, func: u32, pc: u32) -> Vec<u32> {
        let function = |target| match target {
            Target::Function(func) => Some(func),
            Target::Type(_) => None,
        };
        self.of(func).likely(pc).into_iter().filter_map(function).collect()
    }

    /// The type words of the values that the interface call at a function's code offset most likely has.
    pub(crate) fn likely_types(&self, func: u32, pc: u32) -> Vec<u64> {
        let word = |target| match target {
            Target::Type(word) => Some(word),
            Target::Function(_) => None,
        };
        self.of(func).likely(pc).into_iter().filter_map(word).collect()
    }

    /// Whether it is still to be found out what the call at a function's code offset goes to: compiled code is asked.
    pub(crate) fn is_unseen(&self, func: u32, pc: u32) -> bool {
        self.entries.is_some() && matches!(self.of(func).calls(pc), Calls::Unseen)
    }

    /// Where the conditional jump at a function's code offset goes nearly always.
    pub(crate) fn bias(&self, func: u32, pc: u32) -> Option<Bias> {
        self.of(func).branches.get(&pc).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vo_runtime::code::NativeEntry;

    struct Machine;

    impl Entries for Machine {
        fn install(&self, _: u32, _: NativeEntry) {}
        fn install_continuation(&self, _: u32, _: u32, _: NativeEntry) {}
        fn count_again(&self, _: u32, _: u32) {}
        fn calls(&self, _: u32) -> u32 {
            0
        }
        fn seen(&self, func: u32) -> Vec<SiteSeen> {
            let site = |pc, targets: &[(Target, u32)], rest| SiteSeen { pc, targets: targets.to_vec(), rest };
            let [a, b, c] = [7, 8, 9].map(Target::Function);
            match func {
                3 => vec![
                    site(4, &[(a, 200)], 0),
                    site(20, &[(b, 1)], 0),
                    site(40, &[(Target::Type(0x1000), 9)], 0),
                    site(50, &[(a, 20), (b, 90), (c, 2)], 3),
                    site(60, &[(a, 20), (b, 90), (c, 50)], 100),
                ],
                _ => Vec::new(),
            }
        }
        fn edition(&self) -> u32 {
            0
        }
        fn branches(&self, func: u32) -> Vec<BranchSeen> {
            let seen = |pc, jumped, went_on| BranchSeen { pc, jumped, went_on };
            match func {
                3 => vec![seen(0, 10, 0), seen(8, 0, 40), seen(16, 1000, 3), seen(24, 20, 30)],
                _ => Vec::new(),
            }
        }
    }

    #[test]
    fn a_jump_has_a_bias_where_it_was_seen_often_enough() {
        let seen = Seen::by(&Machine);
        let bias = |jumps, always| Some(Bias { jumps, always });
        assert_eq!(
            [0, 8, 16, 24, 32].map(|pc| seen.bias(3, pc)),
            [None, bias(false, true), bias(true, false), None, None]
        );
    }

    #[test]
    fn what_was_seen_too_seldom_is_not_likely() {
        let seen = Seen::by(&Machine);
        assert_eq!(seen.likely_functions(3, 4), [7]);
        assert_eq!(seen.likely_functions(3, 20), []);
        assert_eq!((seen.likely_types(3, 40), seen.likely_functions(3, 40)), (vec![0x1000], vec![]));
        assert_eq!((seen.likely_types(3, 5), seen.likely_functions(4, 4)), (vec![], vec![]));
        assert_eq!(Seen::nothing().likely_functions(3, 4), []);
        assert_eq!([4, 20, 40, 60, 70].map(|pc| seen.is_unseen(3, pc)), [false, true, false, false, true]);
        assert!(!Seen::nothing().is_unseen(3, 4), "nobody could be told");
    }

    #[test]
    fn a_call_has_several_likely_targets_or_too_many() {
        let seen = Seen::by(&Machine);
        assert_eq!(seen.likely_functions(3, 50), [8, 7]);
        assert_eq!(seen.likely_functions(3, 60), []);
    }
}
