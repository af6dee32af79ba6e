//! Running a program: the scheduler, the main island, the main fiber, the end.

use crate::config::Config;
use crate::end::End;
use crate::fatal;
use crate::fiber::{Pool, VoFiber};
use crate::host::Host;
use crate::island::Island;
use crate::lost::Before;
use crate::machine::{Machine, new_fiber};
use crate::program::Program;
use crate::record;
use crate::stats::{MachineStats, RunStats};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};
use vo_runtime::rtype::{Handle, Kind, Ty};
use vo_sched::{Scheduler, WorkerCx};

/// What the machines of one run share.
pub(crate) struct Shared {
    pub(crate) program: Arc<Program>,
    pub(crate) config: Config,
    pub(crate) host: Arc<dyn Host>,
    end: Mutex<Option<End>>,
    main_left: AtomicBool,
    /// Bytes of saved frames that a fiber may have.
    fiber_bytes: AtomicUsize,
    stats: Mutex<MachineStats>,
    /// The machines of the workers that run, for the collector.
    pub(crate) machines: crate::roots::Machines,
    /// The islands that have not ended, by number.
    islands: Mutex<HashMap<u64, Arc<Island>>>,
    next_island: AtomicU64,
    /// Those that have ended, for the run's statistics: how many, and a line about each of the first.
    ended: Mutex<(u64, Vec<String>)>,
    scheduler: OnceLock<Weak<vo_sched::Shared>>,
    pub(crate) reaper: crate::ending::Reaper,
    pub(crate) suspects: crate::lost::Suspects,
    /// The report of the deadlock that there was before it was looked for islands that nothing reaches.
    stuck: Mutex<Option<fatal::Stuck>>,
    pub(crate) sockets: crate::sockets::Sockets,
    /// Whether threads that are no workers may still collect idle islands; locked while one does.
    pub(crate) collects_idle: Mutex<bool>,
}

/// Ended islands that the statistics speak of one by one.
const MAX_LINES: usize = 32;

impl Shared {
    fn new(program: Arc<Program>, config: Config, host: Arc<dyn Host>) -> Shared {
        Shared {
            end: Mutex::new(None),
            main_left: AtomicBool::new(false),
            fiber_bytes: AtomicUsize::new(config.limits.fiber_bytes),
            stats: Mutex::new(MachineStats::default()),
            machines: crate::roots::Machines::default(),
            islands: Mutex::new(HashMap::new()),
            next_island: AtomicU64::new(0),
            ended: Mutex::new((0, Vec::new())),
            scheduler: OnceLock::new(),
            reaper: crate::ending::Reaper::default(),
            suspects: crate::lost::Suspects::default(),
            stuck: Mutex::new(None),
            sockets: crate::sockets::Sockets::default(),
            collects_idle: Mutex::new(true),
            program,
            config,
            host,
        }
    }

    /// How the program ends; the first to say it wins.
    pub(crate) fn end(&self, exit_code: i32, report: String) {
        lock(&self.end).get_or_insert(End { exit_code, report, stats: RunStats::default() });
    }

    /// Bytes of saved frames that a fiber may have; sets it where a number is given.
    pub(crate) fn max_stack(&self, bytes: Option<usize>) -> usize {
        match bytes {
            Some(bytes) => self.fiber_bytes.swap(bytes, Ordering::Relaxed),
            None => self.fiber_bytes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn main_leaves(&self) {
        self.main_left.store(true, Ordering::Release);
    }

    /// Whether the main fiber has ended by `runtime.Goexit`.
    pub(crate) fn main_has_left(&self) -> bool {
        self.main_left.load(Ordering::Acquire)
    }

    pub(crate) fn add_stats(&self, stats: &MachineStats) {
        lock(&self.stats).add(stats);
    }

    /// Words of the largest channel or port element of the program, with the word behind a port's.
    pub(crate) fn max_elem_words(&self) -> usize {
        let is_it = |ty: &Ty| ty.kind == Kind::Chan || ty.handle == Some(Handle::Port);
        let chans = self.program.types().iter().filter(is_it);
        chans.map(|ty| vo_runtime::object::chan::elem_words(&ty.elem_type()) + 1).max().unwrap_or(0)
    }

    /// The islands that have not ended.
    pub(crate) fn islands(&self) -> MutexGuard<'_, HashMap<u64, Arc<Island>>> {
        lock(&self.islands)
    }

    /// The number of the next island; the first is the main one's.
    pub(crate) fn next_island(&self) -> u64 {
        self.next_island.fetch_add(1, Ordering::Relaxed)
    }

    /// A new island: what was to be said of a deadlock is out of date.
    pub(crate) fn not_stuck(&self) {
        self.suspects.not_stuck();
        lock(&self.stuck).take();
    }

    /// The scheduler, while the run goes on.
    pub(crate) fn scheduler(&self) -> Option<Arc<vo_sched::Shared>> {
        self.scheduler.get()?.upgrade()
    }

    /// An island has ended: what the run's statistics say about it.
    pub(crate) fn note_end(&self, island: &Island) {
        let mut ended = lock(&self.ended);
        ended.0 += 1;
        if ended.1.len() < MAX_LINES {
            ended.1.push(island.line());
        }
    }

    /// Lines about all islands but the main one.
    fn island_lines(&self) -> Vec<String> {
        let mut alive: Vec<Arc<Island>> = self.islands().values().filter(|i| !i.is_main()).cloned().collect();
        alive.sort_by_key(|island| island.number());
        let (count, mut lines) = lock(&self.ended).clone();
        let more = count - lines.len() as u64;
        if more > 0 {
            lines.push(format!("and {more} more islands that have ended"));
        }
        lines.extend(alive.iter().take(MAX_LINES).map(|island| island.line()));
        lines
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Connects the scheduler with the machines.
struct Hooks(Arc<Shared>);

impl vo_sched::Host for Hooks {
    fn on_worker_start(&self, cx: &mut WorkerCx) {
        let machine = Machine::new(self.0.clone(), cx);
        self.0.machines.add(&machine);
        cx.set_host_data(Box::into_raw(machine).cast());
    }

    fn on_worker_stop(&self, cx: &mut WorkerCx) {
        let machine = cx.host_data().cast::<Machine>();
        cx.set_host_data(std::ptr::null_mut());
        if !machine.is_null() {
            // SAFETY: set in `on_worker_start`, freed here alone.
            let machine = unsafe { Box::from_raw(machine) };
            self.0.machines.remove(&machine);
        }
    }

    fn on_look(&self, resting: bool) -> bool {
        let due = self.0.suspects.are_due(resting);
        if due {
            crate::ending::look_at_suspects(&self.0);
        }
        due
    }

    fn before_deadlock(&self, shared: &vo_sched::Shared) -> bool {
        let others = self.0.islands().len() > 1;
        if others {
            lock(&self.0.stuck).get_or_insert_with(|| fatal::stuck(&self.0, shared));
        }
        loop {
            match self.0.suspects.before_deadlock(others) {
                Before::Look => crate::ending::look_at_suspects(&self.0),
                Before::Collect if crate::lost::collect_handles(&self.0) => {}
                Before::Collect => continue,
                Before::Nothing => return false,
            }
            return true;
        }
    }

    fn on_deadlock(&self, shared: &vo_sched::Shared, _live: usize) {
        let before = lock(&self.0.stuck).take();
        fatal::deadlock(&self.0, shared, before);
        shared.signal_done();
    }
}

/// Programs that run longer are worth some tidying up.
const SETTLED: Duration = Duration::from_millis(1);

/// Runs a program to its end. (Fibers may run on for a moment where the host ends the process.)
pub fn run(program: Arc<Program>, config: &Config, host: Arc<dyn Host>) -> End {
    start(program, config, host).wait()
}

/// Starts a program on workers of its own.
pub fn start(program: Arc<Program>, config: &Config, host: Arc<dyn Host>) -> Running {
    let mut config = config.clone();
    let seed = *config.seed.get_or_insert_with(random_seed);
    let sched_config = vo_sched::Config {
        workers: config.workers,
        seed,
        stress_steal: config.stress.steal,
        stress_modes: config.stress.mode,
        time_slice: config.time_slice,
        ..vo_sched::Config::default()
    };
    let vm = Arc::new(Shared::new(program, config, host));
    let scheduler = Scheduler::new(sched_config, Arc::new(Hooks(vm.clone())));
    let _ = vm.scheduler.set(Arc::downgrade(scheduler.shared()));
    let island = Island::new(&vm, scheduler.shared(), 0);
    scheduler.spawn(main_fiber(&vm, &island));
    Running { run: Some((vm, scheduler, island)) }
}

/// A program that runs. It is stopped where this is dropped.
pub struct Running {
    /// `None` once it has ended.
    run: Option<(Arc<Shared>, Scheduler, Arc<Island>)>,
}

impl Running {
    /// Waits for its end.
    pub fn wait(mut self) -> End {
        let (vm, scheduler, island) = self.run.take().expect("internal error: a run ends twice");
        if !scheduler.is_done_before(Instant::now() + SETTLED) {
            vm.host.has_settled();
        }
        scheduler.wait_done();
        finish(&vm, scheduler, island)
    }

    /// What stops it, from any thread.
    pub fn stopper(&self) -> Stopper {
        let (vm, _, _) = self.run.as_ref().expect("internal error: a run ends twice");
        Stopper(Arc::downgrade(vm))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((vm, scheduler, island)) = self.run.take() {
            Stopper(Arc::downgrade(&vm)).stop(STOPPED, "");
            finish(&vm, scheduler, island);
        }
    }
}

/// The exit code of a program that was stopped.
const STOPPED: i32 = 2;

/// Stops a running program from outside.
#[derive(Clone)]
pub struct Stopper(Weak<Shared>);

impl Stopper {
    /// Ends the program at once, as `os.Exit(code)` in it would: deferred functions do not run. The report is that of the
    /// run's [`End`]. Does nothing where it has ended.
    pub fn stop(&self, code: i32, report: &str) {
        let Some(vm) = self.0.upgrade() else { return };
        vm.end(code, report.to_owned());
        if let Some(scheduler) = vm.scheduler() {
            scheduler.signal_done();
        }
    }
}

/// The program has said how it ends: takes down what it has.
fn finish(vm: &Arc<Shared>, scheduler: Scheduler, island: Arc<Island>) -> End {
    if vm.host.ends_the_process() {
        std::mem::forget((scheduler, island));
        return lock(&vm.end).take().unwrap_or_default();
    }
    let mut lines = vec![format!("scheduler: {:?}", scheduler.shared().stats())];
    lines.push(format!("heap: {}", island.heap().stats()));
    lines.extend(vm.island_lines());
    vm.reaper.close();
    vm.suspects.forget();
    *lock(&vm.collects_idle) = false;
    scheduler.shutdown();
    // Islands know the machine, and it them.
    let islands = std::mem::take(&mut *vm.islands());
    for island in islands.values() {
        drop(island.handles.take_all());
    }
    drop((islands, island));
    let mut end = lock(&vm.end).take().unwrap_or_default();
    end.stats = RunStats { machine: *lock(&vm.stats), lines };
    end
}

/// The fiber that initialises the packages and then runs `main.main`.
fn main_fiber(vm: &Shared, island: &Island) -> vo_sched::FiberRef {
    let (program, module) = (&vm.program, vm.program.module());
    let fiber = new_fiber(&mut Pool::default(), island, (0, (0, 0)), |saved| {
        record::push_entry(saved, program.code(module.main), None, &[]);
        record::push_entry(saved, program.code(module.init), None, &[]);
    });
    // SAFETY: a new fiber belongs to its creator.
    unsafe { VoFiber::of(fiber) }.is_main = true;
    fiber
}

/// A seed from the system's randomness, by way of the standard library's hasher keys.
fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}
