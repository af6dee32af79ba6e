//! Where units become code that runs: compiled one after another, placed together, installed.
//!
//! A batch is placed as one piece. Its functions call each other, and others, through the function table, so that code that is compiled
//! again is found at once. The thunks that a batch wants are compiled with it.

use crate::abi::Shape;
use crate::callbacks::Callback;
use crate::compile::{Blob, Compiler, QUIET, QuietDoors, Unit, new_isa};
use crate::feedback::Seen;
use crate::link;
use crate::memory::{NoRoom, thunk_at};
use crate::program::{Inner, Place, lock};
use crate::stub;
use crate::translate::Entry;
use cranelift_codegen::isa::TargetIsa;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use vo_runtime::code::{NativeEntry, Thunk};

/// A unit that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spec {
    pub(crate) func: u32,
    pub(crate) entry: Entry,
}

/// Calls from which on a function is called often enough that it is compiled with its caller, and as a whole.
pub(crate) const WARM_CALLS: u32 = 10;

/// The compiler with what it has made for later batches.
pub(crate) struct Workshop {
    isa: Arc<dyn TargetIsa>,
    compiler: Compiler,
    thunks: HashMap<Shape, Thunk>,
    /// Functions whose start was compiled.
    pub(crate) compiled: HashSet<u32>,
    /// Functions that the compiler has failed on: not tried again.
    failed: HashSet<u32>,
    has_stubs: bool,
    doors: QuietDoors,
}

impl Workshop {
    /// # Errors
    /// This machine has no backend.
    pub(crate) fn new(inner: &Inner) -> Result<Workshop, String> {
        let isa = new_isa()?;
        let mut compiler = Compiler::new(isa.clone());
        compiler.fail_on = inner.options.fail_on.clone();
        // One that compiles ahead has no program beside it.
        compiler.owns_process = inner.options.owns_process && !inner.options.ahead;
        let (thunks, compiled, failed) = (HashMap::new(), HashSet::new(), HashSet::new());
        Ok(Workshop { isa, compiler, thunks, compiled, failed, has_stubs: false, doors: QuietDoors::new() })
    }

    /// There is nothing to compile, perhaps for long.
    pub(crate) fn rest(&mut self, inner: &Inner) {
        self.compiler.rest();
        if inner.options.owns_process {
            vo_runtime::process::give_back();
        }
    }

    /// Compiles every function, on all processors.
    pub(crate) fn compile_all(&mut self, inner: &Inner) {
        let n = inner.link.module.functions.len();
        if let Err(why) = self.make_doors(inner) {
            return inner.refuse(n, &why);
        }
        let doors = self.doors.clone();
        let specs = |func: usize| Spec { func: func as u32, entry: Entry::Start };
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(Spec, Blob)>> = Mutex::default();
        let work = |compiler: &mut Compiler| {
            let begun = Instant::now();
            loop {
                let func = next.fetch_add(1, Ordering::Relaxed);
                if func >= n {
                    break;
                }
                let spec = specs(func);
                if let Some(blob) = compile(inner, compiler, spec, &doors) {
                    lock(&done).push((spec, blob));
                }
            }
            inner.count(|c| c.nanos += begun.elapsed().as_nanos() as u64);
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(n / 16 + 1);
        std::thread::scope(|scope| {
            for _ in 1..threads {
                let mut compiler = Compiler::new(self.isa.clone());
                compiler.fail_on = inner.options.fail_on.clone();
                scope.spawn(move || work(&mut compiler));
            }
            work(&mut self.compiler);
        });
        let mut done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        done.sort_by_key(|(spec, _)| spec.func);
        inner.count(|c| c.ahead += done.len());
        let there: HashSet<u32> = done.iter().map(|(spec, _)| spec.func).collect();
        self.failed.extend((0..n as u32).filter(|func| !there.contains(func)));
        self.install(inner, done);
    }

    /// Compiles a batch and installs it.
    pub(crate) fn compile_batch(&mut self, inner: &Inner, specs: &[Spec]) {
        let begun = Instant::now();
        if let Err(why) = self.make_doors(inner) {
            return inner.refuse(specs.len(), &why);
        }
        let mut done = Vec::with_capacity(specs.len());
        for &spec in specs {
            if lock(&inner.queue).stop {
                return;
            }
            if self.failed.contains(&spec.func) {
                continue;
            }
            match compile(inner, &mut self.compiler, spec, &self.doors) {
                Some(blob) => done.push((spec, blob)),
                None => {
                    self.failed.insert(spec.func);
                }
            }
        }
        for (spec, _) in &done {
            let again = self.compiled.contains(&spec.func);
            inner.count(|c| match spec.entry {
                Entry::Point(_) => c.continuations += 1,
                Entry::Start if again => c.again += 1,
                Entry::Start => c.hot += 1,
            });
        }
        self.install(inner, done);
        inner.count(|c| c.nanos += begun.elapsed().as_nanos() as u64);
    }

    /// Compiles the quiet doors, which all units call, where that is not done.
    fn make_doors(&mut self, inner: &Inner) -> Result<(), NoRoom> {
        if !self.doors.is_empty() {
            return Ok(());
        }
        let compile_door = |&door: &Callback| match self.compiler.quiet_door(door) {
            Ok(blob) => blob,
            Err(error) => panic!("internal error: cannot compile a quiet door: {error}"),
        };
        let blobs: Vec<Blob> = QUIET.iter().map(compile_door).collect();
        let addresses = link::place(inner.region()?, &blobs.iter().collect::<Vec<_>>())?;
        inner.count(|c| c.bytes += blobs.iter().map(|b| b.bytes.len()).sum::<usize>());
        self.doors = QUIET.iter().copied().zip(addresses).collect();
        Ok(())
    }

    fn install(&mut self, inner: &Inner, done: Vec<(Spec, Blob)>) {
        if !done.is_empty()
            && let Err(why) = self.try_install(inner, &done)
        {
            inner.refuse(done.len(), &why);
        }
    }

    fn try_install(&mut self, inner: &Inner, done: &[(Spec, Blob)]) -> Result<(), NoRoom> {
        let module = &inner.link.module;
        let ahead = done.len() == module.functions.len();
        if ahead {
            self.has_stubs = true;
        } else if !self.has_stubs {
            self.make_stubs(inner)?;
        }
        let shapes: Vec<Shape> = done.iter().map(|(spec, _)| shape_of(inner, *spec)).collect();
        let thunks = self.new_thunks(&shapes);
        let blobs: Vec<&Blob> =
            done.iter().map(|(_, blob)| blob).chain(thunks.iter().map(|(_, blob)| blob)).collect();
        let addresses = link::place(inner.region()?, &blobs)?;
        for ((shape, _), &at) in thunks.iter().zip(&addresses[done.len()..]) {
            self.thunks.insert(shape.clone(), thunk_at(at));
        }
        inner.count(|c| {
            c.bytes += blobs.iter().map(|b| b.bytes.len()).sum::<usize>();
            c.inlined += done.iter().map(|(_, blob)| blob.inlined).sum::<usize>();
            c.guarded += done.iter().map(|(_, blob)| blob.guarded).sum::<usize>();
            c.kept += done.iter().map(|(_, blob)| blob.kept).sum::<usize>();
            c.laid += done.iter().map(|(_, blob)| blob.laid).sum::<usize>();
        });
        let places = done.iter().zip(&addresses).map(|((spec, blob), &start)| Place {
            start,
            end: start + blob.bytes.len() as u64,
            func: spec.func,
            calls: blob.calls.clone(),
        });
        inner.add_places(places);
        self.note_perf(inner, done, &addresses);
        // The table before the entries: who runs new code finds whatever that code calls. It may find methods as
        // soon as the table has it.
        inner.dispatches.fill(&inner.table);
        for ((spec, _), &at) in done.iter().zip(&addresses) {
            if spec.entry == Entry::Start {
                inner.table[spec.func as usize].store(at, Ordering::Release);
            }
        }
        inner.dispatches.fill(&inner.table);
        for (((spec, _), &at), shape) in done.iter().zip(&addresses).zip(&shapes) {
            let Some(&thunk) = self.thunks.get(shape) else { continue };
            let entry = NativeEntry { thunk, code: at as *const u8 };
            match spec.entry {
                Entry::Start => {
                    self.compiled.insert(spec.func);
                    inner.entries.install(spec.func, entry);
                }
                Entry::Point(point) => inner.entries.install_continuation(spec.func, point, entry),
            }
        }
        Ok(())
    }

    /// Compiles the thunks that are not there yet.
    fn new_thunks(&mut self, shapes: &[Shape]) -> Vec<(Shape, Blob)> {
        let mut new: Vec<(Shape, Blob)> = Vec::new();
        let mut seen: HashSet<&Shape> = HashSet::new();
        for shape in shapes {
            if !self.thunks.contains_key(shape) && seen.insert(shape) {
                match self.compiler.thunk(shape) {
                    Ok(blob) => new.push((shape.clone(), blob)),
                    Err(error) => panic!("internal error: cannot compile a thunk: {error}"),
                }
            }
        }
        new
    }

    /// Fills the function table with stubs, where nothing else is there.
    fn make_stubs(&mut self, inner: &Inner) -> Result<(), NoRoom> {
        let doors = stub::doors_of(&inner.link.module);
        let compile_door = |(&n, _): (&usize, &Vec<u32>)| match self.compiler.door(n, &inner.link.module) {
            Ok(blob) => blob,
            Err(error) => panic!("internal error: cannot compile a door: {error}"),
        };
        let blobs: Vec<Blob> = doors.iter().map(compile_door).collect();
        let region = inner.region()?;
        let addresses = link::place(region, &blobs.iter().collect::<Vec<_>>())?;
        let bytes = inner.table.len() * stub::STUB_BYTES;
        let start = region.place(bytes, |start, into| {
            for (funcs, &door) in doors.values().zip(&addresses) {
                for &func in funcs {
                    let at = func as usize * stub::STUB_BYTES;
                    let into = &mut into[at..at + stub::STUB_BYTES];
                    stub::write_stub(into, start + at as u64, func, door);
                }
            }
        })?;
        for (func, word) in inner.table.iter().enumerate() {
            let at = start + (func * stub::STUB_BYTES) as u64;
            let _ = word.compare_exchange(0, at, Ordering::Release, Ordering::Relaxed);
        }
        inner.count(|c| c.bytes += bytes + blobs.iter().map(|b| b.bytes.len()).sum::<usize>());
        self.has_stubs = true;
        Ok(())
    }

    fn note_perf(&self, inner: &Inner, done: &[(Spec, Blob)], addresses: &[u64]) {
        let Some(perf) = &inner.perf else { return };
        let rows = done.iter().zip(addresses).map(|((spec, blob), &at)| {
            let function = &inner.link.module.functions[spec.func as usize];
            let suffix = match spec.entry {
                Entry::Start => String::new(),
                Entry::Point(point) => {
                    let pc = function.points[point as usize].pc;
                    format!(" [from line {}]", function.line_at(pc).1)
                }
            };
            (at, blob.bytes.len(), format!("{}{suffix}", function.name))
        });
        perf.add(rows);
    }
}

/// The shape of a unit's entry.
fn shape_of(inner: &Inner, spec: Spec) -> Shape {
    let shape = Shape::of(&inner.link.module.functions[spec.func as usize]);
    match spec.entry {
        Entry::Start => shape,
        Entry::Point(_) => shape.continuation(),
    }
}

/// Compiles a unit with what is known by now; a failure is counted.
fn compile(inner: &Inner, compiler: &mut Compiler, spec: Spec, doors: &QuietDoors) -> Option<Blob> {
    let seen = Seen::by(&*inner.entries);
    let Spec { func, entry } = spec;
    let (link, tables, sites) = (inner.link.get(), &inner.tables, &inner.sites);
    let unit = Unit {
        link,
        func,
        entry,
        only_loop: entry != Entry::Start && inner.entries.calls(func) < WARM_CALLS,
        tables,
        dispatches: &inner.dispatches,
        sites,
        doors,
        seen: &seen,
        misses: &inner.misses,
        retypes: link.module.retypes,
    };
    match compiler.unit(&unit) {
        Ok(blob) => Some(blob),
        Err(error) => {
            inner.fail(spec.func, error);
            None
        }
    }
}
