//! What the interpreter has seen at calls, for the translation to ask.
//!
//! It is a guess about the future, never a fact: code that relies on it is guarded, and a guard that fails takes the
//! ordinary call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use vo_runtime::code::{Entries, SiteSeen, Target};

/// How much oftener than others a target must have been seen to be called likely.
const LIKELY: u32 = 4;

/// Misses of a guard after which the machine is told.
pub(crate) const MISSES: i64 = 5000;

/// A word for each guard, in which it counts its misses. Machine code has their addresses.
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
}

impl Feedback {
    fn new(seen: Vec<SiteSeen>) -> Feedback {
        Feedback { sites: seen.into_iter().map(|site| (site.pc, site)).collect() }
    }

    /// What the call at code offset `pc` most likely goes to.
    fn likely(&self, pc: u32) -> Option<Target> {
        self.sites.get(&pc).filter(|site| site.lead >= LIKELY).map(|site| site.target)
    }
}

/// The feedback on all functions, read from the machine when it is asked for, once for each unit.
pub(crate) struct Seen<'a> {
    entries: Option<&'a dyn Entries>,
    read: RefCell<HashMap<u32, Rc<Feedback>>>,
}

impl<'a> Seen<'a> {
    /// What the machine has seen.
    pub(crate) fn by(entries: &'a dyn Entries) -> Seen<'a> {
        Seen { entries: Some(entries), read: RefCell::default() }
    }

    /// Where nothing has run.
    pub(crate) fn nothing() -> Seen<'a> {
        Seen { entries: None, read: RefCell::default() }
    }

    fn of(&self, func: u32) -> Rc<Feedback> {
        let read = || {
            let seen = self.entries.map(|entries| entries.seen(func));
            Rc::new(Feedback::new(seen.unwrap_or_default()))
        };
        self.read.borrow_mut().entry(func).or_insert_with(read).clone()
    }

    /// The function that the closure call at a function's code offset most likely calls.
    pub(crate) fn likely_function(&self, func: u32, pc: u32) -> Option<u32> {
        match self.of(func).likely(pc)? {
            Target::Function(func) => Some(func),
            Target::Type(_) => None,
        }
    }

    /// The type word of the value that the interface call at a function's code offset most likely has.
    pub(crate) fn likely_type(&self, func: u32, pc: u32) -> Option<u64> {
        match self.of(func).likely(pc)? {
            Target::Type(word) => Some(word),
            Target::Function(_) => None,
        }
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
        fn calls(&self, _: u32) -> u32 {
            0
        }
        fn seen(&self, func: u32) -> Vec<SiteSeen> {
            let site = |pc, target, lead| SiteSeen { pc, target, lead };
            match func {
                3 => vec![
                    site(4, Target::Function(7), 200),
                    site(20, Target::Function(8), 1),
                    site(40, Target::Type(0x1000), 9),
                ],
                _ => Vec::new(),
            }
        }
    }

    #[test]
    fn what_was_seen_too_seldom_is_not_likely() {
        let seen = Seen::by(&Machine);
        assert_eq!(seen.likely_function(3, 4), Some(7));
        assert_eq!(seen.likely_function(3, 20), None);
        assert_eq!((seen.likely_type(3, 40), seen.likely_function(3, 40)), (Some(0x1000), None));
        assert_eq!((seen.likely_type(3, 5), seen.likely_function(4, 4)), (None, None));
        assert_eq!(Seen::nothing().likely_function(3, 4), None);
    }
}
