//! An island: a heap, the package variables, the world of the fibers that live there, and its life.
//!
//! | state   | meaning                                                                     | next               |
//! |---------|-----------------------------------------------------------------------------|--------------------|
//! | Running | goroutines run and can be started                                             | Ending             |
//! | Ending  | its fibers run their deferred calls, as for `Goexit`, for a limited time         | Dead, Ended        |
//! | Dead    | its fibers are dropped at their next turn                                      | Ended              |
//! | Ended   | no fiber is left; memory is given back, ports are gone, the end is told        | none               |
//!
//! Package variables are initialised by the fiber that the first `go @` makes; goroutines that are started
//! meanwhile wait in `Life::waiting`. How an island ends: [`crate::ending`].
//!
//! Must stay true: an island stays at its address while a fiber of it, a handle to it, a port of it or a worker's
//! machine refers to it; the main island never leaves Running.

use crate::end::IslandEnd;
use crate::fiber::{Pool, VoFiber};
use crate::machine::new_fiber;
use crate::memory;
use crate::program::Program;
use crate::record;
use crate::vm::Shared;
use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use vo_runtime::heap::{Heap, HeapConfig};
use vo_runtime::port::{Handles, Home, Port, PortRef};
use vo_runtime::rtype::Ty;
use vo_sched::{FiberRef, World};

/// How far an island's life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum State {
    Running = 0,
    Ending = 1,
    Dead = 2,
    Ended = 3,
}

/// An island.
pub(crate) struct Island {
    /// 0 for the main island.
    number: u64,
    vm: Arc<Shared>,
    program: Arc<Program>,
    heap: Arc<Heap>,
    world: Arc<World>,
    globals: Box<[u64]>,
    pub(crate) handles: Handles,
    state: AtomicU32,
    /// Capabilities to reach it that are held outside: handles, ports to send to.
    reach: AtomicUsize,
    life: Mutex<Life>,
    pub(crate) limits: IslandLimits,
    pub(crate) counts: Counts,
    /// It is on the list of those that are looked after; see [`crate::ending`].
    pub(crate) watched: AtomicBool,
    /// It has lost a right, and has not been looked at since; see [`crate::lost`].
    pub(crate) suspect: AtomicBool,
    /// Its processor time is looked after.
    pub(crate) metered: AtomicBool,
}

/// What changes in an island's life.
#[derive(Default)]
pub(crate) struct Life {
    init: Init,
    /// Goroutines that wait for the packages to be initialised.
    waiting: Vec<FiberRef>,
    /// Ports that are told how the island has ended.
    pub(crate) watchers: Vec<(PortRef, Ty)>,
    /// Ports whose home it is.
    ports: Vec<Weak<Port>>,
    /// Why it ends, once it does.
    pub(crate) end: Option<Arc<IslandEnd>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Init {
    #[default]
    NotBegun,
    Running,
    Done,
}

/// What an island may use; 0 is no limit.
#[derive(Default)]
pub(crate) struct IslandLimits {
    /// Nanoseconds on processors.
    pub(crate) cpu: AtomicU64,
    pub(crate) goroutines: AtomicUsize,
    /// Nanoseconds for its deferred calls when it ends.
    pub(crate) ending: AtomicU64,
    /// Bytes, for `Stats`.
    pub(crate) bytes: AtomicU64,
    /// Bytes of a message that it sends; 0: as usual.
    pub(crate) message: AtomicU64,
}

/// What an island has done.
#[derive(Default)]
pub(crate) struct Counts {
    /// Nanoseconds on processors; measured where there is a limit.
    pub(crate) cpu: AtomicU64,
    /// Turns of its fibers that have begun, and that go on, where processor time is limited.
    pub(crate) turns: AtomicU64,
    pub(crate) active: AtomicU32,
    pub(crate) goroutines: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) collections: AtomicU64,
    /// Bytes that it had when it ended.
    pub(crate) bytes: AtomicU64,
}

/// How long deferred calls may take when an island ends, unless it is said.
const ENDING: Duration = Duration::from_secs(1);

/// A capability to reach an island, held by another one.
pub(crate) struct IslandRef(pub(crate) Arc<Island>);

impl IslandRef {
    pub(crate) fn new(island: Arc<Island>) -> IslandRef {
        island.gained();
        IslandRef(island)
    }
}

impl Drop for IslandRef {
    fn drop(&mut self) {
        self.0.lost();
    }
}

impl Island {
    /// A new island, with nothing initialised, that at most `workers` run at once where that is not 0.
    pub(crate) fn new(vm: &Arc<Shared>, scheduler: &Arc<vo_sched::Shared>, workers: usize) -> Arc<Island> {
        let program = vm.program.clone();
        let number = vm.next_island();
        let normal = HeapConfig::default();
        let slow = vm.config.stress.verify;
        let config = HeapConfig {
            gogc: vm.config.gc_percent,
            soft_limit: vm.config.soft_memory_limit,
            limit: vm.config.limits.heap_bytes,
            stress: vm.config.stress.gc,
            // Both at once would look at everything for every allocation, twice.
            verify: vm.config.stress.verify || cfg!(debug_assertions) && !vm.config.stress.gc,
            seed: vm.config.seed.unwrap_or_default().wrapping_add(number),
            min_heap: if slow { 64 << 10 } else { normal.min_heap },
            patience: if slow { Duration::ZERO } else { normal.patience },
            ..normal
        };
        let heap = Heap::new(program.types().clone(), config);
        let words = program.module().globals.size.div_ceil(8) as usize;
        let world = scheduler.new_world();
        if workers != 0 {
            world.set_limit(workers);
        }
        let island = Arc::new(Island {
            number,
            vm: vm.clone(),
            program,
            heap,
            world,
            globals: vec![0; words].into_boxed_slice(),
            handles: Handles::default(),
            state: AtomicU32::new(State::Running as u32),
            reach: AtomicUsize::new(0),
            life: Mutex::new(Life::default()),
            limits: IslandLimits::default(),
            counts: Counts::default(),
            watched: AtomicBool::new(false),
            suspect: AtomicBool::new(false),
            metered: AtomicBool::new(false),
        });
        island.limits.ending.store(ENDING.as_nanos() as u64, Ordering::Relaxed);
        island.world.set_host_data(Arc::as_ptr(&island).cast_mut().cast());
        let heap = island.heap.clone();
        island.world.set_help(Box::new(move |is_over| heap.help_in_stop(is_over)));
        let idle = Arc::downgrade(&island);
        let step = move || idle.upgrade().is_some_and(|island| memory::step_from_outside(&island));
        island.heap.set_step_from_outside(Box::new(step));
        let workers = Arc::downgrade(scheduler);
        island.heap.set_waited_for(Box::new(move || workers.upgrade().is_some_and(|s| s.has_late_riser())));
        vm.islands().insert(number, island.clone());
        vm.not_stuck();
        island
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn is_main(&self) -> bool {
        self.number == 0
    }

    /// What reports call it.
    pub(crate) fn name(&self) -> String {
        if self.is_main() { "main".to_owned() } else { format!("island {}", self.number) }
    }

    pub(crate) fn vm(&self) -> &Arc<Shared> {
        &self.vm
    }

    pub(crate) fn program(&self) -> *const Program {
        &*self.program
    }

    pub(crate) fn program_ref(&self) -> &Program {
        &self.program
    }

    pub(crate) fn heap(&self) -> &Arc<Heap> {
        &self.heap
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Address of the package variables.
    pub(crate) fn globals(&self) -> u64 {
        self.globals.as_ptr() as u64
    }

    /// Bytes of the package variables.
    pub(crate) fn globals_bytes(&self) -> u64 {
        8 * self.globals.len() as u64
    }

    /// How far its life has come.
    #[inline]
    pub(crate) fn state(&self) -> State {
        // Acquire pairs with the Release in `advance`: who sees a state sees why.
        match self.state.load(Ordering::Acquire) {
            0 => State::Running,
            1 => State::Ending,
            2 => State::Dead,
            _ => State::Ended,
        }
    }

    /// Goes on to a later state; false where it was there already.
    pub(crate) fn advance(&self, to: State) -> bool {
        self.state.fetch_max(to as u32, Ordering::AcqRel) < to as u32
    }

    pub(crate) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether anything outside can still reach the island.
    pub(crate) fn is_reachable(&self) -> bool {
        self.is_main() || self.rights() != 0
    }

    /// Number of rights to reach the island that are held outside, or on their way.
    pub(crate) fn rights(&self) -> usize {
        self.reach.load(Ordering::Acquire)
    }

    /// The ports whose home it is.
    pub(crate) fn ports(&self) -> Vec<Arc<Port>> {
        self.life().ports.iter().filter_map(Weak::upgrade).collect()
    }

    /// Keeps a port in mind whose home this is.
    pub(crate) fn add_port(&self, port: &Arc<Port>) {
        let ports = &mut self.life().ports;
        if ports.len() == ports.capacity() {
            ports.retain(|port| port.strong_count() > 0);
        }
        ports.push(Arc::downgrade(port));
    }

    /// The ports whose home this is, when it has ended.
    pub(crate) fn take_ports(&self) -> Vec<Arc<Port>> {
        std::mem::take(&mut self.life().ports).iter().filter_map(Weak::upgrade).collect()
    }

    /// Gives a new goroutine to the island, for the time when its packages are initialised; `spawn` gives fibers to the
    /// scheduler. False where the island ends: the fiber is dropped.
    pub(crate) fn start(&self, fiber: FiberRef, mut spawn: impl FnMut(FiberRef)) -> bool {
        let mut life = self.life();
        if self.state() != State::Running {
            drop(life);
            drop_new(fiber);
            return false;
        }
        self.counts.goroutines.fetch_add(1, Ordering::Relaxed);
        match life.init {
            Init::Done => spawn(fiber),
            Init::Running => life.waiting.push(fiber),
            Init::NotBegun => {
                life.init = Init::Running;
                life.waiting.push(fiber);
                spawn(self.init_fiber());
            }
        }
        true
    }

    /// The fiber that initialises the packages.
    fn init_fiber(&self) -> FiberRef {
        let module = self.program.module();
        let fiber = new_fiber(&mut Pool::default(), self, (0, (0, 0)), |saved| {
            record::push_entry(saved, self.program.code(module.init), None, &[]);
        });
        // SAFETY: a new fiber belongs to its creator.
        unsafe { VoFiber::of(fiber) }.extra().is_init = true;
        fiber
    }

    /// The packages are initialised: those that wait may begin.
    pub(crate) fn initialised(&self, spawn: impl FnMut(FiberRef)) {
        let mut life = self.life();
        life.init = Init::Done;
        std::mem::take(&mut life.waiting).into_iter().for_each(spawn);
    }

    /// Drops goroutines that never began.
    pub(crate) fn drop_waiting(&self) {
        let waiting = std::mem::take(&mut self.life().waiting);
        waiting.into_iter().for_each(drop_new);
    }

    /// See [`crate::native::NativeCx::island_stats`].
    pub(crate) fn numbers(&self) -> [u64; 10] {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let ((bytes, collections), counts) = (self.heap.totals(), &self.counts);
        [
            self.number,
            self.state() as u64,
            if self.heap.is_released() { 0 } else { bytes },
            load(&self.limits.bytes),
            u64::from(collections).max(load(&counts.collections)),
            self.world.live_fibers() as u64,
            load(&counts.goroutines),
            load(&counts.cpu),
            load(&counts.sent),
            load(&counts.received),
        ]
    }

    /// A line of the run's statistics.
    pub(crate) fn line(&self) -> String {
        let [_, _, bytes, _, collections, goroutines, started, cpu, sent, received] = self.numbers();
        let how = self.end().map_or("running", |end| end.reason.name());
        let bytes = bytes.max(self.counts.bytes.load(Ordering::Relaxed));
        format!(
            "{}: {how}, {bytes} bytes, {collections} collections, {goroutines} of {started} goroutines, \
             {cpu} ns, {sent} messages sent, {received} received",
            self.name()
        )
    }

    /// How it has ended, or ends.
    pub(crate) fn end(&self) -> Option<Arc<IslandEnd>> {
        self.life().end.clone()
    }
}

/// Drops a fiber that no scheduler has seen.
fn drop_new(fiber: FiberRef) {
    // SAFETY: made by `new_fiber`, and given to nobody.
    drop(unsafe { Box::from_raw(fiber.as_ptr().cast::<VoFiber>()) });
}

impl Home for Island {
    fn gained(&self) {
        self.reach.fetch_add(1, Ordering::Relaxed);
    }

    fn lost(&self) {
        // Release pairs with the Acquire in `rights`.
        self.reach.fetch_sub(1, Ordering::AcqRel);
        if !self.is_main() {
            crate::lost::suspect(self);
        }
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

/// The island that a port's home is.
pub(crate) fn home_of(port: &Port) -> &Island {
    match port.home().as_any().downcast_ref::<Island>() {
        Some(island) => island,
        None => panic!("internal error: a port whose home is no island"),
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        self.heap.abandon();
    }
}
