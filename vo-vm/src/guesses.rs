//! Guesses of compiled code that turned out wrong, and what follows from that.
//!
//! Compiled code counts what it did not expect: calls that go elsewhere, or of which nothing was known, and jumps that go where they
//! never went. It reports one in some thousand ([`Guesses::report`]). Where a report says something new of its site, the *edition*
//! of the guesses grows and the unit that reports is compiled again. Each unit knows the edition that it was made with:
//!
//! * One that reports what is known by now, but was made before it was, is compiled again too: a site may be in several units, translated
//!   in place.
//! * One that goes on reporting after that runs in a loop that does not end. Its fiber suspends at the next safepoint, and
//!   goes on in newer code, now and then less often.
//!
//! Reports are rare, so one lock does.

use crate::branches::is_conditional;
use crate::machine::Machine;
use crate::program::Code;
use crate::targets::News;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use vo_runtime::code::Wanted;
use vo_sched::PREEMPT;

/// A jump that goes where it never went, or a call that has too many targets, is worth new code if two reports of it are not
/// further apart. What comes as often in a long time only costs nothing worth new code.
const SOON: Duration = Duration::from_millis(1);

/// When a fiber leaves a unit's code first, after that was asked for anew. Then twice as late each time.
const LEAVE: Duration = Duration::from_millis(10);

/// A function, and a code offset in it.
pub(crate) type SiteKey = (u32, u32);

/// A function, and the suspend point behind which the unit begins, if it is a continuation.
pub(crate) type UnitKey = (u32, Option<u32>);

/// The wrong guesses of a program.
#[derive(Default)]
pub(crate) struct Guesses {
    edition: AtomicU32,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    sites: HashMap<SiteKey, Site>,
    units: HashMap<UnitKey, Unit>,
}

#[derive(Default)]
struct Site {
    /// The edition that has brought news of it. 0: none.
    news: u32,
    last: Option<Instant>,
}

struct Unit {
    /// The edition when it was last asked for.
    asked: u32,
    leave: Instant,
    interval: Duration,
}

/// What follows from a report.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    /// The unit is to be compiled again.
    Again,
    /// That has been asked for: the fiber is to leave the code it is in.
    Leave,
}

impl Guesses {
    /// How many guesses have been changed by now.
    pub(crate) fn edition(&self) -> u32 {
        self.edition.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A unit of edition `made` reports of a site. `look` answers whether that is news, told whether the report before was a moment ago.
    fn report(
        &self,
        site: SiteKey,
        (unit, made): (UnitKey, u32),
        now: Instant,
        look: impl FnOnce(bool) -> bool,
    ) -> Answer {
        let mut known = self.lock();
        let Known { sites, units } = &mut *known;
        let site = sites.entry(site).or_default();
        let soon = site.last.replace(now).is_some_and(|last| now - last < SOON);
        if look(soon) {
            site.news = self.edition.fetch_add(1, Relaxed) + 1;
        } else if made >= site.news {
            return Answer::Nothing;
        }
        let edition = self.edition();
        let asked = units.entry(unit).or_insert(Unit { asked: 0, leave: now, interval: LEAVE });
        if asked.asked < site.news {
            *asked = Unit { asked: edition, leave: now + LEAVE, interval: 2 * LEAVE };
            return Answer::Again;
        }
        if now < asked.leave {
            return Answer::Nothing;
        }
        asked.leave = now + asked.interval;
        asked.interval *= 2;
        Answer::Leave
    }
}

impl Machine {
    /// The running code, the unit of edition `made`, reports that the call at `site` goes to `target`, or that the jump there goes where it
    /// never went.
    #[cold]
    pub(crate) fn guessed_wrong(&mut self, site: SiteKey, target: u64, unit: UnitKey, made: u32) {
        let code = self.program().code(site.0);
        let answer = self.program().guesses().report(site, (unit, made), Instant::now(), |soon| {
            if is_conditional(&code.decode(site.1).0) {
                soon && code.tier.branches.level(site.1)
            } else {
                is_news_of_call(code, site.1, target, soon)
            }
        });
        match answer {
            Answer::Nothing => {}
            Answer::Again => self.want(Wanted::Again { func: unit.0, point: unit.1 }),
            Answer::Leave => {
                let interrupt = self.worker().interrupt();
                interrupt.fetch_or(PREEMPT, Relaxed);
            }
        }
    }
}

fn is_news_of_call(code: &Code, pc: u32, target: u64, soon: bool) -> bool {
    let (targets, function) = (&code.tier.targets, code.function());
    match targets.guess_again(function, pc, target) {
        News::Target => true,
        News::NoPlace => soon && targets.give_up(function, pc),
        News::Old => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: SiteKey = (1, 8);
    const UNIT: UnitKey = (5, None);

    #[test]
    fn news_has_the_unit_compiled_again_and_old_news_does_not() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        assert_eq!(guesses.report(SITE, (UNIT, 0), now, |_| true), Answer::Again);
        assert_eq!(guesses.edition(), 1);
        assert_eq!(guesses.report(SITE, (UNIT, 1), now, |_| false), Answer::Nothing, "made with the news");
    }

    #[test]
    fn another_unit_with_the_same_site_is_compiled_again_too() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let other = (6, Some(2));
        guesses.report(SITE, (UNIT, 0), now, |_| true);
        assert_eq!(guesses.report(SITE, (other, 0), now, |_| false), Answer::Again);
        assert_eq!(
            guesses.report(SITE, (other, 0), now, |_| false),
            Answer::Nothing,
            "it has been asked for"
        );
        guesses.report((9, 9), (UNIT, 1), now, |_| true);
        assert_eq!(guesses.report(SITE, (other, 0), now, |_| false), Answer::Nothing, "of another site");
    }

    #[test]
    fn who_stays_in_old_code_leaves_it_ever_less_often() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        let at = |millis: u64| start + Duration::from_millis(millis);
        let old = |millis| guesses.report(SITE, (UNIT, 0), at(millis), |_| false);
        guesses.report(SITE, (UNIT, 0), start, |_| true);
        let answers = [5, 10, 11, 29, 30, 69, 70].map(old);
        let [no, leave] = [|| Answer::Nothing, || Answer::Leave];
        assert_eq!(answers, [no(), leave(), no(), no(), leave(), no(), leave()]);
    }

    #[test]
    fn reports_that_follow_each_other_soon_are_told_so() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let mut soon = Vec::new();
        for micros in [0, 500, 1400, 5000] {
            let at = now + Duration::from_micros(micros);
            guesses.report(SITE, (UNIT, 0), at, |is_soon| {
                soon.push(is_soon);
                false
            });
        }
        assert_eq!(soon, [false, true, true, false]);
    }
}
