//! The thread that compiles what is hot, while the program runs.
//!
//! It takes all requests that have gathered, adds to each the functions that it calls and that are warm, and
//! compiles them as one batch: so callees come with their callers. It ends with the program.

use crate::compile::panic_text;
use crate::program::{Inner, lock};
use crate::translate::Entry;
use crate::workshop::{Spec, Workshop};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use vo_bytecode::Inst;
use vo_bytecode::inst::instructions;
use vo_runtime::code::Wanted;

/// Units of a batch at most: more wait for the next, so that the first is there soon.
const BATCH: usize = 24;

/// Calls from which on a callee is compiled with its caller.
const WARM_CALLS: u32 = 10;

/// Compiles until the program is dropped.
pub(crate) fn run(inner: &Inner) {
    let workshop = lock(&inner.workshop).take();
    let made = workshop.map_or_else(|| Workshop::new(inner), Ok);
    let mut workshop = match made {
        Ok(workshop) => workshop,
        Err(error) => return inner.fail(0, error),
    };
    // What was asked for once is never asked for again.
    let mut planned: HashSet<Spec> = HashSet::new();
    planned.extend(workshop.compiled.iter().map(|&func| Spec { func, entry: Entry::Start }));
    while let Some(requests) = next_requests(inner) {
        let batch = plan(inner, &mut planned, &requests);
        let work = AssertUnwindSafe(|| workshop.compile_batch(inner, &batch));
        if let Err(panic) = catch_unwind(work) {
            // Nothing of the batch is installed by then, or all that matters is: its functions are interpreted.
            let func = batch.first().map_or(0, |spec| spec.func);
            inner.fail(func, panic_text(&*panic));
            match Workshop::new(inner) {
                Ok(new) => workshop = new,
                Err(error) => return inner.fail(func, error),
            }
        }
    }
}

/// Waits for requests; `None` where the program is being dropped.
fn next_requests(inner: &Inner) -> Option<Vec<Wanted>> {
    let mut queue = lock(&inner.queue);
    while queue.requests.is_empty() && !queue.stop {
        queue = inner.ready.wait(queue).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
    if queue.stop {
        return None;
    }
    let n = queue.requests.len().min(BATCH);
    Some(queue.requests.drain(..n).collect())
}

/// The units of a batch: what is asked for, and the warm functions that it calls.
fn plan(inner: &Inner, planned: &mut HashSet<Spec>, requests: &[Wanted]) -> Vec<Spec> {
    let mut batch = Vec::new();
    let mut again = HashSet::new();
    let add = |planned: &mut HashSet<Spec>, batch: &mut Vec<Spec>, spec: Spec| {
        if planned.insert(spec) {
            batch.push(spec);
        }
    };
    for &wanted in requests {
        match wanted {
            Wanted::Function { func } => {
                add(planned, &mut batch, Spec { func, entry: Entry::Start });
            }
            Wanted::Again { func, point } => {
                again.insert(Spec { func, entry: point.map_or(Entry::Start, Entry::Point) });
            }
            Wanted::Continuation { func, point } => {
                let entry = Entry::Point(point);
                add(planned, &mut batch, Spec { func, entry });
                // Who goes on in a function often will be called often too.
                add(planned, &mut batch, Spec { func, entry: Entry::Start });
            }
        }
    }
    batch.extend(again);
    let mut at = 0;
    while at < batch.len() && batch.len() < BATCH {
        for callee in callees(inner, batch[at].func) {
            if inner.entries.calls(callee) >= WARM_CALLS {
                add(planned, &mut batch, Spec { func: callee, entry: Entry::Start });
            }
        }
        at += 1;
    }
    batch
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
