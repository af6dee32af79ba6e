//! What the interpreter has seen of a function, for the translation to ask.
//!
//! A snapshot is taken when a unit is compiled. It is a guess about the future, never a fact: code that relies on
//! it is guarded, and a guard that fails takes the ordinary call.

use std::collections::HashMap;
use vo_runtime::code::{Seen, SiteSeen};

/// How much oftener than others a target must have been seen to be called likely.
const LIKELY: u32 = 4;

/// The feedback on one function.
#[derive(Clone, Debug, Default)]
pub struct Feedback {
    sites: HashMap<u32, SiteSeen>,
}

impl Feedback {
    /// From what was seen at the function's calls.
    pub(crate) fn new(seen: Vec<SiteSeen>) -> Feedback {
        Feedback { sites: seen.into_iter().map(|site| (site.pc, site)).collect() }
    }

    /// The function that the closure call at code offset `pc` most likely calls.
    pub fn likely_function(&self, pc: u32) -> Option<u32> {
        match self.likely(pc)? {
            Seen::Function(func) => Some(func),
            Seen::Type(_) => None,
        }
    }

    /// The type word of the value that the interface call at code offset `pc` most likely has.
    pub fn likely_type(&self, pc: u32) -> Option<u64> {
        match self.likely(pc)? {
            Seen::Type(word) => Some(word),
            Seen::Function(_) => None,
        }
    }

    fn likely(&self, pc: u32) -> Option<Seen> {
        self.sites.get(&pc).filter(|site| site.lead >= LIKELY).map(|site| site.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_too_seldom_is_not_likely() {
        let site = |pc, target, lead| SiteSeen { pc, target, lead };
        let feedback = Feedback::new(vec![
            site(4, Seen::Function(7), 200),
            site(20, Seen::Function(8), 1),
            site(40, Seen::Type(0x1000), 9),
        ]);
        assert_eq!(feedback.likely_function(4), Some(7));
        assert_eq!(feedback.likely_function(20), None);
        assert_eq!((feedback.likely_type(40), feedback.likely_function(40)), (Some(0x1000), None));
        assert_eq!(feedback.likely_type(5), None);
    }
}
