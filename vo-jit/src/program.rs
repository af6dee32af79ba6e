//! A program's native code: what the machine holds of the compiler.
//!
//! Code is made by a [`Workshop`], ahead on all processors or in the background by the thread of
//! [`crate::background`], which the first request starts. Finished code is put into the function table and into the
//! machine's entries while everybody runs on.
//!
//! Must stay true: an address in the table, once there, stays valid as long as the program; it is replaced by a
//! better one, never taken away.

use crate::background;
use crate::compile::TypeTables;
use crate::dispatch::Dispatches;
use crate::feedback::Misses;
use crate::memory::{CodeRegion, MAX_BYTES, NoRoom};
use crate::perf::PerfMap;
use crate::translate::body::Sites;
use crate::workshop::Workshop;
use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, RwLock};
use std::thread::JoinHandle;
use vo_runtime::code::{CompiledCode, Entries, INLINED, InlinedSite, SharedLinkage, Wanted};

/// How a program is compiled.
#[derive(Clone, Debug)]
pub struct Options {
    /// Compile every function before anything runs.
    pub ahead: bool,
    /// Bytes of code that the program may have; at most [`Options::MAX_CODE_BYTES`].
    pub code_bytes: usize,
    /// Write a line for each piece of code to `/tmp/perf-PID.map`, where `perf` looks for names.
    pub perf_map: bool,
    /// For tests: the compiler panics when it compiles this function.
    pub fail_on: Option<String>,
    /// The process is there for this program: whenever nothing is left to compile, what compiling took of its memory goes to
    /// the system, the compiler's own code among it.
    pub owns_process: bool,
}

impl Options {
    /// The most code that a program may have, in bytes: how far a direct call reaches.
    pub const MAX_CODE_BYTES: usize = MAX_BYTES;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            ahead: false,
            code_bytes: Options::MAX_CODE_BYTES,
            perf_map: false,
            fail_on: None,
            owns_process: false,
        }
    }
}

/// A unit that the compiler could not compile: a bug of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub function: String,
    pub error: String,
}

/// What has been compiled so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    /// Functions compiled ahead.
    pub ahead: usize,
    /// Functions compiled because they were hot, or called by such.
    pub hot: usize,
    /// Functions compiled a second time.
    pub again: usize,
    /// Continuations: the rest of a function behind a suspend point, loop headers among them.
    pub continuations: usize,
    /// Calls that were replaced by what the callee does.
    pub inlined: usize,
    /// Calls of closures and methods that test for the likely callee and call it directly.
    pub guarded: usize,
    /// Places where an object is made no more: what it holds is in registers.
    pub kept: usize,
    /// Branches that are laid out as the interpreter saw them go.
    pub laid: usize,
    /// Bytes of machine code.
    pub bytes: usize,
    /// Time spent compiling, of all threads, in nanoseconds.
    pub nanos: u64,
    /// Units that had no room.
    pub refused: usize,
}

/// A unit's range of addresses and what its calls return to.
pub(crate) struct Place {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) func: u32,
    pub(crate) calls: Vec<(u32, u32)>,
}

/// What the program's threads and the compiling one share.
pub(crate) struct Inner {
    pub(crate) link: SharedLinkage,
    pub(crate) entries: Arc<dyn Entries>,
    pub(crate) options: Options,
    /// Addresses, one for each function; zero until the stubs are there.
    pub(crate) table: Box<[AtomicU64]>,
    pub(crate) tables: TypeTables,
    pub(crate) dispatches: Dispatches,
    pub(crate) misses: Misses,
    pub(crate) sites: Sites,
    pub(crate) places: RwLock<Vec<Place>>,
    pub(crate) failures: Mutex<Vec<Failure>>,
    pub(crate) counters: Mutex<Counters>,
    /// Why there was no room for code the first time.
    pub(crate) no_room: Mutex<Option<String>>,
    pub(crate) perf: Option<PerfMap>,
    region: OnceLock<CodeRegion>,
    pub(crate) workshop: Mutex<Option<Workshop>>,
    pub(crate) queue: Mutex<Queue>,
    pub(crate) ready: Condvar,
}

/// What is to be compiled.
#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) requests: VecDeque<Wanted>,
    /// The program is being dropped.
    pub(crate) stop: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Inner {
    /// The region, reserved when it is first wanted.
    pub(crate) fn region(&self) -> Result<&CodeRegion, NoRoom> {
        match self.region.get() {
            Some(region) => Ok(region),
            None => {
                let region = CodeRegion::reserve(self.options.code_bytes)?;
                Ok(self.region.get_or_init(|| region))
            }
        }
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.counters));
    }

    pub(crate) fn fail(&self, func: u32, error: String) {
        let function = self.link.module.functions[func as usize].name.clone();
        lock(&self.failures).push(Failure { function, error });
    }

    /// Units find no room: they stay interpreted.
    pub(crate) fn refuse(&self, units: usize, why: &NoRoom) {
        self.count(|c| c.refused += units);
        lock(&self.no_room).get_or_insert_with(|| why.to_string());
    }

    pub(crate) fn add_places(&self, new: impl IntoIterator<Item = Place>) {
        let mut places = self.places.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        places.extend(new);
        // Regions are filled upwards, so this finds them sorted, nearly always.
        places.sort_by_key(|place| place.start);
    }
}

/// The native code of one program, and its compiler.
pub struct Compiled {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Makes the compiler of a program; compiles every function where the options say so. A function that cannot
/// be compiled, and one for whose code there is no room, is interpreted, and counted.
///
/// # Errors
/// This machine has no backend.
pub fn start(link: SharedLinkage, entries: Arc<dyn Entries>, options: Options) -> Result<Compiled, String> {
    let table = link.module.functions.iter().map(|_| AtomicU64::new(0)).collect();
    let ahead = options.ahead;
    let inner = Arc::new(Inner {
        perf: options.perf_map.then(PerfMap::create),
        link,
        entries,
        options,
        table,
        tables: TypeTables::default(),
        dispatches: Dispatches::default(),
        misses: Misses::default(),
        sites: Sites::default(),
        places: RwLock::default(),
        failures: Mutex::default(),
        counters: Mutex::default(),
        no_room: Mutex::default(),
        region: OnceLock::new(),
        workshop: Mutex::default(),
        queue: Mutex::default(),
        ready: Condvar::new(),
    });
    if ahead {
        let mut workshop = Workshop::new(&inner)?;
        workshop.compile_all(&inner);
        *lock(&inner.workshop) = Some(workshop);
    }
    Ok(Compiled { inner, thread: Mutex::default() })
}

impl Compiled {
    /// What could not be compiled.
    pub fn failures(&self) -> Vec<Failure> {
        lock(&self.inner.failures).clone()
    }

    /// What has been compiled so far.
    pub fn counters(&self) -> Counters {
        lock(&self.inner.counters).clone()
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        lock(&self.inner.queue).stop = true;
        self.inner.ready.notify_all();
        if let Some(thread) = lock(&self.thread).take() {
            // Its panics were caught and counted.
            let _ = thread.join();
        }
    }
}

impl CompiledCode for Compiled {
    fn functions(&self) -> *const u64 {
        self.inner.table.as_ptr().cast()
    }

    fn request(&self, wanted: Wanted) {
        lock(&self.inner.queue).requests.push_back(wanted);
        self.inner.ready.notify_one();
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let inner = self.inner.clone();
            let builder = std::thread::Builder::new().name("vo-jit".into()).stack_size(64 << 20);
            match builder.spawn(move || background::run(&inner)) {
                Ok(handle) => *thread = Some(handle),
                Err(error) => {
                    self.inner.refuse(1, &NoRoom::System(error));
                }
            }
        }
    }

    fn place(&self, return_address: u64) -> Option<(u32, u32)> {
        let places = self.inner.places.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let at = places.partition_point(|p| p.start <= return_address).checked_sub(1)?;
        let place = &places[at];
        if return_address > place.end {
            return None;
        }
        let offset = (return_address - place.start) as u32;
        let call = place.calls.binary_search_by_key(&offset, |(at, _)| *at).ok()?;
        let at = place.calls[call].1;
        Some(if at & INLINED == 0 { (place.func, at) } else { (at, 0) })
    }

    fn inlined(&self, number: u32) -> Option<InlinedSite> {
        self.inner.sites.get(number)
    }

    fn stats(&self) -> Vec<String> {
        let c = self.counters();
        let failures = self.failures();
        let mut lines = vec![format!(
            "jit: {} functions ahead, {} hot, {} again, {} continuations; {} inlined calls, {} guarded calls, \
             {} objects in registers, {} branches laid out by feedback; \
             {} bytes of code, {:.1} ms, {} failures, {} without room",
            c.ahead,
            c.hot,
            c.again,
            c.continuations,
            c.inlined,
            c.guarded,
            c.kept,
            c.laid,
            c.bytes,
            c.nanos as f64 / 1e6,
            failures.len(),
            c.refused,
        )];
        lines.extend(self.warnings());
        lines
    }

    fn warnings(&self) -> Vec<String> {
        let failure = |f: &Failure| {
            format!(
                "vo: internal error: cannot compile {}, which is interpreted: {}. This is a bug in Vo, not in \
                 your program.",
                f.function, f.error
            )
        };
        let mut lines: Vec<String> = self.failures().iter().map(failure).collect();
        let refused = self.counters().refused;
        if let Some(why) = &*lock(&self.inner.no_room) {
            lines.push(format!("vo: warning: {refused} functions are interpreted: {why}"));
        }
        lines
    }
}
