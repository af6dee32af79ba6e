//! The thread that compiles what is hot, while the program runs.
//!
//! It takes all requests that have gathered, adds to each the functions that it calls and that are warm, and
//! compiles them, the shorter ones first: so callees come with their callers, and what is quickly done does not wait for what takes long.
//! Of a function that has hardly been called and is in a long loop one continuation is made, which has that loop and those around it.
//! What will be wanted later, if at all, it puts off until nothing else is asked for: the rest of a turn in a function that is called all
//! the time. Where nothing is asked for it gives back what compiling took. It ends with the program.

use crate::compile::panic_text;
use crate::program::{Inner, Queue, lock};
use crate::translate::Entry;
use crate::workshop::{Spec, WARM_CALLS, Workshop};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use vo_bytecode::Inst;
use vo_bytecode::inst::instructions;
use vo_runtime::code::Wanted;

/// Units of a batch at most: more wait for the next, so that the first is there soon.
const BATCH: usize = 24;

/// Code units that are compiled before their code is installed, unless one function has more.
const PART: usize = 400;

/// After so long without requests the compiler gives its memory back. It has it again in less than this.
const IDLE: Duration = Duration::from_millis(5);

/// Compiles until the program is dropped.
pub(crate) fn run(inner: &Inner) {
    let workshop = lock(&inner.workshop).take();
    let made = workshop.map_or_else(|| Workshop::new(inner), Ok);
    let mut workshop = match made {
        Ok(workshop) => workshop,
        Err(error) => return inner.fail(0, error),
    };
    let mut plan = Plan::default();
    plan.planned.extend(workshop.compiled.iter().map(|&func| Spec { func, entry: Entry::Start }));
    while let Some(requests) = next_requests(inner, &mut workshop, plan.later.is_empty()) {
        let batch = match requests.is_empty() {
            true => std::mem::take(&mut plan.later),
            false => plan.requested(inner, &requests),
        };
        let mut batch = plan.with_callees(inner, batch);
        batch.sort_by_cached_key(|spec| length(inner, spec.func));
        for part in parts(batch, |spec| length(inner, spec.func)) {
            if let Err(error) = compile(inner, &mut workshop, &part) {
                return inner.fail(part[0].func, error);
            }
        }
    }
}

/// Compiles a batch.
///
/// # Errors
/// There is no compiler any more.
fn compile(inner: &Inner, workshop: &mut Workshop, batch: &[Spec]) -> Result<(), String> {
    let work = AssertUnwindSafe(|| workshop.compile_batch(inner, batch));
    if let Err(panic) = catch_unwind(work) {
        // Nothing of the batch is installed by then, or all that matters is: its functions are interpreted.
        let func = batch.first().map_or(0, |spec| spec.func);
        inner.fail(func, panic_text(&*panic));
        *workshop = Workshop::new(inner)?;
    }
    Ok(())
}

/// Whether the continuation of an inner or later loop of the function is asked for as well: the one has the outer loop's turns too, the other
/// is where the function is by now.
fn is_later_or_inner(requests: &[Wanted], func: u32, point: u32) -> bool {
    requests.iter().any(|other| match *other {
        Wanted::Continuation { func: its, point: other } => its == func && other > point,
        _ => false,
    })
}

/// Code units of a function.
fn length(inner: &Inner, func: u32) -> usize {
    inner.link.module.functions[func as usize].code.len()
}

/// Cuts a batch into parts of some length each, which are compiled and installed one after the other.
fn parts(batch: Vec<Spec>, length: impl Fn(&Spec) -> usize) -> Vec<Vec<Spec>> {
    let mut parts: Vec<Vec<Spec>> = Vec::new();
    let mut room = 0;
    for spec in batch {
        let length = length(&spec);
        match parts.last_mut().filter(|_| length <= room) {
            Some(part) => part.push(spec),
            None => {
                parts.push(vec![spec]);
                room = PART;
            }
        }
        room = room.saturating_sub(length);
    }
    parts
}

/// Takes requests, and waits for some where it should; `None` where the program is being dropped.
fn next_requests(inner: &Inner, workshop: &mut Workshop, wait: bool) -> Option<Vec<Wanted>> {
    let is_idle = |queue: &mut Queue| wait && queue.requests.is_empty() && !queue.stop;
    let waited = inner.ready.wait_timeout_while(lock(&inner.queue), IDLE, is_idle);
    let (mut queue, waited) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
    if waited.timed_out() {
        drop(queue);
        workshop.rest(inner);
        let waited = inner.ready.wait_while(lock(&inner.queue), is_idle);
        queue = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
    }
    if queue.stop {
        return None;
    }
    let n = queue.requests.len().min(BATCH);
    Some(queue.requests.drain(..n).collect())
}

/// What has been asked for.
#[derive(Default)]
struct Plan {
    /// What needs no asking again: it is compiled, or will be.
    planned: HashSet<Spec>,
    /// What is compiled when nothing else is asked for.
    later: Vec<Spec>,
}

impl Plan {
    /// Whether a unit is to be put into the batch that is being made.
    fn take(&mut self, spec: Spec) -> bool {
        let waits = self.later.iter().position(|&later| later == spec);
        waits.map(|at| self.later.swap_remove(at)).is_some() || self.planned.insert(spec)
    }

    fn put_off(&mut self, spec: Spec) {
        if self.planned.insert(spec) {
            self.later.push(spec);
        }
    }

    /// The units that are asked for now.
    fn requested(&mut self, inner: &Inner, requests: &[Wanted]) -> Vec<Spec> {
        let mut batch = Vec::new();
        let mut again = HashSet::new();
        for &wanted in requests {
            let spec = match wanted {
                Wanted::Function { func } => Spec { func, entry: Entry::Start },
                Wanted::Again { func, point } => {
                    again.insert(Spec { func, entry: point.map_or(Entry::Start, Entry::Point) });
                    continue;
                }
                Wanted::Continuation { func, point } => {
                    let start = Spec { func, entry: Entry::Start };
                    let rest = Spec { func, entry: Entry::Point(point) };
                    // Who goes on in a function often will be called often too, now or at some time.
                    if inner.entries.calls(func) >= WARM_CALLS {
                        self.put_off(rest);
                        start
                    } else if is_later_or_inner(requests, func, point) {
                        inner.entries.count_again(func, point);
                        continue;
                    } else {
                        rest
                    }
                }
            };
            if self.take(spec) {
                batch.push(spec);
            }
        }
        batch.extend(again);
        batch
    }

    /// A batch with the warm functions that its units call.
    fn with_callees(&mut self, inner: &Inner, mut batch: Vec<Spec>) -> Vec<Spec> {
        let mut at = 0;
        while at < batch.len() && batch.len() < BATCH {
            for func in callees(inner, batch[at].func) {
                let spec = Spec { func, entry: Entry::Start };
                if inner.entries.calls(func) >= WARM_CALLS && self.take(spec) {
                    batch.push(spec);
                }
            }
            at += 1;
        }
        batch
    }
}

/// The functions that a function calls directly.
fn callees(inner: &Inner, func: u32) -> Vec<u32> {
    let function = &inner.link.module.functions[func as usize];
    let called = instructions(&function.code).flatten().filter_map(|(_, inst)| match inst {
        Inst::Call { func, .. } => Some(func),
        _ => None,
    });
    called.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_where_much_has_come_together() {
        let batch: Vec<Spec> = (1..6).map(|func| Spec { func, entry: Entry::Start }).collect();
        let parts = parts(batch, |spec| spec.func as usize * PART / 4);
        let funcs: Vec<Vec<u32>> = parts.iter().map(|p| p.iter().map(|spec| spec.func).collect()).collect();
        assert_eq!(funcs, [vec![1, 2], vec![3], vec![4], vec![5]]);
    }

    #[test]
    fn the_later_of_two_loops_is_wanted() {
        let wanted = [3, 5].map(|point| Wanted::Continuation { func: 7, point });
        assert!(is_later_or_inner(&wanted, 7, 3) && !is_later_or_inner(&wanted, 7, 5));
        assert!(!is_later_or_inner(&wanted, 8, 3));
    }

    #[test]
    fn what_was_put_off_is_taken_when_it_is_asked_for() {
        let mut plan = Plan::default();
        let [a, b] = [1, 2].map(|func| Spec { func, entry: Entry::Start });
        plan.put_off(a);
        plan.put_off(a);
        assert_eq!(plan.later, [a]);
        assert!(plan.take(a) && plan.later.is_empty());
        assert!(!plan.take(a), "it is in a batch");
        assert!(plan.take(b) && !plan.take(b));
        plan.put_off(b);
        assert!(plan.later.is_empty());
    }
}
