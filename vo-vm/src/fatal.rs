//! Fatal errors: the end of the program with "fatal error: " and the traces of its fibers.

use crate::end::{Fatal, IslandEnd, Reason};
use crate::fiber::VoFiber;
use crate::interp::Site;
use crate::machine::Machine;
use crate::trace;
use crate::vm::Shared;
use std::fmt::Write;
use vo_sched::FiberRef;

/// Ends the program. `site` is where the running fiber is, if it has frames that are no records.
#[cold]
pub(crate) fn end_with(m: &mut Machine, site: Option<Site>, error: Fatal) {
    let mut out = String::new();
    if error == Fatal::StackOverflow {
        let limit = m.vm.max_stack(None);
        // Go's limit, which ours stands for, is a round number.
        let shown = if limit == 1 << 30 { 1_000_000_000 } else { limit };
        let _ = writeln!(out, "runtime: goroutine stack exceeds {shown}-byte limit");
    }
    let _ = write!(out, "fatal error: {error}\n\n");
    let (program, fiber) = (m.program(), m.fiber());
    let _ = writeln!(out, "goroutine {} [running]:", m.fiber_ref().id());
    match site {
        Some(site) => trace::write_sites(&mut out, program, trace::running_sites(m, site)),
        None => trace::write_sites(&mut out, program, trace::saved_sites(program, &fiber.saved, true)),
    }
    trace::write_creator(&mut out, program, (fiber.creator, fiber.created_at));
    let reason = if error.is_memory() { Reason::OutOfMemory } else { Reason::Failed };
    let text = format!("fatal error: {error}");
    m.end_island(IslandEnd { reason, text, trace: out });
}

/// No fiber can ever run again: called with no worker inside any world. The report is that of `before` where the main island's
/// goroutines wait as they did then: islands may have ended since because nothing reaches them.
pub(crate) fn deadlock(vm: &Shared, shared: &vo_sched::Shared, before: Option<Stuck>) {
    let now = stuck(vm, shared);
    vm.end(2, before.filter(|before| before.main == now.main).unwrap_or(now).report);
}

/// What a deadlock's report says.
pub(crate) struct Stuck {
    report: String,
    /// The part of it about the main island.
    main: String,
}

/// The report of a deadlock, if this is one: called with no worker inside any world.
pub(crate) fn stuck(vm: &Shared, shared: &vo_sched::Shared) -> Stuck {
    let mut parked: Vec<FiberRef> = Vec::new();
    shared.for_each_world(|world| world.for_each_fiber(|fiber| parked.push(fiber)));
    parked.sort_by_key(|fiber| fiber.id());
    let error = Fatal::Deadlock { main: !vm.main_has_left() };
    let mut stuck = Stuck { report: format!("fatal error: {error}\n"), main: String::new() };
    for fiber in parked {
        // SAFETY: no worker runs, so nobody else touches the fibers; all are of this crate, and their islands outlive them.
        let (fiber, in_main) = unsafe {
            let fiber = VoFiber::of(fiber);
            let in_main = (*fiber.island).is_main();
            (fiber, in_main)
        };
        let from = stuck.report.len();
        stuck.report.push('\n');
        trace::write_parked(&mut stuck.report, &vm.program, fiber);
        if in_main {
            stuck.main.push_str(&stuck.report[from..]);
        }
    }
    stuck
}
