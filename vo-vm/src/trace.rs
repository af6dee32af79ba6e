//! Traces: the frames of a fiber, from its VM stack and its records, as Go's tracebacks name them.
//!
//! A *place number* stands for (function, code offset) where Go has a program counter.

use crate::compiled::Crossing;
use crate::fiber::VoFiber;
use crate::interp::Site;
use crate::island::home_of;
use crate::machine::Machine;
use crate::native::Caller;
use crate::ops::port::port_behind;
use crate::program::Program;
use crate::record::Record;
use crate::unwind::{PANIC_MARK, TraceSite};
use std::collections::VecDeque;
use std::fmt::Write;
use vo_bytecode::PointKind;
use vo_runtime::code::INLINED;
use vo_sched::FiberRef;

/// Frames printed of a trace: so many innermost ones and as many outermost ones.
const HALF_PRINTED: usize = 50;

/// The number that stands for a place. Never 0. As a return address in Go may be lessened by one to look up the call,
/// the number below stands for the same place.
pub(crate) fn place_number(func: u32, pc: u32) -> u64 {
    (u64::from(func) + 1) << 24 | u64::from(2 * pc.min((1 << 23) - 1) + 1)
}

/// What is below the program's own functions on a stack, as numbers of places and names: where Go's runtime has
/// called them.
const BOTTOM: [(u64, &str); 2] = [(3, "runtime.main"), (5, "runtime.goexit")];

/// The frame that a place number stands for.
pub(crate) fn place(program: &Program, number: u64) -> Option<Caller> {
    if let Some(&(number, name)) = BOTTOM.iter().find(|&&(known, _)| known == number | 1) {
        return Some(bottom(number, name));
    }
    let func = u32::try_from((number >> 24).checked_sub(1)?).ok()?;
    let pc = (number as u32 & 0xff_ffff) >> 1;
    (func as usize).lt(&program.codes().len()).then(|| caller(program, TraceSite { func, pc }))
}

fn bottom(number: u64, name: &str) -> Caller {
    Caller { function: name.to_owned(), file: "<std>/runtime/runtime.vo".to_owned(), line: 1, pc: number }
}

fn caller(program: &Program, site: TraceSite) -> Caller {
    let function = program.code(site.func).function();
    let (file, line) = function.line_at(site.pc);
    let file = program.module().files.get(file as usize).cloned().unwrap_or_default();
    Caller { function: function.name.clone(), file, line, pc: place_number(site.func, site.pc) }
}

/// The frames on the VM stack from a site on, innermost first.
pub(crate) fn live_sites(site: Site) -> impl Iterator<Item = TraceSite> {
    let mut next = Some(site);
    std::iter::from_fn(move || {
        let Site { w, pc } = next?;
        next = w.caller().map(|caller| Site { w: caller, pc: w.call_pc() });
        Some(TraceSite { func: w.code().index, pc })
    })
}

/// The frames that a fiber has saved, innermost first. Those that have not begun are left out, but for the
/// fiber's innermost one.
pub(crate) fn saved_sites<'a>(
    program: &'a Program,
    saved: &'a [u64],
    innermost: bool,
) -> impl Iterator<Item = TraceSite> + 'a {
    Record::all(program, saved)
        .enumerate()
        .filter(move |(i, record)| (*i == 0 && innermost) || record.point.kind != PointKind::Entry)
        .map(|(_, record)| TraceSite { func: record.code.index, pc: record.point.pc })
}

/// All frames of the fiber that runs.
pub(crate) fn running_sites(m: &Machine, site: Site) -> Vec<TraceSite> {
    let mut sites = Vec::new();
    let compiled = std::ptr::eq(site.w.code(), m.program().stub());
    if compiled {
        compiled_sites(m, m.context.last_frame, m.context.last_site, &mut sites);
    } else {
        sites.extend(live_sites(site));
    }
    for crossing in m.crossings.iter().rev() {
        match *crossing {
            Crossing::ToNative(None) => {}
            Crossing::ToNative(Some(site)) => sites.extend(live_sites(site)),
            Crossing::ToMachine { frame, site } => compiled_sites(m, frame, site, &mut sites),
        }
    }
    sites.extend(saved_sites(m.program(), &m.fiber().saved, false));
    sites
}

/// The compiled frames from one on that has called the machine, up to the machine's own. A frame begins with the
/// frame pointer of its caller and the address that it returns to.
fn compiled_sites(m: &Machine, mut frame: u64, site: u64, sites: &mut Vec<TraceSite>) {
    let Some(compiled) = m.program().compiled() else { return };
    let mut push = |mut site: (u32, u32)| {
        while site.0 & INLINED != 0 {
            let inlined = compiled.inlined(site.0 & !INLINED);
            let inlined = inlined.expect("internal error: an inlined site that is not there");
            sites.push(TraceSite { func: inlined.site.0, pc: inlined.site.1 });
            site = inlined.caller;
        }
        sites.push(TraceSite { func: site.0, pc: site.1 });
    };
    // The frame of a stub's door stands for no function.
    if site != u64::MAX {
        push((site as u32, (site >> 32) as u32));
    }
    // SAFETY: the frame pointers of compiled frames that are still on this thread's stack.
    while let Some(site) = compiled.place(unsafe { *(frame as *const u64).add(1) }) {
        push(site);
        // SAFETY: as above.
        frame = unsafe { *(frame as *const u64) };
    }
}

/// See [`crate::native::NativeCx::callers`].
pub(crate) fn callers(m: &Machine, site: Site, skip: usize, limit: usize) -> Vec<Caller> {
    let program = m.program();
    let shown = |s: &TraceSite| !program.code(s.func).flags.wrapper;
    let own = running_sites(m, site).into_iter().filter(shown).map(|s| caller(program, s));
    let below = &BOTTOM[usize::from(m.fiber_ref().id() != 1)..];
    let below = below.iter().map(|&(number, name)| bottom(number, name));
    own.chain(below).skip(skip).take(limit).collect()
}

/// The trace of the fiber that runs, without its innermost `skip` frames.
pub(crate) fn current(m: &Machine, site: Site, skip: usize) -> String {
    let mut out = format!("goroutine {} [running]:\n", m.fiber_ref().id());
    let sites = running_sites(m, site);
    write_sites(&mut out, m.program(), sites.into_iter().skip(skip));
    write_creator(&mut out, m.program(), (m.fiber().creator, m.fiber().created_at));
    out
}

/// Writes the traces of the island's fibers but the one that runs. The island is stopped.
pub(crate) fn write_others(out: &mut String, m: &Machine) {
    let mut fibers: Vec<FiberRef> = Vec::new();
    m.island().world().for_each_fiber(|fiber| fibers.push(fiber));
    fibers.sort_by_key(|fiber| fiber.id());
    for fiber in fibers.into_iter().filter(|&fiber| fiber != m.fiber_ref()) {
        out.push('\n');
        // SAFETY: the island is stopped, so its fibers stand still.
        write_parked(out, m.program(), unsafe { VoFiber::of(fiber) });
    }
}

/// The trace of a fiber that is on no worker, with what it waits for.
pub(crate) fn write_parked(out: &mut String, program: &Program, fiber: &VoFiber) {
    // SAFETY: a fiber's island outlives it.
    let island = unsafe { &*fiber.island };
    let place = if island.is_main() { String::new() } else { format!(", {}", island.name()) };
    let _ = writeln!(out, "goroutine {} [{}{place}]:", fiber.header.id(), fiber.header.wait_reason().text());
    write_sites(out, program, saved_sites(program, &fiber.saved, true));
    write_creator(out, program, (fiber.creator, fiber.created_at));
    write_ports(out, program, fiber);
}

/// Writes the ports that a fiber waits for: what they carry, whose they are, where they were made.
fn write_ports(out: &mut String, program: &Program, fiber: &VoFiber) {
    let handles = fiber.extra.as_ref().map_or(&[][..], |extra| &extra.ports);
    for port in handles.iter().filter_map(|&handle| port_behind(handle)) {
        let (func, pc) = port.made_at();
        let Caller { function, file, line, .. } = caller(program, TraceSite { func, pc });
        let (elem, home) = (&port.elem().name, home_of(port).name());
        let home = if home == "main" { "the main island".to_owned() } else { home };
        let _ = write!(
            out,
            "waits for a port of {elem} on {home}, made by {function}\n\t{file}:{line} +{:#x}\n",
            2 * pc
        );
    }
}

/// Writes frames, innermost first; the middle of many is left out, and never kept.
pub(crate) fn write_sites(out: &mut String, program: &Program, sites: impl IntoIterator<Item = TraceSite>) {
    let shown = |s: &TraceSite| *s == PANIC_MARK || !program.code(s.func).flags.wrapper;
    let mut sites = sites.into_iter().filter(shown);
    sites.by_ref().take(HALF_PRINTED).for_each(|site| write_site(out, program, site));
    let mut last = VecDeque::with_capacity(HALF_PRINTED + 1);
    let mut elided = 0u64;
    for site in sites {
        last.push_back(site);
        if last.len() > HALF_PRINTED {
            last.pop_front();
            elided += 1;
        }
    }
    if elided > 0 {
        let _ = writeln!(out, "...{elided} frames elided...");
    }
    last.into_iter().for_each(|site| write_site(out, program, site));
}

fn write_site(out: &mut String, program: &Program, site: TraceSite) {
    if site == PANIC_MARK {
        out.push_str("panic({...})\n");
        return;
    }
    let frame = caller(program, site);
    let code = program.code(site.func);
    let args = if code.params() == usize::from(code.flags.closure) { "" } else { "..." };
    let _ = write!(out, "{}({args})\n\t{}:{} +{:#x}\n", frame.function, frame.file, frame.line, 2 * site.pc);
}

/// Writes who started a goroutine.
pub(crate) fn write_creator(out: &mut String, program: &Program, created: (u64, (u32, u32))) {
    let (creator, (func, pc)) = created;
    if creator == 0 {
        return;
    }
    let frame = caller(program, TraceSite { func, pc });
    let Caller { function, file, line, .. } = frame;
    let _ = write!(out, "created by {function} in goroutine {creator}\n\t{file}:{line} +{:#x}\n", 2 * pc);
}
